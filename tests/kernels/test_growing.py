"""A stack that grows table by table is the one that is made of all tables at once."""

import numpy as np

from dedup.kernels.gathering import PlacedColumns, placed_one, rows_of, stack_rows
from dedup.kernels.growing import GrowingStack
from tests.kernels.twins import assert_same


def one_table(rank: int) -> PlacedColumns:
    keys = np.arange(rank, rank + 5, dtype=np.uint32)
    return placed_one(keys, np.full(5, 100, dtype=np.uint16), rank, 0.25)


def test_a_table_that_is_added_stands_where_it_would_stand_in_a_new_stack() -> None:
    several = sorted((one_table(rank) for rank in range(6)), key=lambda table: table.low)
    # What spans the others' memory is there from the beginning.
    first = [several[0], several[-1]]
    growing = GrowingStack(stack_rows(rows_of(first, [False, True])), 10)
    before = growing.stack
    for table in several[1:-1]:
        assert growing.add(table)
    whole = stack_rows(rows_of([*first, *several[1:-1]], [False, True, False, False, False, False]))
    grown = growing.stack
    assert (grown.octets.ctypes.data, grown.octets.size) == (whole.octets.ctypes.data, whole.octets.size)
    assert_same((whole.places, whole.blocks, whole.firsts), (grown.places, grown.blocks, grown.firsts))
    assert [id(each) for each in grown.several] == [id(each) for each in whole.several]
    assert before.firsts.tolist() == [0, 1, 2]


def test_nothing_is_added_where_there_is_no_room_or_memory_is_elsewhere() -> None:
    low, middle, high = sorted((one_table(rank) for rank in range(3)), key=lambda table: table.low)
    narrow = GrowingStack(stack_rows(rows_of([low, middle], [False, False])), 10)
    assert not narrow.add(high)
    assert not GrowingStack(stack_rows(rows_of([low, high], [False, False])), 0).add(middle)
    assert len(narrow.stack.several) == 2
