"""Texts of a store, in memory or in the file, and places in them as characters and lines."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import I64, U8, Kernels, Marks, reference
from dedup.model import TextColumn
from dedup.scanning import store as stores
from dedup.scanning.arena import Arena
from dedup.scanning.store import TextStore
from tests.scanning.shelves import EVERYTHING, NOTHING, shelf_with
from tests.strategies import prose, texts

rooms = st.sampled_from([NOTHING, 40, 200, EVERYTHING])
batches = st.lists(st.lists(st.one_of(texts(), prose()), max_size=4), min_size=1, max_size=3)


def stored(several: list[list[str]], room: int = EVERYTHING) -> tuple[TextStore, list[str], I64]:
    """Give a store, all texts, and the address of each."""
    store = TextStore(Arena(shelf_with(room)))
    addresses = []
    for batch in several:
        column = TextColumn.from_strings(batch)
        end = store.n_bytes
        assert store.append(column) == end
        addresses.append(column.offsets[:-1] + end)
    return store, [text for batch in several for text in batch], np.concatenate(addresses)


class Counting:
    """Kernels that note how many bytes they were given to count in, altogether and at once."""

    def __init__(self) -> None:
        self.total = self.most = 0

    def count_marks(self, data: U8, starts: I64, ends: I64) -> Marks:
        self.total += int((ends - starts).sum())
        self.most = max(self.most, data.size)
        return reference.count_marks(data, starts, ends)

    def find(self, ascending: I64, values: I64) -> I64:
        return reference.find(ascending, values)


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
@given(several=batches, room=rooms, data=st.data())
@settings(max_examples=40)
def test_places_are_those_of_the_strings(block: int, several: list[list[str]], room: int, data: st.DataObject) -> None:
    store, strings, addresses = stored(several, room)
    if not strings:
        return
    numbers = data.draw(st.lists(st.integers(0, len(strings) - 1), max_size=12))
    ends = [data.draw(st.integers(0, len(strings[number]))) for number in numbers]
    before = [strings[number][:end] for number, end in zip(numbers, ends, strict=True)]
    origins = addresses[np.array(numbers, dtype=np.int64)]
    sought = origins + np.array([len(text.encode("utf-8", "surrogatepass")) for text in before], dtype=np.int64)
    kernels = Counting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_BLOCK", block)
        found = store.locate(sought, origins, as_kernels(kernels))
    assert found.characters.tolist() == [len(text) for text in before]
    assert found.newlines.tolist() == [text.count("\n") for text in before]
    # Nothing is counted twice, nor behind the last address in a text, nor more at once than a block.
    assert kernels.total == sum(max(sought[origins == origin] - origin, default=0) for origin in set(origins.tolist()))
    assert kernels.most <= block


def as_kernels(counting: Counting) -> Kernels:
    """Give kernels of which no more than counting is used."""
    kernels: Kernels = counting  # type: ignore[assignment]
    return kernels


def test_no_address_is_behind_its_origin() -> None:
    store, _, addresses = stored([["one", "two"]])
    found = store.locate(addresses, addresses, as_kernels(Counting()))
    assert found.characters.tolist() == found.newlines.tolist() == [0, 0]
    empty = np.zeros(0, dtype=np.int64)
    assert store.locate(empty, empty, as_kernels(Counting())).characters.size == 0


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@given(batches, rooms, st.data())
@settings(max_examples=60)
def test_texts_are_read_and_gathered_as_they_were_appended(
    several: list[list[str]], room: int, data: st.DataObject
) -> None:
    store, strings, addresses = stored(several, room)
    ends = addresses + np.array([len(encoded(text)) for text in strings], dtype=np.int64)
    assert store.n_bytes == sum(len(encoded(text)) for text in strings)
    assert [store.text(start, end) for start, end in zip(addresses.tolist(), ends.tolist(), strict=True)] == strings
    place = st.integers(0, len(strings) - 1)
    order = np.array(data.draw(st.lists(place, max_size=12) if strings else st.just([])), dtype=np.int64)
    assert list(store.gather(addresses[order], ends[order])) == [strings[place] for place in order.tolist()]


@given(batches, rooms, st.sampled_from([0, 3, 1 << 14]), st.data())
@settings(max_examples=100)
def test_parts_hold_each_range_once(several: list[list[str]], room: int, gap: int, data: st.DataObject) -> None:
    store, strings, addresses = stored(several, room)
    expected, starts, ends = [], [], []
    for number in data.draw(st.lists(st.integers(0, len(strings) - 1), max_size=12) if strings else st.just([])):
        text = encoded(strings[number])
        first, last = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        expected.append(text[first:last])
        starts.append(int(addresses[number]) + first)
        ends.append(int(addresses[number]) + last)
    got: dict[int, bytes] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_GAP", gap)
        for part in store.parts(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)):
            assert part.places.size == part.starts.size == part.ends.size > 0
            for place, start, end in zip(part.places.tolist(), part.starts.tolist(), part.ends.tolist(), strict=True):
                assert 0 <= start <= end <= part.data.size
                assert place not in got
                got[place] = part.data[start:end].tobytes()
    assert [got[place] for place in sorted(got)] == expected


def test_what_stands_far_apart_in_the_file_is_read_apart() -> None:
    text = "".join(map(chr, range(33, 127))) * 2000
    store, _, _ = stored([[text]], NOTHING)
    starts = np.array([150_000, 10, 20, 100_000, 15, 100_000 + 3_000], dtype=np.int64)
    (part,) = store.parts(starts, starts + 8)
    assert sorted(part.places.tolist()) == [0, 1, 2, 3, 4, 5]
    # One range alone, three that overlap or touch, and two with what lies between them.
    assert part.data.size == 8 + 18 + 3_008
    assert [store.text(start, start + 8) for start in starts.tolist()] == [
        text[start : start + 8] for start in starts.tolist()
    ]


def test_texts_in_memory_stand_side_by_side_and_are_not_copied_again() -> None:
    store = TextStore(Arena(shelf_with(EVERYTHING)))
    columns = [TextColumn.from_strings(batch) for batch in (["one", "two"], ["three"])]
    starts = np.array([store.append(column) for column in columns], dtype=np.int64)
    (part,), (again,) = (list(store.parts(starts, starts + 3)) for _ in range(2))
    assert np.shares_memory(part.data, again.data)
    assert part.data[part.starts[1] : part.starts[1] + 5].tobytes() == b"three"


def read_into(arena: Arena, batch: list[str], reserved: int = 100) -> TextColumn:
    """A batch as the reader gives it: in the arena if that has room."""
    column = TextColumn.from_strings(batch)
    room = arena.reserve(reserved)
    if room is None:
        return column
    room[: column.n_bytes] = column.data
    arena.take(column.n_bytes)
    return TextColumn(room[: column.n_bytes], column.offsets)


def test_texts_that_were_read_into_the_arena_stay_where_they_are() -> None:
    arena = Arena(shelf_with(EVERYTHING))
    store = TextStore(arena)
    # The reader is ahead.
    columns = [read_into(arena, batch) for batch in (["one", "two"], [], ["three"])]
    starts = np.array([store.append(column) for column in columns], dtype=np.int64)
    assert starts.tolist() == [0, 6, 6]
    (part,) = store.parts(starts[::2], starts[::2] + 3)
    assert np.shares_memory(part.data, columns[0].data)
    assert np.shares_memory(part.data, columns[2].data)
    assert store.text(6, 11) == "three"


@given(st.lists(st.tuples(st.booleans(), st.lists(st.text("abé", max_size=9), max_size=3)), max_size=8), rooms)
def test_texts_in_the_arena_copied_and_in_the_file(several: list[tuple[bool, list[str]]], room: int) -> None:
    arena = Arena(shelf_with(room))
    store = TextStore(arena)
    read = [read_into(arena, batch) if in_arena else TextColumn.from_strings(batch) for in_arena, batch in several]
    expected = []
    for column in read:
        base = store.append(column)
        expected += [(base + start, column[row]) for row, start in enumerate(column.offsets[:-1].tolist())]
    sizes = [len(text.encode()) for _, text in expected]
    ends = [start + size for (start, _), size in zip(expected, sizes, strict=True)]
    assert [store.text(start, end) for (start, _), end in zip(expected, ends, strict=True)] == [
        text for _, text in expected
    ]
    starts = np.array([start for start, _ in expected], dtype=np.int64)
    gathered = store.gather(starts, np.array(ends, dtype=np.int64))
    assert list(gathered) == [text for _, text in expected]


def test_an_arena_takes_no_more_than_its_budget() -> None:
    shelf = shelf_with(100)
    arena = Arena(shelf)
    assert arena.reserve(80) is not None
    # What is reserved anew, or not used, is given back.
    assert arena.reserve(90) is not None
    arena.take(30)
    assert arena.reserve(71) is None
    room = arena.reserve(70)
    assert room is not None
    assert room.size == 70
    arena.take(70)
    assert arena.reserve(1) is None
    assert not shelf.room_for(1)


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
@given(several=batches, room=rooms)
@settings(max_examples=40)
def test_characters_of_all_texts_are_counted(block: int, several: list[list[str]], room: int) -> None:
    store, strings, _ = stored(several, room)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_BLOCK", block)
        assert store.count_characters(reference) == sum(map(len, strings))
