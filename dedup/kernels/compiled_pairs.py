"""Loops over pairs of rows."""

import numpy as np

from dedup.kernels import F64, I64, U32, U64, Bool
from dedup.kernels.compiled_rows import fill_table, table_bits
from dedup.kernels.jit import Integer, exported

_STRETCH = 32


@exported
def count_common_loop(values: U64, offsets: I64, left: I64, right: I64, least: I64, table: U32, counts: I64) -> None:
    """Fill how many values the rows of each pair share, 0 where fewer than `least`.

    A table serves consecutive pairs of one left row; it has room for eight times the values of the longest row and 64
    more. It is asked only where the rows do not go on side by side, as copies do.
    """
    entered = -1
    bits: Integer = 6
    for pair in range(left.size):
        one, one_end = np.uint64(offsets[left[pair]]), np.uint64(offsets[left[pair] + 1])
        if left[pair] != entered:
            entered = left[pair]
            bits = table_bits(np.int64(one_end - one))
            fill_table(values, np.int64(one), np.int64(one_end - one), bits, table)
        mask, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
        place, end = offsets[right[pair]], offsets[right[pair] + 1]
        fewest = least[pair]
        count = 0
        following = one
        # Whether it can still be reached is asked after each stretch alone.
        while place < end and count + (end - place) >= fewest:
            stretch = min(place + _STRETCH, end)
            for number in range(np.uint64(place), np.uint64(stretch)):
                value = values[number]
                if following < one_end and values[following] == value:
                    count += 1
                    following += np.uint64(1)
                    continue
                slot = value >> shift
                entry = np.uint64(table[slot])
                while entry != np.uint64(0) and values[one + entry - np.uint64(1)] != value:
                    slot = (slot + np.uint64(1)) & mask
                    entry = np.uint64(table[slot])
                if entry != np.uint64(0):
                    count += 1
                    following = one + entry
            place = stretch
        counts[pair] = count if count >= fewest else 0


@exported
def dot_common_loop(values: U64, offsets: I64, weights: F64, left: I64, right: I64, table: U32, sums: F64) -> None:
    """Fill the sums of the products of the weights of shared values, added in the order of the right row.

    `table` as in `count_common_loop`.
    """
    entered = -1
    bits: Integer = 6
    for pair in range(left.size):
        one, one_end = np.uint64(offsets[left[pair]]), np.uint64(offsets[left[pair] + 1])
        two, two_end = np.uint64(offsets[right[pair]]), np.uint64(offsets[right[pair] + 1])
        total = 0.0
        if left[pair] == right[pair]:
            for place in range(one, one_end):
                total += weights[place] * weights[place]
            sums[pair] = total
            continue
        if left[pair] != entered:
            entered = left[pair]
            bits = table_bits(np.int64(one_end - one))
            fill_table(values, np.int64(one), np.int64(one_end - one), bits, table)
        mask, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
        following = one
        for place in range(two, two_end):
            value = values[place]
            if following < one_end and values[following] == value:
                total += weights[following] * weights[place]
                following += np.uint64(1)
                continue
            slot = value >> shift
            entry = np.uint64(table[slot])
            while entry != np.uint64(0) and values[one + entry - np.uint64(1)] != value:
                slot = (slot + np.uint64(1)) & mask
                entry = np.uint64(table[slot])
            if entry != np.uint64(0):
                following = one + entry
                total += weights[following - np.uint64(1)] * weights[place]
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
