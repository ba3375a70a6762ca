"""Which loops are compiled together, and of which sources."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import dedup.kernels
from dedup.kernels import native
from dedup.kernels.native import NativeLoop
from dedup.kernels.objects import GROUPS, ROOTS, Group, group_of, sources_of
from tests.kernels.twins import PLAIN_PYTHON

FOLDER = Path(native.__file__).parent


@pytest.mark.skipif(PLAIN_PYTHON, reason="loops are plain functions")
def test_loops_belong_to_the_group_of_their_module() -> None:
    for root in ROOTS.values():
        import_module(f"dedup.kernels.{root}")
    modules = [module for name, module in sys.modules.items() if name.startswith("dedup.kernels.compiled")]
    loops = [each for module in modules for each in vars(module).values()]
    groups = {
        each._function.__module__: group_of(each._function.__module__) for each in loops if isinstance(each, NativeLoop)
    }
    assert {module for module, group in groups.items() if group == "aligning"} == {"dedup.kernels.compiled_align"}
    assert set(groups.values()) == set(GROUPS)


def imported_by(modules: str) -> set[str]:
    """The modules of the package that a new process has loaded after an import."""
    command = [sys.executable, "-c", f"import sys, {modules}; print(*sys.modules)"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER.parents[1])
    return {name.removeprefix("dedup.kernels.") for name in ran.stdout.split() if name.startswith("dedup.kernels.")}


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_depends_on_all_that_its_group_imports(group: Group) -> None:
    sources = sources_of(group, FOLDER)
    assert list(sources) == sorted(sources)
    # What the package itself imports comes with any of its modules.
    imported = imported_by(f"dedup.kernels.building, dedup.kernels.{ROOTS[group]}")
    assert set(sources) <= imported <= set(sources) | imported_by("dedup.kernels")


@pytest.mark.parametrize("group", GROUPS)
def test_loops_take_nothing_but_types_from_the_package_itself(group: Group) -> None:
    kinds = (bool, int, float, str, np.ndarray, np.generic)
    constants = {name for name, value in vars(dedup.kernels).items() if isinstance(value, kinds) and name[0] != "_"}
    for name in sources_of(group, FOLDER):
        assert not constants & set(vars(import_module(f"dedup.kernels.{name}"))), name
