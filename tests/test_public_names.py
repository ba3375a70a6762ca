"""The public names, fixed: a name that comes or goes is a decision, not an accident."""

import importlib
import importlib.util
import subprocess
import sys

import pytest

import dedup

NAMES = [
    "AsyncIndex",
    "Cluster",
    "Config",
    "ConfigError",
    "Decision",
    "DedupError",
    "Document",
    "Index",
    "InputError",
    "LockedError",
    "Match",
    "Passage",
    "Relation",
    "Report",
    "SketchError",
    "Span",
    "StoreError",
    "align",
    "clean",
    "find_residue",
    "scan",
    "sketch",
]


def test_the_public_names_are_these() -> None:
    assert dedup.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(dedup, name)
    assert value.__name__ == name
    assert value.__module__.startswith("dedup.")
    assert getattr(importlib.import_module(value.__module__), name) is value
    assert value.__doc__


def test_dir_lists_them() -> None:
    assert dir(dedup) == sorted([*NAMES, "__version__"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'dedup' has no attribute 'deduplicate'"):
        dedup.deduplicate  # noqa: B018


def test_every_error_is_a_dedup_error_with_exit_code_2() -> None:
    for error in (dedup.ConfigError, dedup.InputError, dedup.LockedError, dedup.SketchError, dedup.StoreError):
        assert issubclass(error, dedup.DedupError)
        assert error.exit_code == 2
    assert issubclass(dedup.ConfigError, ValueError)
    assert issubclass(dedup.SketchError, ValueError)


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import sys, dedup; dir(dedup); print(*[m for m in sys.modules if m.split('.')[0] in {heavy!r}])"
    heavy = {"numpy", "numba", "pyarrow", "datasketch", "rich", "click", "scipy", "selectolax"}
    ran = subprocess.run(
        [sys.executable, "-c", program.replace("{heavy!r}", repr(heavy))], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""


def test_a_small_scan_waits_for_no_compiler() -> None:
    program = (
        "import sys, dedup\n"
        "text = 'Five words stand in here\\nFive words stand in here'\n"
        "assert len(dedup.scan([dedup.Document(1, text)]).matches) == 1\n"
        "assert dedup.clean(text).cuts\n"
        "print(*[m for m in ('numba', 'pyarrow', 'datasketch', 'rich', 'click', 'selectolax') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


@pytest.mark.parametrize("package", ["dedup.index", "dedup.reporting", "dedup.scanning"])
def test_names_that_are_loaded_when_used_are_those_listed_and_no_modules(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module._HOME_OF) == sorted(module.__all__)
    for name in module.__all__:
        # A module of the same name would take the place of what it holds once it is loaded.
        assert importlib.util.find_spec(f"{package}.{name}") is None
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018
