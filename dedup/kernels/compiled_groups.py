"""Loops over sorted entries of key and member."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.compiled_tokens import trailing_zeros
from dedup.kernels.hashing import LEVEL_SIZE
from dedup.kernels.jit import Integer, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@exported
def sample_levels_loop(values: U32, offsets: I64, at_level: I64, levels: U8, counts: I64) -> None:
    """Fill level and number of values at it for each row; `at_level` is scratch for 33 numbers."""
    for row in range(offsets.size - 1):
        if offsets[row + 1] - offsets[row] < LEVEL_SIZE:
            levels[row] = 0
            counts[row] = offsets[row + 1] - offsets[row]
            continue
        for level in range(33):
            at_level[level] = 0
        for place in range(offsets[row], offsets[row + 1]):
            # A bit behind the highest stops the count.
            at_level[np.int64(trailing_zeros(np.uint64(values[place]) | np.uint64(1) << _SHIFT))] += 1
        count = 0
        level = 33
        while level > 0 and count < LEVEL_SIZE:
            level -= 1
            count += at_level[level]
        levels[row] = level
        counts[row] = count


@exported
def link_loop(
    entries: U64, start: Integer, cap: Integer, links: Integer, levels: U8, pairs: U64, state: I64
) -> Integer:
    """Fill `pairs`, and `state` with the entry to go on from and the number of groups cut; the number of pairs."""
    begin = start
    while begin > 0 and start < entries.size and entries[begin - 1] >> _SHIFT == entries[start] >> _SHIFT:
        begin -= 1
    all_levels = levels.size == 0
    written = 0
    cut: Integer = 0
    some = uncut = False
    for place in range(begin, entries.size):
        key = entries[place] >> _SHIFT
        member = entries[place] & _LOW
        if place > 0 and entries[place - 1] >> _SHIFT != key:
            begin = place
        rank = place - begin
        if rank == 0:
            some, uncut = all_levels, True
        mine = all_levels or key & ((np.uint64(1) << np.uint64(levels[member])) - np.uint64(1)) == np.uint64(0)
        if place >= start:
            partners = rank if rank < cap else min(rank, links)
            if written + partners > pairs.size:
                state[0] = place
                state[1] = cut
                return written
            if mine or some:
                for partner in range(begin, begin + partners):
                    other = entries[partner] & _LOW
                    if mine or key & ((np.uint64(1) << np.uint64(levels[other])) - np.uint64(1)) == np.uint64(0):
                        pairs[written] = member << _SHIFT | other
                        written += 1
        if rank < max(cap, links):
            some |= mine
        if uncut and rank >= cap and (some or mine):
            uncut = False
            cut += place >= start
    state[0] = entries.size
    state[1] = cut
    return written


@exported
def add_counts_loop(values: U64, counts: I64, more: U64, more_counts: I64, union: U64, sums: I64) -> Integer:
    """Fill the union of two ascending sets and the sums of their counts; its size."""
    one, two, size = np.uint64(0), np.uint64(0), np.uint64(0)
    one_end, two_end = np.uint64(values.size), np.uint64(more.size)
    while one < one_end and two < two_end:
        first, second = values[one], more[two]
        union[size] = min(first, second)
        sums[size] = (counts[one] if first <= second else 0) + (more_counts[two] if second <= first else 0)
        one += np.uint64(first <= second)
        two += np.uint64(second <= first)
        size += np.uint64(1)
    while one < one_end:
        union[size], sums[size] = values[one], counts[one]
        one += np.uint64(1)
        size += np.uint64(1)
    while two < two_end:
        union[size], sums[size] = more[two], more_counts[two]
        two += np.uint64(1)
        size += np.uint64(1)
    return np.int64(size)


@exported
def enough_shared_loop(
    pairs: U64, counts: I64, levels: U8, sizes: I64, part: Integer, whole: Integer, kept: U64
) -> Integer:
    """Fill the pairs of which enough is counted; their number. There is room for one more."""
    size = np.uint64(0)
    for place in range(np.uint64(pairs.size)):
        pair = pairs[place]
        left, right = pair & _LOW, pair >> _SHIFT
        smaller = min(sizes[left], sizes[right])
        if levels[left] != levels[right]:
            smaller = sizes[left] if levels[left] < levels[right] else sizes[right]
        kept[size] = pair
        size += np.uint64(whole * counts[place] >= part * smaller)
    return np.int64(size)
