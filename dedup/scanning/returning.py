"""Handing memory back between the stages of a scan."""

import ctypes
from collections.abc import Callable
from functools import cache


def return_memory() -> None:
    """Give memory that was freed back to the system, where the C library would keep it for later: a millisecond.

    After blocks of many megabytes the allocator of glibc keeps what is freed, tens of megabytes a stage, and a stage
    that needs blocks of another size comes on top of that.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """The function `malloc_trim` of glibc; None with another C library."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim
