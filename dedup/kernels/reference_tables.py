"""Groups of entries in sorted tables, in NumPy; and how blocks of words are summed."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64, Bool, Members, SortedTables
from dedup.kernels.hashing import BLOCK_WORDS, MULTIPLIER, mix

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


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
    for block in blocks[tables.checked[blocks] == 0].tolist():
        words = tables.words[block * BLOCK_WORDS : (block + 1) * BLOCK_WORDS]
        if sum_blocks(words)[0] != tables.sums[block]:
            return int(block)
        tables.checked[block] = 1
    return -1


def find_members(
    tables: SortedTables, query_tables: U8, query_keys: U32, limits: I64, alive: Bool, counts: I64
) -> Members:
    """See `Kernels.find_members`."""
    first, size, prefix, bits = tables.places.reshape(-1, 4)[query_tables].T
    wanted = np.flatnonzero((size > 0) & (counts < limits[query_tables]))
    first, prefix, bits = first[wanted], prefix[wanted], bits[wanted]
    keys = query_keys[wanted].astype(np.uint64)
    halves = tables.words.view(np.uint32)
    slots = prefix + (keys >> (np.uint64(32) - bits.astype(np.uint64))).astype(np.int64)
    damaged = check_words(tables, slots // 2, (slots + 1) // 2)
    if damaged >= 0:
        return Members(_NOTHING, damaged)
    low, high = first + halves[slots], first + halves[slots + 1]
    filled = high > low
    damaged = check_words(tables, low[filled], high[filled] - 1)
    if damaged >= 0:
        return Members(_NOTHING, damaged)
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
    return Members(queries.astype(np.uint64) << _SHIFT | entries & _LOW, -1)


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
