"""An empty cache folder for the compiled loops, and a compiler that takes no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dedup.kernels import native
from dedup.kernels.native import CACHE_VARIABLE, Library
from dedup.kernels.objects import Group

ANCHOR = "dedup_kernels_compiled_pairs_anchor_loop"
"""A loop of the core."""


def built(group: Group) -> bytes:
    """What the building process has written for this machine: from the user's cache folder, where it is there."""
    native.library(group)
    return native._read(native._file(group)) or native._build(group)


@pytest.fixture(scope="session")
def object_file() -> bytes:
    """The object file of the core."""
    return built("core")


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
