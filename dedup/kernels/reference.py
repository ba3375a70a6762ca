"""The kernels in NumPy: the oracle, and the path of small inputs. Contracts are in `dedup.kernels.Kernels`."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import (
    F64,
    I64,
    U8,
    U32,
    U64,
    Bool,
    Comparisons,
    CountedRows,
    Ragged,
    Samples,
    Sketches,
    SketchPlan,
    Tokens,
)
from dedup.kernels.hashing import (
    MULTIPLIER,
    POLYNOMIAL,
    SEED,
    SPACE,
    TriggerTable,
    WeightTable,
    finish,
    finish_shingle,
    powers,
)
from dedup.kernels.reference_arrivals import group_entries, pair_arrivals
from dedup.kernels.reference_bigrams import count_bigrams, meet_bigrams, post_bigrams
from dedup.kernels.reference_characters import decode, folded_lengths, hash_folded, sum_rows
from dedup.kernels.reference_groups import add_counts, enough_shared, link, sample_levels
from dedup.kernels.reference_places import count_marks, find
from dedup.kernels.reference_ranges import gather_ranges
from dedup.kernels.reference_repeats import mark_samples, post_repeated, repeated_keys
from dedup.kernels.reference_returns import densest_returns
from dedup.kernels.reference_screening import screen
from dedup.kernels.reference_segments import segment
from dedup.kernels.reference_tables import check_words, find_members, sum_blocks
from dedup.kernels.reference_terms import mark_terms
from dedup.kernels.reference_texts import digest_texts, same_bytes

__all__ = [
    "add_counts",
    "anchor",
    "band_keys",
    "check_words",
    "compare_rows",
    "components",
    "count_bigrams",
    "count_common",
    "count_marks",
    "count_rows",
    "densest_returns",
    "digest",
    "digest_texts",
    "distinct_rows",
    "dot_common",
    "enough_shared",
    "equal_rows",
    "find",
    "find_members",
    "gather_ranges",
    "group_entries",
    "hash_tokens",
    "link",
    "look_up",
    "mark_samples",
    "mark_terms",
    "meet_bigrams",
    "minhash",
    "name",
    "pair_arrivals",
    "post_bigrams",
    "post_repeated",
    "repeated_keys",
    "same_bytes",
    "screen",
    "segment",
    "shingle",
    "shingle_sets",
    "sketch",
    "sum_blocks",
    "tokenise",
]

name = "numpy"

_BLOCK_BYTES = 1 << 20

Hash = TypeVar("Hash", np.uint32, np.uint64)


def tokenise(data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
    """See `Kernels.tokenise`. Works through about a megabyte of texts at a time, to bound its memory."""
    blocks = []
    first = 0
    while first < offsets.size - 1:
        last = int(np.searchsorted(offsets, offsets[first] + _BLOCK_BYTES, side="right")) - 1
        last = min(max(last, first + 1), offsets.size - 1)
        base = int(offsets[first])
        block = _tokenise_block(data[base : offsets[last]], offsets[first : last + 1] - base, index, pages)
        blocks.append(Tokens(block.hashes, block.starts + base, block.ends + base, np.diff(block.offsets)))
        first = last
    if not blocks:
        empty = np.zeros(0, dtype=np.int64)
        return Tokens(np.zeros(0, dtype=np.uint64), empty, empty, np.zeros(1, dtype=np.int64))
    counts = np.concatenate([block.offsets for block in blocks])
    return Tokens(
        np.concatenate([block.hashes for block in blocks]),
        np.concatenate([block.starts for block in blocks]),
        np.concatenate([block.ends for block in blocks]),
        np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]),
    )


def _tokenise_block(data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
    positions, widths, codepoints = decode(data)
    entries = pages[index[codepoints >> 8], codepoints & 0xFF]
    # A separator behind each text keeps its last token from running into the next text.
    text_ends = np.searchsorted(positions, offsets[1:])
    positions = np.insert(positions, text_ends, offsets[1:])
    widths = np.insert(widths, text_ends, 0)
    entries = np.insert(entries, text_ends, SPACE)

    lengths = folded_lengths(entries)
    characters = np.repeat(np.arange(entries.size), lengths)
    within = np.arange(characters.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    folded = ((entries[characters] >> (within.astype(np.uint64) * np.uint64(8))) & np.uint64(0xFF)).astype(np.uint64)
    word = np.zeros(folded.size + 2, dtype=np.int8)
    word[1:-1] = folded != SPACE
    edges = np.diff(word)
    token_starts, token_ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    starts = positions[characters[token_starts]]
    last_characters = characters[token_ends - 1]
    ends = positions[last_characters] + widths[last_characters]
    return Tokens(hash_folded(folded, token_starts, token_ends), starts, ends, np.searchsorted(starts, offsets))


def hash_tokens(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64) -> Ragged:
    """See `Kernels.hash_tokens`."""
    offsets = np.zeros(starts.size + 1, dtype=np.int64)
    np.cumsum(ends - starts, out=offsets[1:])
    ranges = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    tokens = tokenise(np.concatenate([np.zeros(0, dtype=np.uint8), *ranges]), offsets, index, pages)
    return Ragged(tokens.hashes, tokens.offsets)


def sketch(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, plan: SketchPlan) -> Sketches:
    """See `Kernels.sketch`."""
    tokens = hash_tokens(data, starts, ends, index, pages)
    lengths = np.diff(tokens.offsets)
    long = lengths >= plan.size
    shingles = shingle(*tokens, plan.size)
    keys = np.zeros((0, lengths.size), dtype=np.uint32)
    if plan.bands:
        keys = band_keys(minhash(*shingles, plan.a, plan.b), plan.bands, plan.rows)
    samples = Samples(np.zeros(0, dtype=np.uint32), np.zeros(lengths.size + 1, dtype=np.int64))
    if plan.sample:
        chosen = shingles.values & np.uint64(plan.sample - 1) == 0
        chosen &= np.repeat(long, np.diff(shingles.offsets))
        places = np.append(0, np.cumsum(chosen, dtype=np.int64))[shingles.offsets]
        samples = Samples(*distinct_in_rows((shingles.values[chosen] >> np.uint64(32)).astype(np.uint32), places))
    firsts, lasts = np.zeros(lengths.size, dtype=np.uint64), np.zeros(lengths.size, dtype=np.uint64)
    firsts[long] = shingles.values[shingles.offsets[:-1][long]]
    lasts[long] = shingles.values[shingles.offsets[1:][long] - 1]
    triggered = _triggered(tokens, plan.triggers)
    return Sketches(digest(*tokens), lengths, keys, samples, *sample_levels(samples), firsts, lasts, triggered)


def _triggered(tokens: Ragged, triggers: TriggerTable) -> U64:
    """The bits of the conditions that each row of tokens meets."""
    used = np.flatnonzero(triggers.slots)
    used = used[np.argsort(triggers.slots[used])]
    ordered = triggers.slots[used]
    # One more, of no bits, for the tokens that are not in the table.
    keyword_bits, beside_bits = (np.append(bits[used], np.uint64(0)) for bits in (triggers.keywords, triggers.beside))
    places = np.searchsorted(ordered, tokens.values)
    known = np.append(ordered, np.uint64(0))[places] == tokens.values
    places[~known] = ordered.size
    keywords, beside = np.zeros((2, tokens.offsets.size - 1), dtype=np.uint64)
    owners = np.repeat(np.arange(tokens.offsets.size - 1), np.diff(tokens.offsets))
    np.bitwise_or.at(keywords, owners, keyword_bits[places])
    np.bitwise_or.at(beside, owners, beside_bits[places])
    return keywords & (beside | triggers.free)


def shingle(hashes: U64, offsets: I64, size: int) -> Ragged:
    """See `Kernels.shingle`."""
    lengths = np.diff(offsets)
    counts = np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1))
    row_offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    rows = np.repeat(np.arange(lengths.size), counts)
    positions = offsets[rows] + np.arange(rows.size) - row_offsets[rows]
    terms = np.minimum(lengths, size)[rows]
    values = np.zeros(rows.size, dtype=np.uint64)
    for step in range(min(size, int(lengths.max(initial=0)))):
        inside = step < terms
        extended = values * POLYNOMIAL + hashes[np.where(inside, positions + step, 0)]
        values = np.where(inside, extended, values)
    return Ragged(finish_shingle(values), row_offsets)


def shingle_sets(hashes: U64, offsets: I64, size: int) -> Ragged:
    """See `Kernels.shingle_sets`."""
    return distinct_rows(shingle(hashes, offsets, size))


def digest(hashes: U64, offsets: I64) -> U64:
    """See `Kernels.digest`: Σ h_i · P^i over the tokens of a row, finished with their number."""
    lengths = np.diff(offsets)
    within = np.arange(hashes.size) - np.repeat(offsets[:-1], lengths)
    terms = hashes * powers(int(lengths.max(initial=0)))[within] if hashes.size else hashes
    return finish(sum_rows(terms, offsets[:-1], lengths), lengths.astype(np.uint64))


def minhash(shingles: U64, offsets: I64, a: U32, b: U32) -> U32:
    """See `Kernels.minhash`. A row without shingles keeps the scheme's empty value, 2**32 - 1."""
    hashed = mix32((shingles >> np.uint64(32)).astype(np.uint32))
    signatures = np.full((offsets.size - 1, a.size), 0xFFFFFFFF, dtype=np.uint32)
    filled = np.flatnonzero(np.diff(offsets) > 0)
    if filled.size:
        starts = offsets[filled]
        for permutation in range(a.size):
            permuted = a[permutation] * hashed + b[permutation]
            signatures[filled, permutation] = np.minimum.reduceat(permuted, starts)
    return signatures


def band_keys(signatures: U32, bands: int, rows: int) -> U32:
    """See `Kernels.band_keys`."""
    keys = np.empty((bands, signatures.shape[0]), dtype=np.uint32)
    for band in range(bands):
        value = np.full(signatures.shape[0], SEED, dtype=np.uint64)
        for row in range(band * rows, (band + 1) * rows):
            value = (value ^ signatures[:, row]) * MULTIPLIER
            value ^= value >> np.uint64(32)
        keys[band] = (value * MULTIPLIER) >> np.uint64(32)
    return keys


def mix32(values: U32) -> U32:
    """The 32-bit finaliser of MurmurHash3 (Appleby 2011), a bijection."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ (values >> np.uint32(13))
    values = values * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def distinct_rows(rows: Ragged) -> Ragged:
    """See `Kernels.distinct_rows`."""
    return Ragged(*distinct_in_rows(*rows))


def distinct_in_rows(values: NDArray[Hash], offsets: I64) -> tuple[NDArray[Hash], I64]:
    """The distinct values of each row, in the order in which they first come up, and the rows' new offsets."""
    rows = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    order = np.lexsort((values, rows))
    new = np.ones(values.size, dtype=np.bool_)
    new[1:] = (np.diff(rows[order]) != 0) | (values[order][1:] != values[order][:-1])
    firsts = np.sort(order[new])
    return values[firsts], np.searchsorted(firsts, offsets)


def count_rows(rows: Ragged, chosen: I64 | None = None) -> CountedRows:
    """See `Kernels.count_rows`."""
    chosen = np.arange(rows.offsets.size - 1) if chosen is None else chosen
    lengths = np.diff(rows.offsets)[chosen]
    owners = np.repeat(np.arange(chosen.size), lengths)
    within = np.arange(owners.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = rows.values[rows.offsets[chosen][owners] + within]
    order = np.lexsort((values, owners))
    owners, values = owners[order], values[order]
    new = np.ones(values.size, dtype=np.bool_)
    new[1:] = (owners[1:] != owners[:-1]) | (values[1:] != values[:-1])
    firsts = np.flatnonzero(new)
    counts = np.diff(np.append(firsts, values.size))
    # Stable sorting leaves the first of equal values before the others.
    as_they_came = np.argsort(order[firsts])
    firsts, counts = firsts[as_they_came], counts[as_they_came]
    return CountedRows(values[firsts], np.searchsorted(owners[firsts], np.arange(chosen.size + 1)), counts)


def look_up(table: WeightTable, values: U64, missing: float) -> F64:
    """See `Kernels.look_up`."""
    hashes, weights = table.entries[::2], table.entries.view(np.float64)[1::2]
    slots = np.minimum(np.searchsorted(hashes, values), hashes.size - 1)
    weights = np.where(hashes[slots] == values, weights[slots], np.nan)
    return np.where(np.isnan(weights), missing, weights)


def _common(rows: Ragged, left: I64, right: I64) -> tuple[I64, I64, I64]:
    """(pair, place in the left row, place in the right row) of each shared value, by pair and value."""
    places, owners = [], []
    for side in (left, right):
        lengths = rows.offsets[side + 1] - rows.offsets[side]
        owner = np.repeat(np.arange(side.size), lengths)
        first = np.cumsum(lengths) - lengths
        places.append(rows.offsets[side][owner] + np.arange(owner.size) - first[owner])
        owners.append(owner)
    place, owner = np.concatenate(places), np.concatenate(owners)
    values = rows.values[place]
    # Stable, so that of two equal values the left row's comes first.
    order = np.lexsort((values, owner))
    place, owner, values = place[order], owner[order], values[order]
    shared = np.flatnonzero((owner[1:] == owner[:-1]) & (values[1:] == values[:-1]))
    return owner[shared], place[shared], place[shared + 1]


def count_common(rows: Ragged, left: I64, right: I64, least: I64) -> I64:
    """See `Kernels.count_common`."""
    pairs, _, _ = _common(rows, left, right)
    counts = np.bincount(pairs, minlength=left.size).astype(np.int64)
    return np.where(counts < least, 0, counts)


def dot_common(rows: Ragged, weights: F64, left: I64, right: I64) -> F64:
    """See `Kernels.dot_common`. `bincount` adds one after the other, as a loop does."""
    pairs, left_places, right_places = _common(rows, left, right)
    order = np.lexsort((right_places, pairs))
    products = (weights[left_places] * weights[right_places])[order]
    return np.bincount(pairs[order], products, minlength=left.size).astype(np.float64)


def equal_rows(rows: Ragged, left: I64, right: I64) -> Bool:
    """See `Kernels.equal_rows`."""
    lengths = rows.offsets[left + 1] - rows.offsets[left]
    equal: Bool = lengths == rows.offsets[right + 1] - rows.offsets[right]
    compared = np.where(equal, lengths, 0)
    owner = np.repeat(np.arange(left.size), compared)
    within = np.arange(owner.size) - (np.cumsum(compared) - compared)[owner]
    differ = rows.values[rows.offsets[left][owner] + within] != rows.values[rows.offsets[right][owner] + within]
    equal[owner[differ]] = False
    return equal


def compare_rows(rows: Ragged, size: int, table: WeightTable, missing: float) -> Comparisons:
    """See `Kernels.compare_rows`."""
    left = np.arange(rows.offsets.size - 2)
    right = np.full(left.size, left.size)
    shingles = distinct_rows(shingle(*rows, size))
    sizes = np.diff(shingles.offsets)
    longer, shorter = np.where(sizes[left] >= sizes[right], (left, right), (right, left))
    common = count_common(shingles, longer, shorter, np.zeros(left.size, dtype=np.int64)).astype(np.float64)
    exact = equal_rows(rows, left, right)
    terms = count_rows(rows)
    weights = terms.counts * look_up(table, terms.values, missing)
    distinct = Ragged(terms.values, terms.offsets)
    norms = np.sqrt(dot_common(distinct, weights, np.arange(left.size + 1), np.arange(left.size + 1)))
    dots = dot_common(distinct, weights, longer, shorter)
    scores = np.zeros((left.size, 4), dtype=np.float64)
    wholes = (sizes[left] + sizes[right] - common, sizes[left], sizes[right], norms[longer] * norms[shorter])
    for column, (part, whole) in enumerate(zip((common, common, common, dots), wholes, strict=True)):
        np.divide(part, whole, out=scores[:, column], where=whole > 0)
    scores[:, 3] = np.where(exact, 1.0, np.minimum(scores[:, 3], 1.0))
    return Comparisons(exact, scores)


def components(left: I64, right: I64, count: int) -> I64:
    """See `Kernels.components`. Labels fall to the least one around, until none falls."""
    label = np.arange(count)
    while True:
        least = np.minimum(label[left], label[right])
        lowered = label.copy()
        np.minimum.at(lowered, label[left], least)
        np.minimum.at(lowered, label[right], least)
        lowered = lowered[lowered]
        if np.array_equal(lowered, label):
            return label
        label = lowered


def anchor(left: I64, right: I64, count: int) -> I64:
    """See `Kernels.anchor`."""
    representative = [-1] * count
    for earlier, later in zip(left.tolist(), right.tolist(), strict=True):
        if representative[later] < 0 and representative[earlier] < 0:
            representative[later] = earlier
    return np.array(representative, dtype=np.int64)
