"""The fused sketching kernel: from UTF-8 bytes to band keys in one pass a text, in loops that LLVM vectorises.

Each text goes through short loops over scratch arrays that stay in the cache: tokens are hashed, shingles combined, and
the affine permutations applied to eight or sixteen shingles at a time.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.compiled_tokens import carve, finish, hash_text
from dedup.kernels.compiled_triggers import conditions_met
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled, exported

BLOCK = 128
"""Permutations that are applied together; a signature is padded to a multiple of it."""

LANES = np.uint64(24)
"""Bands that are hashed side by side: three vectors, so that one waits for its product while the others are at work."""

STRIDE = 16
"""Permutations between one and the next that is a step from it: as many as a vector has lanes."""

POWERS = 512
"""Powers of the polynomial that a digest is summed with at a time."""


@compiled
def _combine(hashes: U64, count: Integer, size: Integer, shingles: U64) -> Integer:
    """The shingles of `count` tokens; their number."""
    if count < size:
        if count == 0:
            return np.int64(0)
        value = np.uint64(0)
        for token in range(count):
            value = value * POLYNOMIAL + hashes[token]
        value = (value ^ (value >> np.uint64(32))) * FINISHER
        shingles[0] = value ^ (value >> np.uint64(29))
        return np.int64(1)
    total = np.uint64(count - size + 1)
    if size == 5:
        # The default size, unrolled so that it is one vector loop.
        squared = POLYNOMIAL * POLYNOMIAL
        cubed = squared * POLYNOMIAL
        fourth = cubed * POLYNOMIAL
        for place in range(total):
            value = (
                hashes[place] * fourth
                + hashes[place + np.uint64(1)] * cubed
                + hashes[place + np.uint64(2)] * squared
                + hashes[place + np.uint64(3)] * POLYNOMIAL
                + hashes[place + np.uint64(4)]
            )
            value = (value ^ (value >> np.uint64(32))) * FINISHER
            shingles[place] = value ^ (value >> np.uint64(29))
        return np.int64(total)
    for place in range(total):
        shingles[place] = hashes[place]
    for step in range(1, size):
        ahead = np.uint64(step)
        for place in range(total):
            shingles[place] = shingles[place] * POLYNOMIAL + hashes[place + ahead]
    for place in range(total):
        value = shingles[place]
        value = (value ^ (value >> np.uint64(32))) * FINISHER
        shingles[place] = value ^ (value >> np.uint64(29))
    return np.int64(total)


@compiled
def mix_halves(shingles: U64, start: Integer, count: Integer, halves: U32) -> None:
    """The mixed upper halves of shingles, padded to a multiple of eight by repeating the last."""
    first = np.uint64(start)
    for place in range(np.uint64(count)):
        value = np.uint32(shingles[first + place] >> np.uint64(32))
        value = np.uint32(value ^ (value >> np.uint32(16)))
        value = np.uint32(value * np.uint32(0x85EBCA6B))
        value = np.uint32(value ^ (value >> np.uint32(13)))
        value = np.uint32(value * np.uint32(0xC2B2AE35))
        halves[place] = value ^ (value >> np.uint32(16))
    for place in range(8):
        halves[count + place] = halves[count - 1]


@compiled
def _least(
    factor: np.uint32,
    term: np.uint32,
    h0: np.uint32,
    h1: np.uint32,
    h2: np.uint32,
    h3: np.uint32,
    h4: np.uint32,
    h5: np.uint32,
    h6: np.uint32,
    h7: np.uint32,
) -> np.uint32:
    """The least value that one permutation gives to eight shingles."""
    low = min(
        min(np.uint32(factor * h0 + term), np.uint32(factor * h1 + term)),
        min(np.uint32(factor * h2 + term), np.uint32(factor * h3 + term)),
    )
    high = min(
        min(np.uint32(factor * h4 + term), np.uint32(factor * h5 + term)),
        min(np.uint32(factor * h6 + term), np.uint32(factor * h7 + term)),
    )
    return min(low, high)


@compiled
def _permute(halves: U32, count: Integer, block: U32) -> None:
    """Lower a block's signature by any permutations.

    Sixteen shingles are taken at a time, and what is left by eight. `block` holds factors, terms and signature one
    after the other: in one array at constant distances, so that no overlap needs to be ruled out.
    """
    for tile in range(np.uint64(count >> 4)):
        at = tile << np.uint64(4)
        h0, h1, h2, h3 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        at += np.uint64(4)
        h4, h5, h6, h7 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        at += np.uint64(4)
        g0, g1, g2, g3 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        at += np.uint64(4)
        g4, g5, g6, g7 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        for place in range(BLOCK):
            factor, term = block[place], block[BLOCK + place]
            least = min(
                _least(factor, term, h0, h1, h2, h3, h4, h5, h6, h7),
                _least(factor, term, g0, g1, g2, g3, g4, g5, g6, g7),
            )
            block[2 * BLOCK + place] = min(block[2 * BLOCK + place], least)
    for tile in range(np.uint64((count >> 4) << 1), np.uint64((count + 7) >> 3)):
        at = tile << np.uint64(3)
        h0, h1, h2, h3 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        at += np.uint64(4)
        h4, h5, h6, h7 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        for place in range(BLOCK):
            least = _least(block[place], block[BLOCK + place], h0, h1, h2, h3, h4, h5, h6, h7)
            block[2 * BLOCK + place] = min(block[2 * BLOCK + place], least)


@compiled
def is_stepped(block: U32, count: Integer) -> np.bool_:
    """Whether each of a block's permutations is the one `STRIDE` before it plus a step that all have in common."""
    same = np.bool_(True)
    for place in range(STRIDE, count):
        for half in range(0, 2 * BLOCK, BLOCK):
            at = half + place
            same &= np.uint32(block[at] - block[at - STRIDE]) == np.uint32(block[half + STRIDE] - block[half])
    return same


@compiled
def _permute_stepwise(halves: U32, count: Integer, block: U32) -> None:
    """What `_permute` does, for permutations that `is_stepped`.

    (a + i·s)·h + (b + i·t) is a·h + b and i times s·h + t: one product a shingle for `STRIDE` permutations and an
    addition for each of the others, which leaves half as many instructions.
    """
    stride, terms = np.uint64(STRIDE), np.uint64(BLOCK)
    factor, term = np.uint32(block[stride] - block[0]), np.uint32(block[terms + stride] - block[terms])
    for tile in range(np.uint64((count + 7) >> 3)):
        at = tile << np.uint64(3)
        h0, h1, h2, h3 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        at += np.uint64(4)
        h4, h5, h6, h7 = halves[at], halves[at + np.uint64(1)], halves[at + np.uint64(2)], halves[at + np.uint64(3)]
        s0, s1 = np.uint32(factor * h0 + term), np.uint32(factor * h1 + term)
        s2, s3 = np.uint32(factor * h2 + term), np.uint32(factor * h3 + term)
        s4, s5 = np.uint32(factor * h4 + term), np.uint32(factor * h5 + term)
        s6, s7 = np.uint32(factor * h6 + term), np.uint32(factor * h7 + term)
        for lane in range(stride):
            a, b = block[lane], block[terms + lane]
            v0, v1, v2, v3 = np.uint32(a * h0 + b), np.uint32(a * h1 + b), np.uint32(a * h2 + b), np.uint32(a * h3 + b)
            v4, v5, v6, v7 = np.uint32(a * h4 + b), np.uint32(a * h5 + b), np.uint32(a * h6 + b), np.uint32(a * h7 + b)
            for number in range(BLOCK // STRIDE):
                place = np.uint64(2 * BLOCK) + np.uint64(number) * stride + lane
                low = min(min(v0, v1), min(v2, v3))
                high = min(min(v4, v5), min(v6, v7))
                block[place] = min(block[place], min(low, high))
                v0, v1, v2, v3 = np.uint32(v0 + s0), np.uint32(v1 + s1), np.uint32(v2 + s2), np.uint32(v3 + s3)
                v4, v5, v6, v7 = np.uint32(v4 + s4), np.uint32(v5 + s5), np.uint32(v6 + s6), np.uint32(v7 + s7)


@compiled
def _lower(halves: U32, count: Integer, block: U32, stepped: np.bool_) -> None:
    """Lower the signature of one block of permutations to the least that `count` mixed shingles give."""
    if stepped:
        _permute_stepwise(halves, count, block)
    else:
        _permute(halves, count, block)


@compiled
def clear_signature(block: U32) -> None:
    """Begin a signature: the value of no shingle."""
    for place in range(BLOCK):
        block[2 * BLOCK + place] = np.uint32(0xFFFFFFFF)


@compiled
def _copy_signature(block: U32, count: Integer, target: U32, start: Integer) -> None:
    """Copy the first `count` values of a block's signature."""
    first = np.uint64(start)
    for place in range(np.uint64(count)):
        target[first + place] = block[np.uint64(2 * BLOCK) + place]


@compiled
def sum_with_powers(hashes: U64, start: Integer, count: Integer, powers: U64) -> np.uint64:
    """Σ h_i · P^i, by blocks whose powers are at hand; `powers` ends with that of a whole block."""
    total = np.uint64(0)
    # Horner's rule over blocks, the last first.
    for block in range((count + POWERS - 1) // POWERS - 1, -1, -1):
        first = np.uint64(start + block * POWERS)
        part = np.uint64(0)
        for place in range(np.uint64(min(POWERS, count - block * POWERS))):
            part += hashes[first + place] * powers[place]
        total = total * powers[POWERS] + part
    return total


@compiled
def _sample(
    shingles: U64, count: Integer, mask: np.uint64, staged: U32, seen: U32, chosen: U32, first: Integer
) -> Integer:
    """Append the distinct upper halves of the shingles whose masked bits are zero; where they end.

    `staged` has room for one more than there are shingles, `seen` for eight times as many as may be chosen.
    """
    # Each is written, and the next one over it if it was not to be: no branch that one in eight takes.
    total = np.uint64(0)
    for place in range(np.uint64(count)):
        shingle = shingles[place]
        staged[total] = np.uint32(shingle >> np.uint64(32))
        total += np.uint64(shingle & mask == np.uint64(0))
    if total == np.uint64(0):
        return first
    size = np.uint64(64)
    while size < np.uint64(4) * total:
        size += size
    for slot in range(size):
        seen[slot] = np.uint32(0)
    saw_zero = False
    end = np.uint64(first)
    for place in range(total):
        value = staged[place]
        at = np.uint64(value) & (size - np.uint64(1))
        while seen[at] != np.uint32(0) and seen[at] != value:
            at = (at + np.uint64(1)) & (size - np.uint64(1))
        new = seen[at] != value or (value == np.uint32(0) and not saw_zero)
        saw_zero |= value == np.uint32(0)
        seen[at] = value
        chosen[end] = value
        end += np.uint64(new)
    return np.int64(end)


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
    order: I64,
    powers: U64,
    longest: Integer,
    memory: U64,
    shingles: U64,
    halves: U32,
    signature: U32,
    band_values: U64,
    seen: U32,
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
    of band b is, at `r * bands + b`: in this order `LANES` bands are hashed side by side; `band_values` has room for as
    many, and `signature` for as many more.
    """
    scratch = carve(memory, longest)
    hashes = scratch.hashes
    n_blocks = blocks.size // (3 * BLOCK)
    n_texts = starts.size
    n_groups = (np.uint64(bands) + LANES - np.uint64(1)) // LANES
    stepped: np.bool_ = np.bool_(True)
    for number in range(n_blocks):
        stepped &= is_stepped(
            blocks[number * 3 * BLOCK : (number + 1) * 3 * BLOCK], min(BLOCK, order.size - number * BLOCK)
        )
    sampled: Integer = 0
    sample_offsets[0] = 0
    for text in range(n_texts):
        count = hash_text(data, starts[text], ends[text], index, pages, scratch)
        digests[text] = finish(sum_with_powers(hashes, 0, count, powers), np.uint64(count))
        lengths[text] = count
        if wants_triggers:
            triggered[text] = conditions_met(
                hashes, count, trigger_slots, trigger_keywords, trigger_beside, free, trigger_sieve, beside_sieve,
                scratch.flags, scratch.flag_words, scratch.bits, scratch.bit_words,
            )  # fmt: skip

        n_shingles: Integer = 0
        if bands > 0 or wants_samples or count >= size:
            n_shingles = _combine(hashes, count, size, shingles)
        if count >= size:
            firsts[text] = shingles[0]
            lasts[text] = shingles[n_shingles - 1]
            if wants_samples:
                sampled = _sample(shingles, n_shingles, mask, halves, seen, samples, sampled)
        sample_offsets[text + 1] = sampled
        if bands == 0:
            continue
        if n_shingles > 0:
            mix_halves(shingles, 0, n_shingles, halves)
        for number in range(n_blocks):
            block = blocks[number * 3 * BLOCK : (number + 1) * 3 * BLOCK]
            clear_signature(block)
            _lower(halves, n_shingles, block, stepped)
        for place in range(np.uint64(order.size)):
            signature[place] = blocks[np.uint64(order[place])]
        for group in range(n_groups):
            first = group * LANES
            for lane in range(LANES):
                band_values[lane] = SEED
            for row in range(rows):
                begin = np.uint64(row * bands) + first
                for lane in range(LANES):
                    mixed = (band_values[lane] ^ np.uint64(signature[begin + lane])) * MULTIPLIER
                    band_values[lane] = mixed ^ (mixed >> np.uint64(32))
            for lane in range(min(LANES, np.uint64(bands) - first)):
                keys[(first + lane) * np.uint64(n_texts) + np.uint64(text)] = (
                    band_values[lane] * MULTIPLIER
                ) >> np.uint64(32)


@exported
def minhash_loop(shingles: U64, offsets: I64, blocks: U32, halves: U32, signatures: U32, width: Integer) -> None:
    """Fill the signatures, `width` values a row; long rows go stretch by stretch through `halves`."""
    stretch = halves.size - 8
    for number in range(blocks.size // (3 * BLOCK)):
        block = blocks[number * 3 * BLOCK : (number + 1) * 3 * BLOCK]
        first = number * BLOCK
        used = min(BLOCK, width - first)
        stepped = is_stepped(block, used)
        for row in range(offsets.size - 1):
            clear_signature(block)
            place, end = offsets[row], offsets[row + 1]
            while place < end:
                count = min(stretch, end - place)
                mix_halves(shingles, place, count, halves)
                _lower(halves, count, block, stepped)
                place += count
            _copy_signature(block, used, signatures, row * width + first)
