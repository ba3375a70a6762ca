"""Groups of entries in sorted tables, in NumPy; and how blocks of words are summed."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool, Members, SortedTables, TableStack
from dedup.kernels.hashing import BLOCK_WORDS, MULTIPLIER, mix

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_BLOCKS_AT_ONCE = 64


def sum_blocks(words: U64) -> U64:
    """See `Kernels.sum_blocks`: Σ mix(w_i ^ i · MULTIPLIER), so that a flipped bit and a swapped word both show."""
    if words.size == 0:
        return np.zeros(0, dtype=np.uint64)
    places = np.arange(words.size, dtype=np.uint64) % np.uint64(BLOCK_WORDS)
    sums: U64 = np.add.reduceat(mix(words ^ (places * MULTIPLIER)), np.arange(0, words.size, BLOCK_WORDS))
    return sums


def check_words(tables: SortedTables, firsts: I64, lasts: I64) -> int:
    """See `Kernels.check_words`."""
    if tables.sums.size == 0 or firsts.size == 0:
        return -1
    low, high = firsts // BLOCK_WORDS, lasts // BLOCK_WORDS
    counts = high - low + 1
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    blocks = np.unique(np.repeat(low, counts) + within)
    blocks = blocks[tables.checked[blocks] == 0]
    if not blocks.size:
        return -1
    # Those that follow each other are summed together, some at a time.
    begins = np.flatnonzero(np.append(True, np.diff(blocks) != 1))
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), blocks.size], strict=True):
        for some in range(begin, end, _BLOCKS_AT_ONCE):
            summed = blocks[some : min(some + _BLOCKS_AT_ONCE, end)]
            words = tables.words[summed[0] * BLOCK_WORDS : (summed[-1] + 1) * BLOCK_WORDS]
            differing = sum_blocks(words) != tables.sums[summed]
            tables.checked[summed[~differing]] = 1
            if differing.any():
                return int(summed[differing][0])
    return -1


def find_members(
    stack: TableStack, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
) -> Members:
    """See `Kernels.find_members`."""
    several = []
    for part, tables in enumerate(stack.several):
        entries, damaged = _find_in(tables, query_tables, query_keys, limits, alive, counts)
        if damaged >= 0:
            return Members(_NOTHING, damaged, part)
        several.append(entries)
    found = np.concatenate([_NOTHING, *several])
    return Members(found[np.argsort(found >> _SHIFT, kind="stable")], -1, -1)


def _find_in(
    tables: SortedTables, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
) -> tuple[U64, int]:
    """What is found in one of a stack, and a damaged block or -1; `counts` is brought up to date."""
    first, size, prefix, bits = tables.places.reshape(-1, 4)[query_tables].T
    wanted = np.flatnonzero((size > 0) & (counts < limits[query_tables]))
    first, prefix, bits = first[wanted], prefix[wanted], bits[wanted]
    keys = query_keys[wanted].astype(np.uint64)
    halves = tables.words.view(np.uint32)
    slots = prefix + (keys >> (np.uint64(32) - bits.astype(np.uint64))).astype(np.int64)
    damaged = check_words(tables, slots // 2, (slots + 1) // 2)
    if damaged >= 0:
        return _NOTHING, damaged
    low, high = first + halves[slots], first + halves[slots + 1]
    filled = high > low
    damaged = check_words(tables, low[filled], high[filled] - 1)
    if damaged >= 0:
        return _NOTHING, damaged
    lengths = high - low
    owners = np.repeat(np.arange(wanted.size), lengths)
    places = np.arange(owners.size) - np.repeat(np.cumsum(lengths) - lengths, lengths) + low[owners]
    entries = tables.words[places]
    matching = entries >> _SHIFT == keys[owners]
    matching &= alive[(entries & _LOW).astype(np.int64)]
    owners, entries = owners[matching], entries[matching]
    begins = np.searchsorted(owners, owners)
    queries = wanted[owners]
    within_limit = counts[queries] + np.arange(owners.size) - begins < limits[query_tables[queries]]
    queries, entries = queries[within_limit], entries[within_limit]
    counts += np.bincount(queries, minlength=counts.size)
    return queries.astype(np.uint64) << _SHIFT | entries & _LOW, -1


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
