"""Arrays on a shelf come back as they were put, from memory up to the budget, and from a file behind it."""

import errno
import gc
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from dedup.errors import ConfigError, InputError
from dedup.scanning import shelf as shelves
from dedup.scanning.shelf import LEAST_MEMORY, Shelf, machine_memory
from tests.scanning.shelves import NOTHING, shelf_with

dtypes = st.sampled_from([np.uint8, np.uint32, np.int64, np.uint64, np.float64])
arrays = st.tuples(st.integers(0, 40), dtypes, st.sampled_from(["flat", "table", "strided"]))


def array_of(number: int, length: int, dtype: type[np.generic], shape: str) -> NDArray[np.generic]:
    values = (np.arange(2 * length) * 7 + number).astype(dtype)
    if shape == "strided":
        return values[::2]
    return values.reshape(2, length) if shape == "table" else values


@given(st.lists(arrays, max_size=8), st.sampled_from([0, 1, 100, 1000, 1 << 20]), st.data())
@settings(max_examples=100)
def test_what_was_put_comes_back_in_any_slice(
    several: list[tuple[int, type[np.generic], str]], room: int, data: st.DataObject
) -> None:
    shelf = shelf_with(room)
    put = [array_of(number, *each) for number, each in enumerate(several)]
    slots = [shelf.put(array) for array in put]
    held = sum(slot.held.nbytes for slot in slots if slot.held is not None)
    assert held <= room
    assert held + shelf.spilled == sum(array.nbytes for array in put)
    for place in data.draw(st.permutations(range(len(put)))):
        slot, array = slots[place], put[place].reshape(-1)
        assert (slot.size, slot.dtype) == (array.size, array.dtype)
        first, last = sorted(data.draw(st.tuples(st.integers(0, array.size), st.integers(0, array.size))))
        for start, end in ((0, array.size), (first, last)):
            got = shelf.get(slot, start, end)
            assert got.dtype == array.dtype
            assert got.tolist() == array[start:end].tolist()


def test_what_comes_first_stays_in_memory() -> None:
    shelf = shelf_with(100)
    small, large = np.zeros(60, dtype=np.uint8), np.ones(1000, dtype=np.uint8)
    slots = [shelf.put(small), shelf.put(large), shelf.put(small[:40]), shelf.put(small[:1])]
    assert [slot.held is not None for slot in slots] == [True, False, True, False]
    assert slots[0].held is not None
    assert np.shares_memory(slots[0].held, small)
    assert shelf.spilled == 1001


def test_memory_that_something_else_holds_counts() -> None:
    shelf = shelf_with(100)
    shelf.take(80)
    assert shelf.put(np.zeros(20, dtype=np.uint8)).held is not None
    shelf.take(80)
    slot = shelf.put(np.arange(3, dtype=np.uint8))
    assert slot.held is None
    assert shelf.put(np.zeros(0, dtype=np.uint8)).size == 0
    assert shelf.get(slot, 1, 3).tolist() == [1, 2]


def test_half_of_the_budget_beside_the_program_holds_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    room = (LEAST_MEMORY - shelves._PROGRAM) // 2
    monkeypatch.setattr(shelves, "_PROGRAM", LEAST_MEMORY - 2000)
    for shelf in (Shelf(LEAST_MEMORY), Shelf(LEAST_MEMORY)):
        assert shelf.put(np.zeros(1000, dtype=np.uint8)).held is not None
        assert shelf.put(np.zeros(1, dtype=np.uint8)).held is None
    monkeypatch.undo()
    shelf = Shelf(LEAST_MEMORY)
    shelf.take(room - 10)
    assert [shelf.put(np.zeros(size, dtype=np.uint8)).held is None for size in (11, 10, 1)] == [True, False, True]


def test_without_a_budget_it_is_a_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 64 << 20 < machine_memory() < 1 << 50
    monkeypatch.setattr(shelves, "machine_memory", lambda: 2 * shelves._PROGRAM + 400)
    shelf = Shelf(None)
    assert [shelf.put(np.zeros(size, dtype=np.uint8)).held is None for size in (101, 100, 1)] == [True, False, True]
    # A machine with less than the program takes is not refused: everything goes into the file.
    monkeypatch.setattr(shelves, "machine_memory", lambda: 1 << 20)
    assert Shelf(None).put(np.zeros(1, dtype=np.uint8)).held is None


@pytest.mark.parametrize("budget", [0, 1, LEAST_MEMORY - 1, -5])
def test_too_small_a_budget_is_refused(budget: int) -> None:
    with pytest.raises(ConfigError, match="at least 256 MB"):
        Shelf(budget)
    # What was begun of the shelf must not complain when it is thrown away: warnings are errors here.
    gc.collect()


def test_threads_put_and_get_at_once() -> None:
    shelf = shelf_with(20_000)

    def work(number: int) -> bool:
        whole = True
        slots = []
        for size in range(0, 400, 7):
            array = np.full(size, number, dtype=np.uint32)
            array[: size // 2] += np.uint32(1000)
            slots.append((shelf.put(array), array))
        for slot, array in slots:
            whole &= np.array_equal(shelf.get(slot, 0, slot.size), array)
        return whole

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))
    assert shelf.spilled == 16 * sum(4 * size for size in range(0, 400, 7)) - (20_000 - shelf._room)
    assert 0 <= shelf._room < 4 * 399


def test_the_file_has_no_name_and_the_disk_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shelf = shelf_with(NOTHING)
    assert shelf._file is None
    slot = shelf.put(np.arange(1000))
    assert list(tmp_path.iterdir()) == []
    descriptor = shelf._file
    assert descriptor is not None
    assert os.fstat(descriptor).st_size == 8000
    assert os.fstat(descriptor).st_nlink == 0
    assert os.fstat(descriptor).st_mode & 0o077 == 0
    assert shelf.get(slot, 999, 1000).tolist() == [999]
    shelf.close()
    shelf.close()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(descriptor)


def test_a_full_disk_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = shelf_with(10)
    kept = shelf.put(np.arange(10, dtype=np.uint8))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(InputError, match=r"No space left on device.*TMPDIR.*--memory"):
            shelf.put(np.zeros(100, dtype=np.uint8))
    # What was there before is still there, and more can come.
    assert shelf.get(kept, 0, 10).tolist() == list(range(10))
    assert shelf.get(shelf.put(np.arange(5)), 0, 5).tolist() == list(range(5))


def test_writes_and_reads_that_stop_half_way_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, preadv = os.pwrite, os.preadv

    def write_some(descriptor: int, data: memoryview, place: int) -> int:
        return pwrite(descriptor, data[:1000], place)

    def read_some(descriptor: int, buffers: list[memoryview], place: int) -> int:
        return preadv(descriptor, [buffers[0][:700]], place)

    monkeypatch.setattr(os, "pwrite", write_some)
    monkeypatch.setattr(os, "preadv", read_some)
    shelf = shelf_with(NOTHING)
    first, second = np.arange(1111), np.arange(2000, dtype=np.uint32)
    slots = shelf.put(first), shelf.put(second)
    assert shelf.get(slots[0], 3, 1111).tolist() == first[3:].tolist()
    assert shelf.get(slots[1], 0, 2000).tolist() == second.tolist()


def test_a_file_that_was_cut_short_is_an_error() -> None:
    shelf = shelf_with(NOTHING)
    slot = shelf.put(np.arange(100))
    assert shelf._file is not None
    os.ftruncate(shelf._file, 400)
    assert shelf.get(slot, 0, 50).tolist() == list(range(50))
    with pytest.raises(InputError, match="cut short"):
        shelf.get(slot, 40, 60)


@pytest.mark.parametrize("room", [NOTHING, 1000, 1 << 20])
def test_an_array_to_be_filled_keeps_what_is_written_wherever_it_is(room: int) -> None:
    shelf = shelf_with(room)
    slot = shelf.put(np.arange(7, dtype=np.uint8))
    arrays = [shelf.empty(size, np.uint32) for size in (0, 3, 5000)]
    for number, array in enumerate(arrays):
        array[:] = np.arange(array.size) + number
    other = shelf.put(np.arange(9))
    assert shelf.get(slot, 0, 7).tolist() == list(range(7))
    assert shelf.get(other, 0, 9).tolist() == list(range(9))
    assert [array.tolist() for array in arrays] == [
        list(range(number, number + size)) for number, size in enumerate((0, 3, 5000))
    ]
    assert (shelf.spilled > 0) == (room < 1 << 20)
    # What is shown as memory outlives the shelf.
    shelf.close()
    assert arrays[2][4999] == 5001


def test_an_array_to_be_filled_has_its_disk_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = shelf_with(10)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(InputError, match=r"No space left on device.*TMPDIR.*--memory"):
            shelf.empty(100, np.uint32)
    assert shelf.empty(100, np.uint32).size == 100
