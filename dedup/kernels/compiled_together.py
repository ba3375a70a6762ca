"""Sketching texts, short ones together; what is done to each is told in `dedup.kernels.compiled_sketch`.

A loop over a text of fifty words spends as long on its beginning and its end as in between. So texts of ASCII that
follow one another are folded side by side into one buffer, and their tokens are found, hashed, looked for and combined
to shingles by one loop over all of them. From there on each text goes by itself.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.compiled_characters import hash_any_text
from dedup.kernels.compiled_sketch import (
    BLOCK,
    clear_signature,
    combine,
    is_stepped,
    lower,
    mix_halves,
    sum_with_powers,
)
from dedup.kernels.compiled_tokens import (
    Scratch,
    carve,
    classify,
    find_edges,
    finish,
    has_high,
    hash_runs,
    pack_flags,
)
from dedup.kernels.compiled_triggers import find_conditions
from dedup.kernels.hashing import MULTIPLIER, SEED
from dedup.kernels.jit import Integer, compiled, exported

ROOM = 8192
"""Bytes of texts that go together: what is made of them stays in the cache. A longer text goes alone."""

MOST_TEXTS = 128
"""Texts that go together."""

LANES = np.uint64(24)
"""Bands that are hashed side by side: three vectors, so that one waits for its product while the others are at work."""

AHEAD = 64
"""Values that are copied at a time; arrays that are copied from have room for as many behind their last."""


@compiled
def _fold(data: U8, starts: I64, ends: I64, first: Integer, places: I64, scratch: Scratch) -> tuple[Integer, Integer]:
    """Fold and flag texts of ASCII from the first on; how many they are, and the bytes that they take.

    A text takes whole words of 64 bytes, and at least one byte more than it has, so that no token runs into the next.
    """
    place: Integer = 0
    text = first
    while text < starts.size and text - first < MOST_TEXTS:
        length = ends[text] - starts[text]
        whole = (length + 64) & ~63
        if (place > 0 and place + whole > ROOM) or starts[text] + whole > data.size:
            break
        if has_high(data, starts[text], 64) or classify(
            data, starts[text], whole, scratch.folded[place:], scratch.flags[place:]
        ):
            break
        places[text - first] = place
        place += whole
        text += 1
    return text - first, place


@compiled
def _hash(
    data: U8,
    starts: I64,
    ends: I64,
    first: Integer,
    index: NDArray[np.uint16],
    pages: U64,
    scratch: Scratch,
    places: I64,
    bounds: I64,
) -> Integer:
    """Hash the tokens of some texts from the first on; how many texts they are.

    `bounds` gets the place of each text's first token, and behind them the number of tokens. `places` is scratch.
    """
    n_texts, size = _fold(data, starts, ends, first, places, scratch)
    bounds[0] = 0
    if n_texts == 0:
        # Of other characters, or so near the end of the data that no whole vector can be read.
        bounds[1] = hash_any_text(data, starts[first], ends[first], index, pages, scratch)
        return np.int64(1)
    pack_flags(scratch.flag_words, size >> 3, scratch.bits)
    count: Integer = 0
    for number in range(n_texts):
        text = first + number
        count = find_edges(scratch.bit_words, places[number] >> 6, ends[text] - starts[text], scratch.edges, count)
        bounds[number + 1] = count
    hash_runs(count, scratch, scratch.hashes)
    return n_texts


@compiled
def _stage(shingles: U64, count: Integer, mask: np.uint64, staged: U32) -> Integer:
    """The places of the shingles whose masked bits are zero; their number. There is room for one more."""
    # Each is written, and the next one over it if it was not to be: no branch that one in eight takes.
    total = np.uint64(0)
    for place in range(np.uint64(count)):
        staged[total] = np.uint32(place)
        total += np.uint64(shingles[place] & mask == np.uint64(0))
    return np.int64(total)


@compiled
def _choose(
    shingles: U64, staged: U32, begin: Integer, end: Integer, seen: U32, chosen: U32, first: Integer
) -> Integer:
    """Append the distinct upper halves of the shingles at some places; where they end.

    `seen` has room for eight times as many as there are places.
    """
    if begin == end:
        return first
    size = np.uint64(64)
    while size < np.uint64(4 * (end - begin)):
        size += size
    for slot in range(size):
        seen[slot] = np.uint32(0)
    saw_zero = False
    filled = np.uint64(first)
    for place in range(np.uint64(begin), np.uint64(end)):
        value = np.uint32(shingles[np.uint64(staged[place])] >> np.uint64(32))
        at = np.uint64(value) & (size - np.uint64(1))
        while seen[at] != np.uint32(0) and seen[at] != value:
            at = (at + np.uint64(1)) & (size - np.uint64(1))
        new = seen[at] != value or (value == np.uint32(0) and not saw_zero)
        saw_zero |= value == np.uint32(0)
        seen[at] = value
        chosen[filled] = value
        filled += np.uint64(new)
    return np.int64(filled)


@compiled
def _copy_row(halves: U32, first: Integer, count: Integer, row: U32) -> None:
    """Copy the mixed halves of one text, padded to a multiple of eight by repeating the last."""
    begin = np.uint64(first)
    for place in range(np.uint64((count + AHEAD - 1) & ~(AHEAD - 1))):
        row[place] = halves[begin + place]
    for place in range(8):
        row[count + place] = row[count - 1]


@compiled
def _hash_bands(
    blocks: U32, order: U32, bands: Integer, rows: Integer, signature: U32, values: U64, keys: U32, text: Integer,
    n_texts: Integer,
) -> None:  # fmt: skip
    """Write the band keys of one text, whose signature is in the blocks."""
    for place in range(np.uint64(order.size)):
        signature[place] = blocks[np.uint64(order[place])]
    for group in range((np.uint64(bands) + LANES - np.uint64(1)) // LANES):
        first = group * LANES
        for lane in range(LANES):
            values[lane] = SEED
        for row in range(rows):
            begin = np.uint64(row * bands) + first
            for lane in range(LANES):
                mixed = (values[lane] ^ np.uint64(signature[begin + lane])) * MULTIPLIER
                values[lane] = mixed ^ (mixed >> np.uint64(32))
        for lane in range(LANES):
            values[lane] = (values[lane] * MULTIPLIER) >> np.uint64(32)
        target = first * np.uint64(n_texts) + np.uint64(text)
        for lane in range(min(LANES, np.uint64(bands) - first)):
            keys[target] = np.uint32(values[lane])
            target += np.uint64(n_texts)


@exported
def sketch_loop(
    data: U8,
    starts: I64,
    ends: I64,
    index: NDArray[np.uint16],
    pages: U64,
    size: Integer,
    blocks: U32,
    bands: Integer,
    rows: Integer,
    mask: np.uint64,
    wants_samples: bool,
    trigger_slots: U64,
    trigger_keywords: U64,
    trigger_beside: U64,
    free: np.uint64,
    trigger_sieve: U64,
    beside_sieve: U64,
    wants_triggers: bool,
    order: U32,
    powers: U64,
    longest: Integer,
    memory: U64,
    shingles: U64,
    halves: U32,
    staged: U32,
    row: U32,
    signature: U32,
    values: U64,
    seen: U32,
    places: I64,
    bounds: I64,
    digests: U64,
    lengths: I64,
    keys: U32,
    samples: U32,
    sample_offsets: I64,
    firsts: U64,
    lasts: U64,
    triggered: U64,
) -> None:
    """Sketch the texts `data[starts[i]:ends[i]]`.

    `blocks` has factors, terms and signature of each block of permutations. `order` is where in it the value of row r
    of band b is, at `r * bands + b`: in this order `LANES` bands are hashed side by side; `values` has room for as
    many, and `signature` for as many more. `longest`: bytes of the longest text, at least `ROOM`; `places` and `bounds`
    have room for more than `MOST_TEXTS`.
    """
    scratch = carve(memory, longest)
    hashes = scratch.hashes
    n_blocks = blocks.size // (3 * BLOCK)
    n_texts = starts.size
    stepped: np.bool_ = np.bool_(True)
    for number in range(n_blocks):
        stepped &= is_stepped(
            blocks[number * 3 * BLOCK : (number + 1) * 3 * BLOCK], min(BLOCK, bands * rows - number * BLOCK)
        )
    sampled: Integer = 0
    sample_offsets[0] = 0
    first_text: Integer = 0
    while first_text < n_texts:
        together = _hash(data, starts, ends, first_text, index, pages, scratch, places, bounds)
        n_tokens = bounds[together]
        if wants_triggers:
            find_conditions(
                hashes, bounds, together, trigger_slots, trigger_keywords, trigger_beside, free, trigger_sieve,
                beside_sieve, scratch.flags, scratch.flag_words, scratch.bits, scratch.bit_words,
                triggered[first_text:],
            )  # fmt: skip
        # Those that have tokens of two texts are nobody's.
        n_shingles: Integer = 0
        n_staged: Integer = 0
        if n_tokens >= size:
            n_shingles = combine(hashes, n_tokens, size, shingles)
            if wants_samples:
                n_staged = _stage(shingles, n_shingles, mask, staged)
            if bands > 0:
                mix_halves(shingles, 0, n_shingles, halves)
        next_staged: Integer = 0
        for number in range(together):
            text = first_text + number
            first, count = bounds[number], bounds[number + 1] - bounds[number]
            digests[text] = finish(sum_with_powers(hashes, first, count, powers), np.uint64(count))
            lengths[text] = count
            own = count - size + 1
            if own > 0:
                firsts[text] = shingles[first]
                lasts[text] = shingles[first + own - 1]
                while next_staged < n_staged and staged[next_staged] < first:
                    next_staged += 1
                begin = next_staged
                while next_staged < n_staged and staged[next_staged] < first + own:
                    next_staged += 1
                sampled = _choose(shingles, staged, begin, next_staged, seen, samples, sampled)
                if bands > 0:
                    _copy_row(halves, first, own, row)
            elif bands > 0 and count > 0:
                own = combine(hashes[first:], count, size, values)
                mix_halves(values, 0, own, row)
            sample_offsets[text + 1] = sampled
            if bands > 0:
                for block_number in range(n_blocks):
                    block = blocks[block_number * 3 * BLOCK : (block_number + 1) * 3 * BLOCK]
                    clear_signature(block)
                    lower(row, max(own, 0), block, stepped)
                _hash_bands(blocks, order, bands, rows, signature, values, keys, text, n_texts)
        first_text += together
