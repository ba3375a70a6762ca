"""Machine code in the cache folder: whole or compiled again, by one process at a time, and never needed to be kept."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import choose, compiled_pairs, compiled_rows, native, reference
from dedup.kernels.alignment import WORTH, choose_aligner
from dedup.kernels.native import CACHE_VARIABLE, Library, NativeLoop, sealed
from dedup.kernels.objects import GROUPS, Group
from tests.kernels.test_twins import PLAIN_PYTHON

ROOT = Path(__file__).parents[2]
ANCHOR = "dedup_kernels_compiled_pairs_anchor_loop"


def function_of(loop: Callable[..., object]) -> Callable[..., object]:
    """The Python function of an exported loop, which without compilation is the loop."""
    function: Callable[..., object] = getattr(loop, "_function", loop)
    return function


@pytest.fixture(scope="module")
def object_file() -> bytes:
    """The object file of this machine, from the user's cache folder where it is there."""
    native.library()
    return native._read(native._file("core")) or native._build("core")


class Builds:
    """Stands in for compiling: gives an object file that is there already, and notes the groups asked for."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        self.groups: list[Group] = []

    def __call__(self, group: Group) -> bytes:
        self.groups.append(group)
        return self.code

    @property
    def count(self) -> int:
        return len(self.groups)


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and a process that has loaded nothing."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(native, "_libraries", {})
    monkeypatch.setattr(native, "given_up", set())
    monkeypatch.delenv("DEDUP_KERNELS", raising=False)
    native._file.cache_clear()
    yield tmp_path / "cache"
    native._file.cache_clear()


@pytest.fixture
def builds(cold: Path, object_file: bytes, monkeypatch: pytest.MonkeyPatch) -> Builds:
    """Compiling takes no time, on a cold start."""
    stand_in = Builds(object_file)
    monkeypatch.setattr(native, "_build", stand_in)
    return stand_in


def start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what is loaded, as another process would."""
    monkeypatch.setattr(native, "_libraries", {})
    native._file.cache_clear()


def objects_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.suffix != ".lock")


def works(library: Library) -> bool:
    return library.address(ANCHOR) != 0


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


# A build that fails


def stand_in_for_python(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("echo 'no compiler on this machine' >&2; exit 3", "cannot be compiled:\nno compiler on this machine"),
        ("kill -9 $$", "cannot be compiled"),
        ("echo 'greetings from a start-up script'", "standard output"),
        ("exit 0", "standard output"),
    ],
)
def test_a_build_that_fails_says_so_and_stores_nothing(
    lines: str, complaint: str, cold: Path, object_file: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in_for_python(tmp_path, lines, monkeypatch)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=complaint):
            native.library()
        assert not native.is_cached()
        assert objects_in(cold) == []
    monkeypatch.setattr(native, "_build", Builds(object_file))
    assert works(native.library())


def test_an_interpreter_that_cannot_be_run_is_the_error(cold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(cold / "no such program"))
    with pytest.raises(FileNotFoundError):
        native.library()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_what_cannot_be_compiled_is_done_by_the_reference_and_tried_once(
    cold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in_for_python(tmp_path, f"echo >> {tmp_path}/tries; echo 'Trace\nno memory' >&2; exit 3", monkeypatch)
    told: list[str] = []
    for _ in range(2):
        assert choose(8 << 20, told.append).name == "numpy"
    assert len(told) == 2
    assert told[1].startswith("going on without compiled kernels")
    assert told[1].endswith(": no memory")
    assert (tmp_path / "tries").read_text() == "\n"
    assert choose_aligner(WORTH.compile).name == "numpy"
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    with pytest.raises(RuntimeError, match="no memory"):
        choose(8 << 20)


def test_an_interpreter_that_cannot_be_run_leaves_the_reference(cold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(cold / "no such program"))
    assert choose(8 << 20).name == "numpy"


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


# Calls


def anchored(**changed: object) -> object:
    """Call a loop of three arrays, some of them another object."""
    arguments: dict[str, object] = {
        "left": np.array([0, 1]),
        "right": np.array([1, 2]),
        "representative": np.full(3, -1),
    }
    arguments.update(changed)
    return NativeLoop(function_of(compiled_pairs.anchor_loop))(*arguments.values())


def test_a_loop_fills_its_arrays() -> None:
    found = np.full(3, -1)
    assert anchored(representative=found) is None
    assert found.tolist() == reference.anchor(np.array([0, 1]), np.array([1, 2]), 3).tolist() == [-1, 0, -1]


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([0, 1], dtype=np.int32),
        np.array([0, 1], dtype=np.uint64),
        np.array([0.0, 1.0]),
        np.array([0, 1], dtype=np.dtype(np.int64).newbyteorder()),
        np.array([0, 9, 1, 9])[::2],
        [0, 1],
        None,
        7,
    ],
    ids=["narrower", "unsigned", "floats", "other byte order", "not contiguous", "list", "nothing", "number"],
)
def test_an_array_of_another_kind_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=f"{ANCHOR} takes a contiguous array of int64"):
        anchored(left=wrong)


@pytest.mark.parametrize("wrong", [1.5, "1", None, np.array([1, 2]), np.float64(1)])
def test_a_number_of_another_kind_is_refused(wrong: object) -> None:
    signatures, keys = np.zeros(4, dtype=np.uint32), np.zeros(1, dtype=np.uint32)
    loop = NativeLoop(function_of(compiled_rows.band_keys_loop))
    assert loop(signatures, 4, np.int64(1), 4, keys) is None
    with pytest.raises(TypeError):
        loop(signatures, wrong, 1, 4, keys)


def test_too_few_and_too_many_arguments_are_refused() -> None:
    loop = NativeLoop(function_of(compiled_pairs.anchor_loop))
    array = np.zeros(0, dtype=np.int64)
    for count in (0, 2, 4):
        with pytest.raises(ValueError, match="zip"):
            loop(*[array] * count)


def test_a_loop_that_is_not_in_the_file_is_an_error(object_file: bytes) -> None:
    with pytest.raises(RuntimeError, match="hold no dedup_kernels_nothing"):
        Library(object_file).address("dedup_kernels_nothing")


# What is loaded, and when


def test_kernels_are_compiled_for_large_inputs_alone(cold: Path, builds: Builds) -> None:
    told: list[str] = []
    assert choose(2 << 20, told.append).name == "numpy"
    assert (builds.count, told) == (0, [])
    assert choose(8 << 20, told.append).name == "compiled"
    assert builds.count == 1
    assert len(told) == 1
    assert "compiling" in told[0]
    for size in (2 << 20, 8 << 20):
        assert choose(size, told.append).name == "compiled"
    assert choose((1 << 20) - 1, told.append).name == "numpy"
    assert (builds.count, len(told)) == (1, 1)


def test_alignment_is_compiled_when_it_is_needed_and_by_its_own_measure(cold: Path, builds: Builds) -> None:
    told: list[str] = []
    assert choose(1 << 30).name == "compiled"
    assert choose_aligner(WORTH.compile - 1, told.append).name == "numpy"
    assert (builds.groups, told) == (["core"], [])
    assert choose_aligner(WORTH.compile, told.append).name == "compiled"
    assert builds.groups == ["core", "aligning"]
    assert len(told) == 1
    assert "alignment" in told[0]
    assert choose_aligner(WORTH.load, told.append).name == "compiled"
    assert choose_aligner(WORTH.load - 1, told.append).name == "numpy"
    assert (builds.count, len(told)) == (2, 1)
    assert objects_in(cold) == sorted(native._file(group).name for group in builds.groups)


def test_kernels_asked_for_are_compiled_whatever_the_size(
    cold: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", "numpy")
    assert choose(1 << 30).name == choose_aligner(1 << 30).name == "numpy"
    assert builds.count == 0
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    assert choose(0).name == "compiled"
    assert builds.groups == ["core"]
    assert choose_aligner(0).name == "compiled"
    assert builds.groups == ["core", "aligning"]


LOADED = "print(*sorted({'numba', 'llvmlite', 'dedup.kernels.compiled', 'dedup.kernels.native'} & set(sys.modules)))"
SCANNED = """
import sys, dedup
words = ["word%d" % (number * number % 100_003) for number in range({words})]
text = " ".join(words)
report = dedup.scan([dedup.Document(1, text), dedup.Document(2, text)])
assert dict(report.counts.matches) == {{"exact": 1}}, report.counts
"""


def loaded_by(program: str, **settings: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DEDUP_KERNELS"}
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\n{LOADED}"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**environment, **settings},
    )  # fmt: skip
    return ran.stdout.strip()


def test_importing_and_scanning_a_small_input_load_no_compiler(tmp_path: Path) -> None:
    cold = {CACHE_VARIABLE: str(tmp_path / "cache")}
    assert loaded_by("import sys, dedup, dedup.scanning", **cold) == ""
    assert loaded_by(SCANNED.format(words=1000), **cold) == ""
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(PLAIN_PYTHON, reason="a large input takes too long as plain Python")
def test_scanning_a_large_input_with_compiled_kernels_does_not_load_numba(object_file: bytes) -> None:
    expected = "dedup.kernels.compiled dedup.kernels.native llvmlite"
    assert loaded_by(SCANNED.format(words=200_000)) == expected


@pytest.mark.skipif(PLAIN_PYTHON, reason="once is enough: it takes a minute or two")
@pytest.mark.parametrize("group", GROUPS)
def test_what_the_building_process_writes_is_loaded_and_gives_the_same(group: Group, cold: Path) -> None:
    """The one test that really compiles."""
    command = [sys.executable, "-m", "dedup.kernels.building", group]
    ran = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    header, machine_code = native._open(ran.stdout)
    assert all(not name.startswith("llvm.") for name in header["undefined"])
    assert machine_code.startswith(b"\x7fELF") or sys.platform != "linux"
    cold.mkdir()
    native._file(group).write_bytes(ran.stdout)
    # Another process finds it, and every loop of the group in it.
    program = f"""
import sys, numpy as np
from dedup.kernels import compiled, compiled_align, compiled_rewriting, native, reference, reference_align
from dedup.kernels.native import NativeLoop, library, symbol_of
from dedup.kernels.objects import group_of
modules = [module for name, module in sys.modules.items() if name.startswith("dedup.kernels.compiled")]
loops = {{each._function for module in modules for each in vars(module).values() if isinstance(each, NativeLoop)}}
loops = {{loop for loop in loops if group_of(loop.__module__) == {group!r}}}
assert len(loops) >= {LEAST_LOOPS[group]}
assert native.is_cached({group!r})
def build(group):
    raise AssertionError("compiled already")
native._build = build
for loop in loops:
    assert library({group!r}).address(symbol_of(loop))
{CALLS[group]}
"""
    assert "numba" not in loaded_by(program).split()


LEAST_LOOPS: dict[Group, int] = {"core": 15, "aligning": 1, "rewriting": 4}
CALLS: dict[Group, str] = {
    "core": """
left, right = np.array([0, 1, 5]), np.array([1, 2, 6])
assert compiled.components(left, right, 8).tolist() == reference.components(left, right, 8).tolist()
""",
    "aligning": """
from dedup.model import TextColumn
from dedup.tokenising import codepoint_table
text = " ".join(f"{number}word" for number in range(400))
column = TextColumn.from_strings([text, text[1000:]])
tokens = reference.tokenise(column.data, column.offsets, *codepoint_table())
terms = reference.mark_terms(column.data, tokens, np.zeros(tokens.hashes.size, dtype=bool), *codepoint_table())
one, other = (each.align_terms(terms, np.array([0]), np.array([1])) for each in (compiled_align, reference_align))
assert one.places.tolist() == other.places.tolist() != []
""",
    "rewriting": """
from dedup.kernels import compiled_rewriting, reference_rewriting
values = np.array([7, 3, 7, 9, 3], dtype=np.uint64) << np.uint64(40)
one, other = (each.number_terms(values) for each in (compiled_rewriting, reference_rewriting))
assert one[0].tolist() == other[0].tolist() == [0, 1, 0, 2, 1]
assert one[1].tolist() == other[1].tolist()
""",
}
