"""Writing behind what is decided."""

import threading

import pytest

from dedup.filtering.pipeline import WriteBehind


def test_what_waits_behind_a_piece_that_failed_is_never_begun() -> None:
    done: list[str] = []
    waiting = threading.Event()

    def fail() -> None:
        waiting.wait()
        raise OSError("the disk is full")

    behind = WriteBehind(3, lambda: False)
    behind.start(lambda: done.append("first"))
    behind.start(fail)
    behind.start(lambda: done.append("third"))
    waiting.set()
    with pytest.raises(OSError, match="full"):
        behind.wait()
    behind.close()
    assert done == ["first"]


def test_no_more_than_its_depth_is_to_be_done_and_all_of_it_in_order() -> None:
    done: list[int] = []
    behind = WriteBehind(2, lambda: False)
    for number in range(20):
        behind.start(lambda number=number: done.append(number))  # type: ignore[misc]
        assert len(done) >= number - 1
    behind.wait()
    behind.close()
    assert done == list(range(20))
