"""The fused sketching kernel: from UTF-8 bytes to band keys in one pass a text, in loops that LLVM vectorises.

Each text goes through short loops over scratch arrays that stay in the cache: tokens are hashed, shingles combined, and
the affine permutations applied to eight shingles at a time with the signature in registers.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64, Bool
from dedup.kernels.compiled_tokens import finish, hash_text, make_scratch, popcount
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled

BLOCK = 128
"""Permutations that are applied together; a signature is padded to a multiple of it."""


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
def _mix_halves(shingles: U64, count: Integer, halves: U32) -> None:
    """The mixed upper halves of shingles, padded to a multiple of eight by repeating the last."""
    for place in range(np.uint64(count)):
        value = np.uint32(shingles[place] >> np.uint64(32))
        value = np.uint32(value ^ (value >> np.uint32(16)))
        value = np.uint32(value * np.uint32(0x85EBCA6B))
        value = np.uint32(value ^ (value >> np.uint32(13)))
        value = np.uint32(value * np.uint32(0xC2B2AE35))
        halves[place] = value ^ (value >> np.uint32(16))
    for place in range(8):
        halves[count + place] = halves[count - 1]


@compiled
def _permute(halves: U32, count: Integer, block: U32) -> None:
    """Fill the signature of one block of permutations.

    `block` holds factors, terms and signature one after the other: in one array at constant distances, so that no
    overlap needs to be ruled out.
    """
    for place in range(BLOCK):
        block[2 * BLOCK + place] = np.uint32(0xFFFFFFFF)
    start = 0
    while start < count:
        h0, h1, h2, h3 = halves[start], halves[start + 1], halves[start + 2], halves[start + 3]
        h4, h5, h6, h7 = halves[start + 4], halves[start + 5], halves[start + 6], halves[start + 7]
        for place in range(BLOCK):
            factor, term = block[place], block[BLOCK + place]
            low = min(
                min(np.uint32(factor * h0 + term), np.uint32(factor * h1 + term)),
                min(np.uint32(factor * h2 + term), np.uint32(factor * h3 + term)),
            )
            high = min(
                min(np.uint32(factor * h4 + term), np.uint32(factor * h5 + term)),
                min(np.uint32(factor * h6 + term), np.uint32(factor * h7 + term)),
            )
            block[2 * BLOCK + place] = min(block[2 * BLOCK + place], min(low, high))
        start += 8


@compiled
def _sample(shingles: U64, count: Integer, mask: np.uint64, chosen: U64, first: Integer) -> Integer:
    """Append the distinct shingles whose masked bits are zero, ascending, behind `first`; where they end."""
    end = np.uint64(first)
    for place in range(np.uint64(count)):
        chosen[end] = shingles[place]
        end += np.uint64(shingles[place] & mask == np.uint64(0))
    found = chosen[first : np.int64(end)]
    if found.size <= 64:
        for place in range(1, found.size):
            value = found[place]
            before = place - 1
            while before >= 0 and found[before] > value:
                found[before + 1] = found[before]
                before -= 1
            found[before + 1] = value
    else:
        found.sort()
    kept = 0
    for place in range(found.size):
        if place == 0 or found[place] != found[place - 1]:
            # The place compared is never one that was overwritten: `kept` stays at or behind it.
            found[kept] = found[place]
            kept += 1
    return first + kept


@compiled
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
    triggers: U64,
    digests: U64,
    lengths: I64,
    keys: U32,
    samples: U64,
    sample_offsets: I64,
    firsts: U64,
    lasts: U64,
    flagged: Bool,
) -> None:
    """Sketch the texts `data[starts[i]:ends[i]]`; `blocks` has a row of factors, terms and signature a block."""
    scratch = make_scratch(starts, ends)
    hashes = scratch.hashes
    shingles = np.empty(hashes.size, dtype=np.uint64)
    halves = np.empty(hashes.size, dtype=np.uint32)
    signature = np.empty(blocks.shape[0] * BLOCK, dtype=np.uint32)
    slot_mask = np.uint64(triggers.size - 1)
    slot_shift = np.uint64(64) - popcount(slot_mask)
    sampled: Integer = 0
    sample_offsets[0] = 0
    for text in range(starts.size):
        count = hash_text(data, starts[text], ends[text], index, pages, scratch)
        total = np.uint64(0)
        power = np.uint64(1)
        trigger = False
        for token in range(np.uint64(count)):
            total += hashes[token] * power
            power *= POLYNOMIAL
            slot = hashes[token] >> slot_shift
            while triggers[slot] != hashes[token] and triggers[slot] != np.uint64(0):
                slot = (slot + np.uint64(1)) & slot_mask
            trigger |= triggers[slot] == hashes[token]
        digests[text] = finish(total, np.uint64(count))
        lengths[text] = count
        flagged[text] = trigger

        n_shingles = _combine(hashes, count, size, shingles)
        if count >= size:
            firsts[text] = shingles[0]
            lasts[text] = shingles[n_shingles - 1]
            if wants_samples:
                sampled = _sample(shingles, n_shingles, mask, samples, sampled)
        sample_offsets[text + 1] = sampled
        if bands == 0:
            continue
        if n_shingles > 0:
            _mix_halves(shingles, n_shingles, halves)
        for number in range(blocks.shape[0]):
            block = blocks[number]
            _permute(halves, n_shingles, block)
            for place in range(BLOCK):
                signature[number * BLOCK + place] = block[2 * BLOCK + place]
        for band in range(bands):
            value = SEED
            for place in range(band * rows, (band + 1) * rows):
                value = (value ^ np.uint64(signature[place])) * MULTIPLIER
                value ^= value >> np.uint64(32)
            keys[band, text] = (value * MULTIPLIER) >> np.uint64(32)
