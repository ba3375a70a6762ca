"""Memory goes back to the system, and where the C library cannot do that nothing happens."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from dedup.scanning import returning


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.skipif(
    returning._trim() is None or not Path("/proc/self/statm").exists(), reason="not with glibc on Linux"
)
def test_what_small_blocks_took_is_given_back() -> None:
    blocks = [np.ones(1 << 12, dtype=np.uint8) for _ in range(20_000)]
    last = np.ones(1 << 12, dtype=np.uint8)  # in the way of what glibc gives back by itself
    held = resident()
    blocks.clear()
    returning.return_memory()
    assert resident() < held - (40 << 20)
    assert last.all()


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_no_error(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: None) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    returning._trim.cache_clear()
    try:
        assert returning._trim() is None
        returning.return_memory()
    finally:
        returning._trim.cache_clear()
