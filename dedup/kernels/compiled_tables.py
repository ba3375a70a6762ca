"""Groups of entries in sorted tables, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool, Members, SortedTables
from dedup.kernels.compiled_tokens import mix
from dedup.kernels.hashing import BLOCK_WORDS, MULTIPLIER
from dedup.kernels.jit import Integer, compiled, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_FEW = np.uint64(64)


@compiled
def _sum_block(words: U64, block: Integer) -> np.uint64:
    first = np.uint64(block * BLOCK_WORDS)
    size = np.uint64(min((block + 1) * BLOCK_WORDS, words.size)) - first
    total = np.uint64(0)
    for place in range(size):
        total += mix(words[first + np.uint64(place)] ^ (np.uint64(place) * MULTIPLIER))
    return total


@exported
def _sum_blocks_loop(words: U64, sums: U64) -> None:
    for block in range(sums.size):
        sums[block] = _sum_block(words, block)


def sum_blocks(words: U64) -> U64:
    """See `Kernels.sum_blocks`."""
    sums = np.empty(-(-words.size // BLOCK_WORDS), dtype=np.uint64)
    _sum_blocks_loop(words, sums)
    return sums


@compiled
def _damaged(words: U64, sums: U64, checked: U8, first: Integer, last: Integer) -> Integer:
    """The first block of a range of words, its last one included, whose sum is another than it should be, or -1."""
    for block in range(first // BLOCK_WORDS, last // BLOCK_WORDS + 1):
        if checked[block] == 0:
            if _sum_block(words, block) != sums[block]:
                return block
            checked[block] = 1
    return -1


@exported
def _check_words_loop(words: U64, sums: U64, checked: U8, firsts: I64, lasts: I64) -> Integer:
    for row in range(firsts.size):
        block = _damaged(words, sums, checked, firsts[row], lasts[row])
        if block >= 0:
            return block
    return -1


def check_words(tables: SortedTables, firsts: I64, lasts: I64) -> int:
    """See `Kernels.check_words`."""
    if tables.sums.size == 0:
        return -1
    return int(_check_words_loop(tables.words, tables.sums, tables.checked, firsts, lasts))


@exported
def _find_members_loop(
    words: U64,
    halves: U32,
    places: I64,
    sums: U64,
    checked: U8,
    query_tables: U8,
    query_keys: U32,
    limits: I64,
    alive: Bool,
    counts: I64,
    found: U64,
    state: I64,
) -> Integer:
    """Fill what is found from the query `state[0]` on; the number of entries.

    `state` is left with the query to go on from, and a damaged block or -1.
    """
    check = sums.size > 0
    written = 0
    for query in range(state[0], query_keys.size):
        table = np.int64(query_tables[query])
        size = places[4 * table + 1]
        limit = limits[table]
        before = counts[query]
        if size == 0 or before >= limit:
            continue
        first, prefix = places[4 * table], places[4 * table + 2]
        key = np.uint64(query_keys[query])
        slot = prefix + np.int64(key >> np.uint64(32 - places[4 * table + 3]))
        if check:
            block = _damaged(words, sums, checked, slot >> 1, (slot + 1) >> 1)
            if block >= 0:
                state[1] = block
                return written
        low, high = np.uint64(first) + np.uint64(halves[slot]), np.uint64(first) + np.uint64(halves[slot + 1])
        if low == high:
            continue
        if check:
            block = _damaged(words, sums, checked, np.int64(low), np.int64(high) - 1)
            if block >= 0:
                state[1] = block
                return written
        last = high
        least = key << _SHIFT
        while high - low > _FEW:
            middle = (low + high) >> np.uint64(1)
            if words[middle] < least:
                low = middle + np.uint64(1)
            else:
                high = middle
        # Without a branch that is guessed wrong the processor goes on to the next query while memory is waited for.
        below = np.uint64(0)
        for place in range(high - low):
            below += np.uint64(words[low + np.uint64(place)] < least)
        low += below
        begun = written
        count = before
        while low < last and count < limit and words[low] >> _SHIFT == key:
            member = words[low] & _LOW
            if alive[member]:
                if written == found.size:
                    state[0] = query
                    return begun
                found[written] = np.uint64(query) << _SHIFT | member
                written += 1
                count += 1
            low += np.uint64(1)
        counts[query] = count
    state[0] = query_keys.size
    return written


def find_members(
    tables: SortedTables, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
) -> Members:
    """See `Kernels.find_members`."""
    state = np.array([0, -1], dtype=np.int64)
    halves = tables.words.view(np.uint32)
    room = 256 + 2 * query_keys.size
    several: list[U64] = []
    while state[0] < query_keys.size and state[1] < 0:
        found = np.empty(room, dtype=np.uint64)
        count = _find_members_loop(
            tables.words, halves, tables.places, tables.sums, tables.checked, query_tables, query_keys, limits, alive,
            counts, found, state,
        )  # fmt: skip
        several.append(found[:count])
        room *= 2
    damaged = int(state[1])
    return Members(several[0] if len(several) == 1 else np.concatenate([_NOTHING, *several]), damaged)


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
