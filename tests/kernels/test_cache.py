"""Machine code in the cache folder: whole or compiled again, by one process at a time, and never needed to be kept."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup.kernels import native
from dedup.kernels.native import CACHE_VARIABLE, sealed
from dedup.kernels.objects import GROUPS, Group
from tests.kernels.conftest import Builds, objects_in, start_again, works

ROOT = Path(__file__).parents[2]


# The file


names = st.text(st.characters(codec="ascii"), max_size=8)


@given(st.lists(names), st.binary(max_size=60), st.data())
@settings(max_examples=60)
def test_a_sealed_file_is_opened_and_a_changed_one_is_not(
    undefined: list[str], machine_code: bytes, data: st.DataObject
) -> None:
    code = sealed({"undefined": undefined}, machine_code)
    assert native._open(code) == ({"undefined": undefined}, machine_code)
    place = data.draw(st.integers(0, len(code) - 1))
    flipped = bytes([code[place] ^ data.draw(st.integers(1, 255))])
    for damaged in (
        code[:place] + flipped + code[place + 1 :],
        code[:place],
        code + b"\0",
        data.draw(st.binary(max_size=80)),
        json.dumps({"undefined": undefined}).encode() + b"\n" + machine_code,
    ):
        with pytest.raises(ValueError, match="damaged"):
            native._open(damaged)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda code: b"",
    "truncated": lambda code: code[: len(code) // 2],
    "a byte changed": lambda code: code[:-9] + bytes([code[-9] ^ 1]) + code[-8:],
    "foreign": lambda code: b"\x7fELF" + bytes(1000),
    "of another version": lambda code: code.replace(b"dedup kernels 1", b"dedup kernels 0", 1),
    "with something behind it": lambda code: code + b"\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_compiled_again_and_replaced(
    damage: Callable[[bytes], bytes], cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold.mkdir()
    native._file("core").write_bytes(damage(builds.code))
    assert not native.is_cached()
    assert works(native.library())
    assert builds.count == 1
    assert native._file("core").read_bytes() == builds.code
    start_again(monkeypatch)
    assert native.is_cached()
    assert works(native.library())
    assert builds.count == 1


def test_a_cold_start_compiles_once_and_later_ones_load(
    cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not native.is_cached()
    assert not cold.exists()
    library = native.library()
    assert native.library() is library
    assert native.is_cached()
    assert objects_in(cold) == [native._file("core").name]
    assert cold.stat().st_mode & 0o077 == 0
    assert native._file("core").stat().st_mode & 0o077 == 0
    start_again(monkeypatch)
    assert works(native.library())
    assert builds.count == 1


def test_what_stands_in_the_place_of_the_file_is_no_file(
    cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    native._file("core").mkdir(parents=True)
    assert works(native.library())
    assert objects_in(cold) == [native._file("core").name]
    assert native._file("core").is_dir()
    start_again(monkeypatch)
    assert works(native.library())
    assert builds.count == 2


# A folder that cannot be written to


def test_a_folder_that_cannot_be_made_costs_a_compilation_in_each_process(
    cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold.write_bytes(b"a file, where a folder should be")
    for count in (1, 2):
        start_again(monkeypatch)
        assert not native.is_cached()
        assert works(native.library())
        assert native.is_cached()
        assert builds.count == count
    assert cold.read_bytes() == b"a file, where a folder should be"


def refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_folder_that_is_read_only_costs_a_compilation(
    cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold.mkdir()
    assert native._file("core").parent == cold
    # The administrator may write whatever a folder's permissions say, so the calls are refused themselves.
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert works(native.library())
    assert builds.count == 1
    assert list(cold.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_permissions_are_respected(cold: Path, builds: Builds) -> None:
    cold.mkdir(mode=0o500)
    assert works(native.library())
    assert list(cold.iterdir()) == []


@pytest.mark.parametrize("failing", ["write", "replace"])
def test_a_disk_that_is_full_keeps_no_remains(
    failing: str, cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    if failing == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    else:
        fdopen = os.fdopen

        class Full:
            def __init__(self, descriptor: int) -> None:
                self.file = fdopen(descriptor, "wb")

            def __enter__(self) -> "Full":
                return self

            def __exit__(self, *_: object) -> None:
                self.file.close()

            def write(self, code: bytes) -> int:
                self.file.write(code[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fdopen", lambda descriptor, mode: Full(descriptor))
    assert works(native.library())
    assert builds.count == 1
    assert objects_in(cold) == []


# Several processes


CHILD = """
import sys, time
from pathlib import Path
from dedup.kernels import native

log, good, go = map(Path, sys.argv[1:4])

def build(group):
    with log.open("a") as file:
        file.write("built\\n")
    if sys.argv[4] == "dies":
        import os
        os._exit(9)
    time.sleep(0.2)  # for others to come in the meantime, were they not kept out
    return good.read_bytes()

native._build = build
native._file("core")
print("ready", flush=True)
while not go.exists():
    time.sleep(0.005)
print(native.library().address("dedup_kernels_compiled_pairs_anchor_loop") != 0)
"""


def begin(cold: Path, code: bytes, ending: str) -> "subprocess.Popen[str]":
    good = cold.with_name("good")
    good.write_bytes(code)
    arguments = [cold.with_name("log"), good, cold.with_name("go"), ending]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_four_processes_that_start_cold_at_once_compile_once(cold: Path, object_file: bytes) -> None:
    processes = [begin(cold, object_file, "lives") for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    cold.with_name("go").touch()
    assert [process.communicate()[0] for process in processes] == ["True\n"] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert cold.with_name("log").read_text() == "built\n"
    assert objects_in(cold) == [native._file("core").name]


def test_the_turn_of_a_process_that_dies_is_over(cold: Path, object_file: bytes, builds: Builds) -> None:
    cold.with_name("go").touch()
    dying = begin(cold, object_file, "dies")
    assert dying.communicate()[0] == "ready\n"
    assert dying.returncode == 9
    assert works(native.library())
    assert builds.count == 1


# The name of the file


def test_another_processor_compiler_or_source_has_a_file_of_its_own(
    cold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import llvmlite.binding as llvm

    def name() -> str:
        native._file.cache_clear()
        return native._file("core").name

    seen = [name()]
    assert name() == seen[0]

    def changed(owner: object, attribute: str, value: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(owner, attribute, value)
            seen.append(name())

    changed(llvm, "get_host_cpu_name", lambda: "another")
    changed(llvm, "get_process_triple", lambda: "riscv64-unknown-linux-gnu")
    changed(native, "features", lambda: "+fewer")
    version = native._version
    for package in ("numba", "llvmlite"):
        changed(native, "_version", lambda asked, package=package: "0.1" if asked == package else version(asked))
    copy = tmp_path / "kernels"
    shutil.copytree(Path(native.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with monkeypatch.context() as patch:
        patch.setattr(native, "__file__", str(copy / "native.py"))
        assert name() == seen[0]
        source = copy / "hashing.py"
        source.write_text(source.read_text("utf-8").replace("0x243F6A8885A308D3", "0x243F6A8885A308D5"), "utf-8")
        seen.append(name())
    assert len(set(seen)) == len(seen) == 7
    assert name() == seen[0]
    assert all(re.fullmatch("kernels-core-[0-9a-f]{24}.o", each) for each in seen)


@pytest.mark.parametrize(
    ("changed", "valid"),
    [
        ("compiled_seeds", {"core", "rewriting"}),
        ("alignment", {"core", "rewriting"}),
        ("compiled_sketch", {"aligning", "rewriting"}),
        ("compiled_anchors", {"core", "aligning"}),
        ("reference_align", {"core", "aligning", "rewriting"}),
        ("__init__", {"core", "aligning", "rewriting"}),
        ("jit", set()),
        ("building", set()),
    ],
)
def test_a_change_leaves_files_valid_that_are_not_made_of_what_changed(
    changed: str, valid: set[Group], cold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {group: native._file(group) for group in GROUPS}
    copy = tmp_path / "kernels"
    shutil.copytree(Path(native.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with copy.joinpath(f"{changed}.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    monkeypatch.setattr(native, "__file__", str(copy / "native.py"))
    native._file.cache_clear()
    assert {group for group in GROUPS if native._file(group) == before[group]} == valid


def test_compiling_removes_what_old_versions_left(cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    cold.mkdir()
    for version in range(9):
        old = cold / f"kernels-core-{version:024x}.o"
        old.touch()
        os.utime(old, (version, version))
    native.library()
    left = [f"kernels-core-{version:024x}.o" for version in (6, 7, 8)]
    assert objects_in(cold) == sorted([native._file("core").name, *left])
    os.utime(native._file("core"), (1, 1))
    start_again(monkeypatch)
    native.library()
    assert builds.count == 1
    assert native._file("core").stat().st_mtime > 1


def test_another_file_name_is_another_compilation(cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    native.library()
    start_again(monkeypatch)
    monkeypatch.setattr(native, "_version", lambda package: "0.1")
    assert not native.is_cached()
    native.library()
    assert builds.count == 2
    assert len(objects_in(cold)) == 2


def test_vectors_are_as_wide_as_the_processor_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding as llvm

    class Features:
        def __init__(self, flat: str) -> None:
            self.flat = flat

        def flatten(self) -> str:
            return self.flat

    for flat, expected in (("+avx2", "+avx2"), ("+avx2,+avx512f", "+avx2,+avx512f,-prefer-256-bit")):
        monkeypatch.setattr(llvm, "get_host_cpu_features", lambda flat=flat: Features(flat))
        assert native.features() == expected


def test_the_folder_is_that_of_the_variable_or_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import platformdirs

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert native.cache_folder() == tmp_path
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv(CACHE_VARIABLE)
        else:
            monkeypatch.setenv(CACHE_VARIABLE, unset)
        assert native.cache_folder() == Path(platformdirs.user_cache_dir("dedup", appauthor=False))


def test_versions_of_packages_that_are_there_and_that_are_not() -> None:
    assert native._version("llvmlite").startswith("llvmlite-")
    assert native._version("a_package_that_nobody_made") == "unknown"
