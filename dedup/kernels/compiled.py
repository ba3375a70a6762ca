"""The compiled kernels: results and scratch are allocated here, the loops run in machine code without the GIL.

Contracts are in `dedup.kernels.Kernels`. Equal to the reference to the bit: integers wrap modulo 2**64 in both, floats
are added in the same order.
"""

import threading
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import (
    F64,
    I64,
    U8,
    U32,
    U64,
    Bool,
    CountedRows,
    Links,
    Ragged,
    Ranges,
    Samples,
    Sketches,
    SketchPlan,
    Tokens,
)
from dedup.kernels.compiled_arrivals import group_entries as group_entries
from dedup.kernels.compiled_arrivals import pair_arrivals as pair_arrivals
from dedup.kernels.compiled_bigrams import count_bigrams as count_bigrams
from dedup.kernels.compiled_bigrams import meet_bigrams as meet_bigrams
from dedup.kernels.compiled_bigrams import post_bigrams as post_bigrams
from dedup.kernels.compiled_characters import hash_loop
from dedup.kernels.compiled_comparing import compare_rows as compare_rows
from dedup.kernels.compiled_distinct import distinct_rows_loop, shingle_sets_loop
from dedup.kernels.compiled_groups import add_counts_loop, enough_shared_loop, link_loop, sample_levels_loop
from dedup.kernels.compiled_pairs import (
    anchor_loop,
    components_loop,
    count_common_loop,
    dot_common_loop,
    equal_rows_loop,
)
from dedup.kernels.compiled_places import count_marks as count_marks
from dedup.kernels.compiled_places import find as find
from dedup.kernels.compiled_positions import tokenise_loop
from dedup.kernels.compiled_ranges import gather_ranges as gather_ranges
from dedup.kernels.compiled_repeats import mark_samples_loop, post_repeated_loop, repeated_keys_loop
from dedup.kernels.compiled_returns import densest_returns as densest_returns
from dedup.kernels.compiled_rows import (
    band_keys_loop,
    count_rows_loop,
    digest_loop,
    look_up_loop,
    shingle_loop,
)
from dedup.kernels.compiled_screening import screen as screen
from dedup.kernels.compiled_segments import WINDOW, count_newlines, segment_loop
from dedup.kernels.compiled_sketch import BLOCK, POWERS, minhash_loop
from dedup.kernels.compiled_tables import check_words as check_words
from dedup.kernels.compiled_tables import find_members as find_members
from dedup.kernels.compiled_tables import sum_blocks as sum_blocks
from dedup.kernels.compiled_terms import mark_terms as mark_terms
from dedup.kernels.compiled_texts import digest_texts as digest_texts
from dedup.kernels.compiled_texts import same_bytes as same_bytes
from dedup.kernels.compiled_together import AHEAD, LANES, MOST_TEXTS, ROOM, sketch_loop
from dedup.kernels.compiled_tokens import most_tokens, scratch_words
from dedup.kernels.hashing import WeightTable, powers, slot_bits, slots_marked
from dedup.kernels.reference_segments import WRAP_LEAST

name = "compiled"

_MOST_KEPT = 8 << 20
_STRETCH = 1 << 12


class _Memory(threading.local):
    """Scratch memory of each thread, kept from call to call: pages that are new cost more than the work on them."""

    def __init__(self) -> None:
        self.words: U64 = np.empty(0, dtype=np.uint64)

    def get(self, count: int) -> U64:
        """At least `count` words, from the beginning of a cache line."""
        if count <= self.words.size:
            return self.words
        padded = np.empty(count + 8, dtype=np.uint64)
        words = padded[-(padded.ctypes.data // 8) % 8 :]
        if count <= _MOST_KEPT // 8:
            self.words = words
        return words


_memory = _Memory()


def tokenise(data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
    """See `Kernels.tokenise`."""
    most = most_tokens(data)
    hashes = np.empty(most, dtype=np.uint64)
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    token_offsets = np.empty(offsets.size, dtype=np.int64)
    count = tokenise_loop(data, offsets, index, pages.reshape(-1), hashes, starts, ends, token_offsets)
    return Tokens(hashes[:count].copy(), starts[:count].copy(), ends[:count].copy(), token_offsets)


def hash_tokens(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64) -> Ragged:
    """See `Kernels.hash_tokens`."""
    longest = int((ends - starts).max(initial=0))
    # Hashes are written a vector at a time; what is not touched costs nothing.
    hashes = np.empty(int((ends - starts).sum()) + 64, dtype=np.uint64)
    row_offsets = np.empty(starts.size + 1, dtype=np.int64)
    memory = _memory.get(scratch_words(longest))
    count = hash_loop(data, starts, ends, index, pages.reshape(-1), longest, memory, hashes, row_offsets)
    return Ragged(hashes[:count], row_offsets)


def sketch(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, plan: SketchPlan) -> Sketches:
    """See `Kernels.sketch`."""
    count = starts.size
    used = plan.bands * plan.rows
    blocks, order = _blocks(plan.a[:used], plan.b[:used]), _band_order(plan.bands, plan.rows)
    longest = max(int((ends - starts).max(initial=0)), ROOM)
    # Every second byte may end a token, and a text has fewer shingles than tokens; most texts have far fewer.
    most = 2 * longest + 256
    parts = _divide(
        scratch_words(longest), most, most // 2 + AHEAD, most // 2, most // 2 + AHEAD,
        order.size // 2 + int(LANES), int(LANES), MOST_TEXTS, MOST_TEXTS + 1,
    )  # fmt: skip
    scratch, shingles, values = parts[0], parts[1], parts[6]
    halves, staged, row, signature = (parts[place].view(np.uint32) for place in (2, 3, 4, 5))
    places, bounds = (part.view(np.int64) for part in parts[7:])
    most = int((ends - starts).sum()) + 64 if plan.sample else 0
    seen = np.empty(4 * longest + 64 if plan.sample else 0, dtype=np.uint32)
    samples, sample_offsets = np.empty(most, dtype=np.uint32), np.empty(count + 1, dtype=np.int64)
    keys = np.empty((plan.bands, count), dtype=np.uint32)
    digests, lengths = np.empty(count, dtype=np.uint64), np.empty(count, dtype=np.int64)
    firsts, lasts = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
    triggered = np.zeros(count, dtype=np.uint64)
    sketch_loop(
        data, starts, ends, index, pages.reshape(-1), plan.size, blocks, plan.bands, plan.rows,
        np.uint64(max(plan.sample, 1) - 1), plan.sample > 0, *plan.triggers, bool(plan.triggers.slots.any()),
        order, _POWERS, longest, scratch, shingles, halves, staged, row, signature, values, seen, places, bounds,
        digests, lengths, keys.reshape(-1), samples, sample_offsets, firsts, lasts, triggered,
    )  # fmt: skip
    rows = Samples(samples[: sample_offsets[-1]].copy(), sample_offsets)
    return Sketches(digests, lengths, keys, rows, *sample_levels(rows), firsts, lasts, triggered)


_POWERS = powers(POWERS + 1)


@cache
def _band_order(bands: int, rows: int) -> U32:
    """Where in the blocks the value of each row of each band is, row by row of all bands; whole vectors of places."""
    places = np.arange(bands * rows).reshape(bands, rows).T.reshape(-1)
    places = np.append(places, np.zeros(-places.size % 32, dtype=np.int64))
    return np.asarray(places // BLOCK * (3 * BLOCK) + 2 * BLOCK + places % BLOCK, dtype=np.uint32)


def _divide(*sizes: int) -> list[U64]:
    """Scratch memory in parts of as many words, each from the beginning of a cache line."""
    ends = np.cumsum([size + -size % 8 for size in sizes]).tolist()
    memory = _memory.get(ends[-1])
    return [memory[begin : begin + size] for begin, size in zip([0, *ends], sizes, strict=False)]


def _blocks(a: U32, b: U32) -> U32:
    """Factors, terms and room for the signature of each block of permutations."""
    n_blocks = -(-a.size // BLOCK)
    blocks = np.zeros((n_blocks, 3, BLOCK), dtype=np.uint32)
    padding = np.zeros(n_blocks * BLOCK - a.size, dtype=np.uint32)
    blocks[:, 0] = np.append(a, padding).reshape(n_blocks, BLOCK)
    blocks[:, 1] = np.append(b, padding).reshape(n_blocks, BLOCK)
    return blocks.reshape(-1)


def segment(data: U8, offsets: I64) -> Ranges:
    """See `Kernels.segment`."""
    most = int(count_newlines(data)) + offsets.size
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    segment_offsets = np.zeros(offsets.size, dtype=np.int64)
    flags, bits = np.empty(WINDOW, dtype=np.uint8), np.empty(WINDOW // 8, dtype=np.uint8)
    views = (flags, flags.view(np.uint64), bits, bits.view(np.uint64))
    # Memory that is not touched costs nothing.
    lines = min(most, data.size // (WRAP_LEAST // 2) + 2)
    hashes = np.empty(lines, dtype=np.uint64)
    count = segment_loop(data, offsets, starts, ends, segment_offsets, *views, hashes)
    return Ranges(starts[:count].copy(), ends[:count].copy(), segment_offsets)


def shingle(hashes: U64, offsets: I64, size: int) -> Ragged:
    """See `Kernels.shingle`."""
    lengths = np.diff(offsets)
    row_offsets = np.zeros(offsets.size, dtype=np.int64)
    np.cumsum(np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1)), out=row_offsets[1:])
    values = np.empty(row_offsets[-1], dtype=np.uint64)
    shingle_loop(hashes, offsets, size, values, row_offsets)
    return Ragged(values, row_offsets)


def digest(hashes: U64, offsets: I64) -> U64:
    """See `Kernels.digest`."""
    digests = np.empty(offsets.size - 1, dtype=np.uint64)
    digest_loop(hashes, offsets, digests)
    return digests


def minhash(shingles: U64, offsets: I64, a: U32, b: U32) -> U32:
    """See `Kernels.minhash`."""
    signatures = np.empty((offsets.size - 1, a.size), dtype=np.uint32)
    halves = np.empty(_STRETCH + 8, dtype=np.uint32)
    minhash_loop(shingles, offsets, _blocks(a, b), halves, signatures.reshape(-1), a.size)
    return signatures


def band_keys(signatures: U32, bands: int, rows: int) -> U32:
    """See `Kernels.band_keys`."""
    keys = np.empty((bands, signatures.shape[0]), dtype=np.uint32)
    band_keys_loop(signatures.reshape(-1), signatures.shape[1], bands, rows, keys.reshape(-1))
    return keys


def count_rows(rows: Ragged, chosen: I64 | None = None) -> CountedRows:
    """See `Kernels.count_rows`."""
    chosen = np.arange(rows.offsets.size - 1) if chosen is None else chosen
    lengths = np.diff(rows.offsets)[chosen]
    total = int(lengths.sum()) + 1
    distinct, counts = np.empty(total, dtype=np.uint64), np.empty(total, dtype=np.int64)
    row_offsets = np.empty(chosen.size + 1, dtype=np.int64)
    table = _table(int(lengths.max(initial=0)))
    count = count_rows_loop(rows.values, rows.offsets, chosen, table, distinct, counts, row_offsets)
    return CountedRows(distinct[:count], row_offsets, counts[:count])


def _table(longest: int) -> U32:
    """Room for the places of up to so many values."""
    return _memory.get(4 * longest + 64).view(np.uint32)


def look_up(table: WeightTable, values: U64, missing: float) -> F64:
    """See `Kernels.look_up`."""
    found = np.empty(values.size, dtype=np.float64)
    look_up_loop(table.entries, table.entries.view(np.float64), table.bits, values, np.array([missing]), found)
    return found


def distinct_rows(rows: Ragged) -> Ragged:
    """See `Kernels.distinct_rows`."""
    longest = int(np.diff(rows.offsets).max(initial=0))
    distinct, row_offsets = np.empty(rows.values.size + 1, dtype=np.uint64), np.empty_like(rows.offsets)
    count = distinct_rows_loop(rows.values, rows.offsets, _table(longest), distinct, row_offsets)
    return Ragged(distinct[:count], row_offsets)


def shingle_sets(hashes: U64, offsets: I64, size: int) -> Ragged:
    """See `Kernels.shingle_sets`."""
    longest = int((offsets[1:] - offsets[:-1]).max(initial=0))
    distinct, row_offsets = np.empty(hashes.size + 1, dtype=np.uint64), np.empty_like(offsets)
    count = shingle_sets_loop(hashes, offsets, size, _table(longest), distinct, row_offsets)
    return Ragged(distinct[:count], row_offsets)


def count_common(rows: Ragged, left: I64, right: I64, least: I64) -> I64:
    """See `Kernels.count_common`."""
    longest = int((rows.offsets[1:] - rows.offsets[:-1])[left].max(initial=0))
    counts = np.empty(left.size, dtype=np.int64)
    count_common_loop(rows.values, rows.offsets, left, right, least, _table(longest), counts)
    return counts


def dot_common(rows: Ragged, weights: F64, left: I64, right: I64) -> F64:
    """See `Kernels.dot_common`."""
    longest = int((rows.offsets[1:] - rows.offsets[:-1])[left].max(initial=0))
    sums = np.empty(left.size, dtype=np.float64)
    dot_common_loop(rows.values, rows.offsets, weights, left, right, _table(longest), sums)
    return sums


def equal_rows(rows: Ragged, left: I64, right: I64) -> Bool:
    """See `Kernels.equal_rows`."""
    equal = np.empty(left.size, dtype=np.bool_)
    equal_rows_loop(rows.values, rows.offsets, left, right, equal)
    return equal


def anchor(left: I64, right: I64, count: int) -> I64:
    """See `Kernels.anchor`."""
    representative = np.full(count, -1, dtype=np.int64)
    anchor_loop(left, right, representative)
    return representative


def sample_levels(samples: Samples) -> tuple[U8, I64]:
    """For each row the level at which it is looked for, and how many values it has there."""
    count = samples.offsets.size - 1
    levels, counts = np.empty(count, dtype=np.uint8), np.empty(count, dtype=np.int64)
    sample_levels_loop(samples.values, samples.offsets, np.empty(33, dtype=np.int64), levels, counts)
    return levels, counts


def repeated_keys(keys: U32, owners: I64) -> U64:
    """See `Kernels.repeated_keys`."""
    entries, bits = np.empty(keys.size + 1, dtype=np.uint64), slot_bits(keys.size)
    return entries[: repeated_keys_loop(keys, owners, bits, _slots(bits), entries)].copy()


def mark_samples(samples: Samples, owners: I64, levels: U8, low: int, high: int, marks: U64) -> None:
    """See `Kernels.mark_samples`."""
    mark_samples_loop(*samples, owners, levels, np.uint64(low), np.uint64(high), slots_marked(marks), marks)


def post_repeated(samples: Samples, owners: I64, low: int, high: int, marks: U64) -> U64:
    """See `Kernels.post_repeated`."""
    entries = np.empty(samples.values.size + 1, dtype=np.uint64)
    count = post_repeated_loop(*samples, owners, np.uint64(low), np.uint64(high), slots_marked(marks), marks, entries)
    return entries[:count]


def _slots(bits: int) -> U64:
    """Room for two bits a slot."""
    return _memory.get(2 << (bits - 6))


def link(entries: U64, start: int, cap: int, links: int, levels: U8, most: int) -> Links:
    """See `Kernels.link`."""
    pairs, state = np.empty(most + max(cap, links), dtype=np.uint64), np.zeros(2, dtype=np.int64)
    count = link_loop(entries, start, cap, links, levels, pairs, state)
    # Pairs are held for long, and the room for most of them must not be held with a few.
    found = pairs[:count] if 2 * count > pairs.size else pairs[:count].copy()
    return Links(found, int(state[0]), int(state[1]))


def components(left: I64, right: I64, count: int) -> I64:
    """See `Kernels.components`."""
    root = np.arange(count)
    components_loop(left, right, root)
    return root


def add_counts(values: U64, counts: I64, more: U64, more_counts: I64) -> tuple[U64, I64]:
    """See `Kernels.add_counts`."""
    if values.size == 0 or more.size == 0:
        return (values, counts) if more.size == 0 else (more, more_counts)
    union, sums = np.empty(values.size + more.size, dtype=np.uint64), np.empty(values.size + more.size, dtype=np.int64)
    size = add_counts_loop(values, counts, more, more_counts, union, sums)
    return union[:size], sums[:size]


def enough_shared(pairs: U64, counts: I64, levels: U8, sizes: I64, share: tuple[int, int]) -> U64:
    """See `Kernels.enough_shared`."""
    kept = np.empty(pairs.size + 1, dtype=np.uint64)
    return kept[: enough_shared_loop(pairs, counts, levels, sizes, *share, kept)]
