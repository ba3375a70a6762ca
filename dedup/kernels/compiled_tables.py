"""Groups of entries in sorted tables, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool, Members, SortedTables, TableStack
from dedup.kernels.compiled_tokens import mix
from dedup.kernels.hashing import BLOCK_WORDS, MULTIPLIER
from dedup.kernels.jit import Integer, compiled, exported

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_FEW = np.uint64(64)
_HALF = np.uint64(1)
_BLOCK_WORDS = np.uint64(BLOCK_WORDS)
_AT_ONCE = 16
_DENSE = 16
"""Up to so many entries of a table for each query are gone through in their order, and not searched."""
_STRIDE = np.uint64(8)


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


@compiled
def first_damaged(words: U64, octets: U8, blocks: I64, part: Integer, first: np.uint64, last: np.uint64) -> Integer:
    """As `_damaged`, of one of a stack."""
    base, size = np.uint64(blocks[4 * part]), np.uint64(blocks[4 * part + 1])
    sums, checked = np.uint64(blocks[4 * part + 2]), np.uint64(blocks[4 * part + 3])
    for block in range((first - base) // _BLOCK_WORDS, (last - base) // _BLOCK_WORDS + np.uint64(1)):
        if octets[checked + block] == 0:
            begin = block * _BLOCK_WORDS
            total = np.uint64(0)
            for place in range(min(begin + _BLOCK_WORDS, size) - begin):
                total += mix(words[base + begin + place] ^ (place * MULTIPLIER))
            if total != words[sums + block]:
                return np.int64(block)
            octets[checked + block] = 1
    return -1


@compiled
def _touch(
    words: U64,
    halves: U32,
    places: I64,
    query_tables: U8,
    query_keys: U32,
    first: Integer,
    last: Integer,
    tables: Integer,
    cursors: I64,
    begins: U64,
) -> np.uint64:
    """Read where the search for some queries is going to look; what is given means nothing.

    One after the other each search waits for the memory twice. Here no reading waits for another one, so that the
    processor has many under way. Nothing is trusted that is not checked yet: places are kept within their table.
    """
    parts = places.size // (4 * tables)
    count = np.uint64(0)
    for query in range(first, last):
        key = np.uint64(query_keys[query])
        for part in range(parts):
            row = 4 * (part * tables + np.int64(query_tables[query]))
            if cursors[part] < 0 and places[row + 1] > 0:
                begin = np.uint64(halves[np.uint64(places[row + 2]) + (key >> np.uint64(32 - places[row + 3]))])
                begins[count] = np.uint64(places[row]) + min(begin, np.uint64(places[row + 1] - 1))
                count += np.uint64(1)
    total = np.uint64(0)
    for number in range(count):
        total += words[begins[number]]
    return total


@compiled
def _end_of_stretch(query_tables: U8, query_keys: U32, first: Integer) -> Integer:
    """Behind the queries from the first on that are of one table and ascend."""
    end = first + 1
    while end < query_keys.size and query_tables[end] == query_tables[first] and query_keys[end] >= query_keys[end - 1]:
        end += 1
    return end


@compiled
def _begin_stretch(
    places: I64, blocks: I64, table: Integer, tables: Integer, queries: Integer, cursors: I64
) -> Integer:
    """Put the cursor of each part before its table; -1 where it is to be searched. How many are."""
    searched: Integer = 0
    for part in range(cursors.size):
        row = 4 * (part * tables + table)
        # Of what is not known to be whole no more is read than has to be.
        dense = blocks[4 * part + 2] < 0 and places[row + 1] <= _DENSE * queries
        cursors[part] = places[row] if dense else -1
        searched += np.int64(not dense)
    return searched


@compiled
def _advanced(words: U64, low: np.uint64, last: np.uint64, least: np.uint64) -> np.uint64:
    """The place of the first word that is not under `least`, from `low` on, or `last`."""
    while low + _STRIDE <= last:
        # Without a branch for each word: it would be guessed wrong once a query.
        below = np.uint64(0)
        for step in range(_STRIDE):
            below += np.uint64(words[low + np.uint64(step)] < least)
        low += below
        if below < _STRIDE:
            return low
    while low < last and words[low] < least:
        low += np.uint64(1)
    return low


@exported
def _find_members_loop(
    words: U64,
    halves: U32,
    octets: U8,
    places: I64,
    blocks: I64,
    query_tables: U8,
    query_keys: U32,
    limits: I64,
    alive: Bool,
    counts: I64,
    found: U64,
    state: I64,
    begins: U64,
    cursors: I64,
) -> Integer:
    """Fill what is found from the query `state[0]` on; the number of entries.

    `state` is left with the query to go on from, and a damaged block or -1 with the number of its tables in the stack;
    its last place means nothing. `begins` has room for `_AT_ONCE` queries in each set of tables, `cursors` for one.

    Where many queries of a table ascend they are merged with it: each search goes on from the one before.
    """
    written = 0
    parts, tables = blocks.size >> 2, limits.size
    begin = end = state[0]
    searched: Integer = 0
    for query in range(begin, query_keys.size):
        table = np.int64(query_tables[query])
        if query == end:
            end = _end_of_stretch(query_tables, query_keys, query)
            searched = _begin_stretch(places, blocks, table, tables, end - query, cursors)
        limit = limits[table]
        key = np.uint64(query_keys[query])
        least = key << _SHIFT
        begun = written
        count = counts[query]
        if searched > 0 and (query - begin) % _AT_ONCE == 0:
            last_query = min(query + _AT_ONCE, query_keys.size)
            touched = _touch(
                words, halves, places, query_tables, query_keys, query, last_query, tables, cursors, begins
            )
            state[3] = np.int64(touched)
        for part in range(parts):
            row = 4 * (part * tables + table)
            if count >= limit or places[row + 1] == 0:
                continue
            first = np.uint64(places[row])
            if cursors[part] >= 0:
                last = first + np.uint64(places[row + 1])
                low = _advanced(words, np.uint64(cursors[part]), last, least)
                cursors[part] = np.int64(low)
            else:
                check = blocks[4 * part + 2] >= 0
                slot = np.uint64(places[row + 2]) + (key >> np.uint64(32 - places[row + 3]))
                if check:
                    block = first_damaged(words, octets, blocks, part, slot >> _HALF, (slot + np.uint64(1)) >> _HALF)
                    if block >= 0:
                        state[1], state[2] = block, part
                        return written
                low, high = first + np.uint64(halves[slot]), first + np.uint64(halves[slot + np.uint64(1)])
                if low == high:
                    continue
                if check:
                    block = first_damaged(words, octets, blocks, part, low, high - np.uint64(1))
                    if block >= 0:
                        state[1], state[2] = block, part
                        return written
                last = high
                while high - low > _FEW:
                    middle = (low + high) >> np.uint64(1)
                    if words[middle] < least:
                        low = middle + np.uint64(1)
                    else:
                        high = middle
                # Without a branch that is guessed wrong the processor goes on to the next while memory is waited for.
                below = np.uint64(0)
                for place in range(high - low):
                    below += np.uint64(words[low + np.uint64(place)] < least)
                low += below
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
    stack: TableStack, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
) -> Members:
    """See `Kernels.find_members`."""
    state = np.array([0, -1, -1, 0], dtype=np.int64)
    parts = stack.blocks.size >> 2
    begins, cursors = np.empty(_AT_ONCE * parts, dtype=np.uint64), np.empty(parts, dtype=np.int64)
    room = 256 + 2 * query_keys.size
    several: list[U64] = []
    while state[0] < query_keys.size and state[1] < 0:
        found = np.empty(room, dtype=np.uint64)
        count = _find_members_loop(
            stack.words, stack.halves, stack.octets, stack.places, stack.blocks, query_tables, query_keys, limits,
            alive, counts, found, state, begins, cursors,
        )  # fmt: skip
        several.append(found[:count])
        room *= 2
    entries = several[0] if len(several) == 1 else np.concatenate([_NOTHING, *several])
    return Members(entries, int(state[1]), int(state[2]))


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
