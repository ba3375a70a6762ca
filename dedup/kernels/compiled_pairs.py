"""Loops over pairs of rows."""

import numpy as np

from dedup.kernels import F64, I64, U64, Bool
from dedup.kernels.jit import Integer, compiled, exported

_STRETCH = 32


@compiled
def _fill_table(values: U64, first: Integer, end: Integer, bits: Integer, table: U64) -> None:
    """Enter distinct values into an open-addressing table by their upper bits."""
    size = np.uint64(1) << np.uint64(bits)
    for slot in range(size):
        table[slot] = np.uint64(0)
    mask, shift = size - np.uint64(1), np.uint64(64 - bits)
    for place in range(np.uint64(first), np.uint64(end)):
        slot = values[place] >> shift
        while table[slot] != np.uint64(0):
            slot = (slot + np.uint64(1)) & mask
        table[slot] = values[place]


@compiled
def _count_in_table(values: U64, first: Integer, end: Integer, bits: Integer, table: U64, least: Integer) -> Integer:
    """How many of the values are in the table; too few once it cannot be `least` any more."""
    mask, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    count = 0
    place = first
    while place < end and count + (end - place) >= least:
        # Asked for after each stretch alone.
        stretch = min(place + _STRETCH, end)
        for number in range(np.uint64(place), np.uint64(stretch)):
            value = values[number]
            slot = value >> shift
            while table[slot] != value and table[slot] != np.uint64(0):
                slot = (slot + np.uint64(1)) & mask
            count += table[slot] == value
        place = stretch
    return count


@exported
def count_common_loop(values: U64, offsets: I64, left: I64, right: I64, least: I64, table: U64, counts: I64) -> None:
    """Fill how many values the rows of each pair share, 0 where fewer than `least`.

    A table serves consecutive pairs of one left row; it has room for four times the values of the longest row
    and 64 more.
    """
    entered = -1
    bits = 4
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        if left[pair] != entered:
            entered = left[pair]
            bits = 4
            while (1 << bits) < 2 * (one_end - one):
                bits += 1
            _fill_table(values, one, one_end, bits, table)
        count = _count_in_table(values, two, two_end, bits, table, least[pair])
        counts[pair] = count if count >= least[pair] else 0


@exported
def dot_common_loop(values: U64, offsets: I64, weights: F64, left: I64, right: I64, sums: F64) -> None:
    """Fill the sums of the products of the weights of shared values, added in their order."""
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        total = 0.0
        if left[pair] == right[pair]:
            for place in range(one, one_end):
                total += weights[place] * weights[place]
        else:
            while one < one_end and two < two_end:
                first, second = values[one], values[two]
                if first == second:
                    total += weights[one] * weights[two]
                one += first <= second
                two += second <= first
        sums[pair] = total


@exported
def equal_rows_loop(values: U64, offsets: I64, left: I64, right: I64, equal: Bool) -> None:
    """Fill whether the rows of each pair hold the same values in the same order."""
    for pair in range(left.size):
        one, two = np.uint64(offsets[left[pair]]), np.uint64(offsets[right[pair]])
        length = np.uint64(offsets[left[pair] + 1]) - one
        if length != np.uint64(offsets[right[pair] + 1]) - two:
            equal[pair] = False
            continue
        place = np.uint64(0)
        while place < length and values[one + place] == values[two + place]:
            place += np.uint64(1)
        equal[pair] = place == length


@exported
def anchor_loop(left: I64, right: I64, representative: I64) -> None:
    """Fill the representative of each item, -1 at first: the first of its left partners that is kept."""
    for pair in range(left.size):
        if representative[right[pair]] < 0 and representative[left[pair]] < 0:
            representative[right[pair]] = left[pair]


@exported
def components_loop(left: I64, right: I64, root: I64) -> None:
    """Join items whose roots, at first themselves, are given; a root is the first of its items (Tarjan 1975)."""
    for pair in range(left.size):
        one, two = left[pair], right[pair]
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        while root[two] != two:
            root[two] = root[root[two]]
            two = root[two]
        root[max(one, two)] = min(one, two)
    for item in range(root.size):
        root[item] = root[root[item]]
