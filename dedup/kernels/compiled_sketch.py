"""What sketching is made of, from token hashes to a signature, in loops that LLVM vectorises.

Each text goes through short loops over scratch arrays that stay in the cache: tokens are hashed, shingles combined, and
the affine permutations applied to eight or sixteen shingles at a time.
"""

import numpy as np

from dedup.kernels import I64, U32, U64
from dedup.kernels.hashing import FINISHER, POLYNOMIAL
from dedup.kernels.jit import Integer, compiled, exported

BLOCK = 128
"""Permutations that are applied together; a signature is padded to a multiple of it."""

STRIDE = 16
"""Permutations between one and the next that is a step from it: as many as a vector has lanes."""

_VECTORS = np.uint64(32)

POWERS = 512
"""Powers of the polynomial that a digest is summed with at a time."""


@compiled
def combine(hashes: U64, count: Integer, size: Integer, shingles: U64) -> Integer:
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
def lower(halves: U32, count: Integer, block: U32, stepped: np.bool_) -> None:
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
    """Σ h_i · P^i, by blocks whose powers are at hand; `powers` ends with that of a whole block.

    There is room for a few vectors behind the hashes.
    """
    total = np.uint64(0)
    # Horner's rule over blocks, the last first.
    for block in range((count + POWERS - 1) // POWERS - 1, -1, -1):
        first = np.uint64(start + block * POWERS)
        part = np.uint64(0)
        # Whole vectors, of which nothing counts behind the last hash: what is left over would take as long as they.
        number = np.uint64(min(POWERS, count - block * POWERS))
        for place in range((number + _VECTORS - np.uint64(1)) & ~(_VECTORS - np.uint64(1))):
            value = hashes[first + place]
            part += (value if place < number else np.uint64(0)) * powers[place]
        total = total * powers[POWERS] + part
    return total


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
                lower(halves, count, block, stepped)
                place += count
            _copy_signature(block, used, signatures, row * width + first)
