"""When loops are compiled and loaded, a build that fails, and what one that does not has written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dedup.kernels import WORTH as WORTH_OF_CORE
from dedup.kernels import choose, native
from dedup.kernels.alignment import WORTH, choose_aligner
from dedup.kernels.native import CACHE_VARIABLE
from dedup.kernels.objects import GROUPS, Group
from tests.kernels.conftest import Builds, built, objects_in, works
from tests.kernels.twins import PLAIN_PYTHON

ROOT = Path(__file__).parents[2]


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


# What is loaded, and when


def test_kernels_are_compiled_for_large_inputs_alone(cold: Path, builds: Builds) -> None:
    told: list[str] = []
    assert choose(2 << 20, told.append).name == "numpy"
    assert (builds.count, told) == (0, [])
    assert choose(8 << 20, told.append).name == "compiled"
    assert builds.count == 1
    assert len(told) == 1
    assert "compiling" in told[0]
    for size in (WORTH_OF_CORE.load, 8 << 20):
        assert choose(size, told.append).name == "compiled"
    assert choose(WORTH_OF_CORE.load - 1, told.append).name == "numpy"
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


@pytest.mark.skipif(PLAIN_PYTHON, reason="loops are plain functions")
@pytest.mark.parametrize("group", GROUPS)
def test_what_the_building_process_has_written_is_loaded_and_gives_the_same(group: Group, tmp_path: Path) -> None:
    """It was written for these sources, this compiler and this processor, or its file would have another name."""
    code = built(group)
    header, machine_code = native._open(code)
    assert all(not name.startswith("llvm.") for name in header["undefined"])
    assert machine_code.startswith(b"\x7fELF") or sys.platform != "linux"
    (tmp_path / native._file(group).name).write_bytes(code)
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
    assert "numba" not in loaded_by(program, **{CACHE_VARIABLE: str(tmp_path)}).split()


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
