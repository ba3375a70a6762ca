"""The kernels compiled by Numba, without the GIL. Contracts are in `dedup.kernels.Kernels`.

Equal to the reference to the bit: integers wrap modulo 2**64 in both, floats are added in the same order.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, I64, U8, U32, U64, Bool, CountedRows, Ragged, Ranges, Sketches, SketchPlan, Tokens
from dedup.kernels.compiled_segments import segment_loop
from dedup.kernels.compiled_sketch import BLOCK, sketch_loop
from dedup.kernels.compiled_tokens import finish, hash_loop, mix
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled

name = "compiled"

_SPACE = 0x20


@compiled
def _tokenise_loop(
    data: U8,
    offsets: I64,
    index: NDArray[np.uint16],
    pages: U64,
    hashes: U64,
    starts: I64,
    ends: I64,
    token_offsets: I64,
) -> Integer:
    count = 0
    token_offsets[0] = 0
    for row in range(offsets.size - 1):
        position = offsets[row]
        row_end = offsets[row + 1]
        value = np.uint64(0)
        word = np.uint64(0)
        filled = 0
        length = 0
        start = 0
        end = 0
        while position < row_end:
            lead = np.int64(data[position])
            if lead < 0x80:
                codepoint = lead
                width = 1
            elif lead < 0xE0:
                codepoint = (lead & 0x1F) << 6 | (np.int64(data[position + 1]) & 0x3F)
                width = 2
            elif lead < 0xF0:
                codepoint = (
                    (lead & 0x0F) << 12
                    | (np.int64(data[position + 1]) & 0x3F) << 6
                    | (np.int64(data[position + 2]) & 0x3F)
                )
                width = 3
            else:
                codepoint = (
                    (lead & 0x07) << 18
                    | (np.int64(data[position + 1]) & 0x3F) << 12
                    | (np.int64(data[position + 2]) & 0x3F) << 6
                    | (np.int64(data[position + 3]) & 0x3F)
                )
                width = 4
            # Bytes that are not UTF-8, which no reader lets through, must not reach beyond the table.
            codepoint = min(codepoint, np.int64(0x10FFFF))
            entry = pages[np.int64(index[codepoint >> 8]), codepoint & 0xFF]
            while entry != 0:
                byte = entry & np.uint64(0xFF)
                entry >>= np.uint64(8)
                if byte == _SPACE:
                    if length > 0:
                        if filled > 0:
                            value = value * POLYNOMIAL + mix(word)
                        hashes[count] = finish(value, np.uint64(length))
                        starts[count] = start
                        ends[count] = end
                        count += 1
                        value = np.uint64(0)
                        word = np.uint64(0)
                        filled = 0
                        length = 0
                else:
                    if length == 0:
                        start = position
                    word |= byte << np.uint64(8 * filled)
                    filled += 1
                    length += 1
                    end = position + width
                    if filled == 8:
                        value = value * POLYNOMIAL + mix(word)
                        word = np.uint64(0)
                        filled = 0
            position += width
        if length > 0:
            if filled > 0:
                value = value * POLYNOMIAL + mix(word)
            hashes[count] = finish(value, np.uint64(length))
            starts[count] = start
            ends[count] = end
            count += 1
        token_offsets[row + 1] = count
    return count


def tokenise(data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Tokens:
    """See `Kernels.tokenise`."""
    most = most_tokens(data)
    hashes = np.empty(most, dtype=np.uint64)
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    token_offsets = np.empty(offsets.size, dtype=np.int64)
    count = _tokenise_loop(data, offsets, index, pages, hashes, starts, ends, token_offsets)
    return Tokens(hashes[:count].copy(), starts[:count].copy(), ends[:count].copy(), token_offsets)


def hash_tokens(data: U8, offsets: I64, index: NDArray[np.uint16], pages: U64) -> Ragged:
    """See `Kernels.hash_tokens`."""
    hashes, row_offsets = np.empty(most_tokens(data), dtype=np.uint64), np.empty(offsets.size, dtype=np.int64)
    hash_loop(data, offsets, index, pages, hashes, row_offsets)
    return Ragged(hashes[: row_offsets[-1]].copy(), row_offsets)


def sketch(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, plan: SketchPlan) -> Sketches:
    """See `Kernels.sketch`."""
    count = starts.size
    n_blocks = -(-plan.bands * plan.rows // BLOCK)
    blocks = np.zeros((n_blocks, 3 * BLOCK), dtype=np.uint32)
    for number in range(n_blocks):
        used = slice(number * BLOCK, min((number + 1) * BLOCK, plan.a.size))
        blocks[number, : used.stop - used.start] = plan.a[used]
        blocks[number, BLOCK : BLOCK + used.stop - used.start] = plan.b[used]
    keys = np.empty((plan.bands, count), dtype=np.uint32)
    # Every second byte may end a token, and a text has fewer shingles than tokens; untouched memory costs nothing.
    most = int((ends - starts).sum()) // 2 + count + 64 if plan.sample else 0
    samples, sample_offsets = np.empty(most, dtype=np.uint64), np.empty(count + 1, dtype=np.int64)
    digests, lengths = np.empty(count, dtype=np.uint64), np.empty(count, dtype=np.int64)
    firsts, lasts = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
    triggered = np.zeros(count, dtype=np.bool_)
    sketch_loop(
        data, starts, ends, index, pages, plan.size, blocks, plan.bands, plan.rows,
        np.uint64(max(plan.sample, 1) - 1), plan.sample > 0, plan.triggers,
        digests, lengths, keys, samples, sample_offsets, firsts, lasts, triggered,
    )  # fmt: skip
    rows = Ragged(samples[: sample_offsets[-1]].copy(), sample_offsets)
    return Sketches(digests, lengths, keys, rows, firsts, lasts, triggered)


@compiled
def most_tokens(data: U8) -> Integer:
    """An upper bound on the number of tokens: half the ASCII characters, and all the others."""
    leads = 0
    ascii_count = 0
    for byte in data:
        ascii_count += byte < 0x80
        leads += byte >= 0xC0
    return (ascii_count + 1) // 2 + leads + 1


def segment(data: U8, offsets: I64) -> Ranges:
    """See `Kernels.segment`."""
    most = int(np.count_nonzero(data == 10)) + offsets.size
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    segment_offsets = np.zeros(offsets.size, dtype=np.int64)
    count = segment_loop(data, offsets, starts, ends, segment_offsets)
    return Ranges(starts[:count].copy(), ends[:count].copy(), segment_offsets)


@compiled
def _shingle_loop(hashes: U64, offsets: I64, size: Integer, values: U64, row_offsets: I64) -> None:
    for row in range(offsets.size - 1):
        first, end = offsets[row], offsets[row + 1]
        terms = min(size, end - first)
        target = row_offsets[row]
        for place in range(row_offsets[row + 1] - target):
            value = np.uint64(0)
            for step in range(terms):
                value = value * POLYNOMIAL + hashes[first + place + step]
            value = (value ^ (value >> np.uint64(32))) * FINISHER
            values[target + place] = value ^ (value >> np.uint64(29))


def shingle(hashes: U64, offsets: I64, size: Integer) -> Ragged:
    """See `Kernels.shingle`."""
    lengths = np.diff(offsets)
    row_offsets = np.zeros(offsets.size, dtype=np.int64)
    np.cumsum(np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1)), out=row_offsets[1:])
    values = np.empty(row_offsets[-1], dtype=np.uint64)
    _shingle_loop(hashes, offsets, size, values, row_offsets)
    return Ragged(values, row_offsets)


@compiled
def digest(hashes: U64, offsets: I64) -> U64:
    """See `Kernels.digest`."""
    digests = np.empty(offsets.size - 1, dtype=np.uint64)
    for row in range(digests.size):
        total = np.uint64(0)
        power = np.uint64(1)
        for place in range(offsets[row], offsets[row + 1]):
            total += hashes[place] * power
            power *= POLYNOMIAL
        digests[row] = finish(total, np.uint64(offsets[row + 1] - offsets[row]))
    return digests


@compiled
def _minhash_loop(hashed: U32, offsets: I64, a: U32, b: U32, signatures: U32) -> None:
    for row in range(offsets.size - 1):
        signature = signatures[row]
        place = offsets[row]
        end = offsets[row + 1]
        # Four shingles at a time keep the signature in registers for four times as long.
        while place + 4 <= end:
            first, second = hashed[place], hashed[place + 1]
            third, fourth = hashed[place + 2], hashed[place + 3]
            for permutation in range(np.uint64(a.size)):
                factor, term = a[permutation], b[permutation]
                low = min(np.uint32(factor * first + term), np.uint32(factor * second + term))
                high = min(np.uint32(factor * third + term), np.uint32(factor * fourth + term))
                signature[permutation] = min(signature[permutation], min(low, high))
            place += 4
        while place < end:
            value = hashed[place]
            for permutation in range(np.uint64(a.size)):
                permuted = np.uint32(a[permutation] * value + b[permutation])
                signature[permutation] = min(signature[permutation], permuted)
            place += 1


@compiled
def _mix32(shingles: U64) -> U32:
    mixed = np.empty(shingles.size, dtype=np.uint32)
    for place in range(np.uint64(shingles.size)):
        value = np.uint32(shingles[place] >> np.uint64(32))
        value = np.uint32(value ^ (value >> np.uint32(16)))
        value = np.uint32(value * np.uint32(0x85EBCA6B))
        value = np.uint32(value ^ (value >> np.uint32(13)))
        value = np.uint32(value * np.uint32(0xC2B2AE35))
        mixed[place] = value ^ (value >> np.uint32(16))
    return mixed


def minhash(shingles: U64, offsets: I64, a: U32, b: U32) -> U32:
    """See `Kernels.minhash`."""
    signatures = np.full((offsets.size - 1, a.size), 0xFFFFFFFF, dtype=np.uint32)
    _minhash_loop(_mix32(shingles), offsets, a, b, signatures)
    return signatures


@compiled
def _band_keys_loop(signatures: U32, bands: Integer, rows: Integer, keys: U32) -> None:
    for unit in range(signatures.shape[0]):
        for band in range(bands):
            value = SEED
            for row in range(band * rows, (band + 1) * rows):
                value = (value ^ np.uint64(signatures[unit, row])) * MULTIPLIER
                value ^= value >> np.uint64(32)
            keys[band, unit] = (value * MULTIPLIER) >> np.uint64(32)


def band_keys(signatures: U32, bands: Integer, rows: Integer) -> U32:
    """See `Kernels.band_keys`."""
    keys = np.empty((bands, signatures.shape[0]), dtype=np.uint32)
    _band_keys_loop(signatures, bands, rows, keys)
    return keys


@compiled
def _sort_hashes(values: U64, ordered: U64, bounds: I64) -> None:
    """Sort evenly spread values into the beginning of `ordered`: by their upper bits, then by insertion.

    `bounds` has room for twice as many entries as there are values, and four more.
    """
    count = values.size
    bits = 1
    while (1 << bits) < count:
        bits += 1
    shift = np.uint64(64 - bits)
    bounds[: (1 << bits) + 1] = 0
    fullest: Integer = 0
    for value in values:
        following = np.int64(value >> shift) + 1
        bounds[following] += 1
        fullest = max(fullest, bounds[following])
    if fullest > 64:
        # Not evenly spread, or one value over and over: insertion would be slow.
        ordered[:count] = np.sort(values)
        return
    for place in range(1 << bits):
        bounds[place + 1] += bounds[place]
    for value in values:
        bucket = np.int64(value >> shift)
        ordered[bounds[bucket]] = value
        bounds[bucket] += 1
    for place in range(1, count):
        value = ordered[place]
        before = place - 1
        while before >= 0 and ordered[before] > value:
            ordered[before + 1] = ordered[before]
            before -= 1
        ordered[before + 1] = value


@compiled
def _count_rows_loop(values: U64, offsets: I64, distinct: U64, counts: I64, row_offsets: I64) -> Integer:
    longest = 0
    for row in range(offsets.size - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    ordered = np.empty(longest, dtype=np.uint64)
    bounds = np.empty(2 * longest + 4, dtype=np.int64)
    count = 0
    row_offsets[0] = 0
    for row in range(offsets.size - 1):
        size = offsets[row + 1] - offsets[row]
        _sort_hashes(values[offsets[row] : offsets[row + 1]], ordered, bounds)
        for place in range(size):
            if place > 0 and ordered[place] == ordered[place - 1]:
                counts[count - 1] += 1
            else:
                distinct[count] = ordered[place]
                counts[count] = 1
                count += 1
        row_offsets[row + 1] = count
    return count


def count_rows(values: U64, offsets: I64) -> CountedRows:
    """See `Kernels.count_rows`."""
    distinct, counts = np.empty(values.size, dtype=np.uint64), np.empty(values.size, dtype=np.int64)
    row_offsets = np.empty(offsets.size, dtype=np.int64)
    count = _count_rows_loop(values, offsets, distinct, counts, row_offsets)
    return CountedRows(distinct[:count].copy(), row_offsets, counts[:count].copy())


@compiled
def find(ordered: U64, values: U64) -> I64:
    """See `Kernels.find`. The upper bits of a hash name a short stretch in which it must stand."""
    bits = 1
    while (1 << bits) < ordered.size:
        bits += 1
    shift = np.uint64(64 - bits)
    bounds = np.zeros((1 << bits) + 1, dtype=np.int64)
    for value in ordered:
        bounds[np.int64(value >> shift) + 1] += 1
    for place in range(1 << bits):
        bounds[place + 1] += bounds[place]
    places = np.full(values.size, -1, dtype=np.int64)
    for number in range(values.size):
        value = values[number]
        bucket = np.int64(value >> shift)
        for place in range(bounds[bucket], bounds[bucket + 1]):
            if ordered[place] == value:
                places[number] = place
    return places


@compiled
def _count_common_loop(values: U64, offsets: I64, left: I64, right: I64) -> I64:
    counts = np.zeros(left.size, dtype=np.int64)
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        count = 0
        while one < one_end and two < two_end:
            first, second = values[one], values[two]
            count += first == second
            one += first <= second
            two += second <= first
        counts[pair] = count
    return counts


def count_common(rows: Ragged, left: I64, right: I64) -> I64:
    """See `Kernels.count_common`."""
    return _count_common_loop(rows.values, rows.offsets, left, right)


@compiled
def _dot_common_loop(values: U64, offsets: I64, weights: F64, left: I64, right: I64) -> F64:
    sums = np.zeros(left.size, dtype=np.float64)
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        total = 0.0
        while one < one_end and two < two_end:
            first, second = values[one], values[two]
            if first == second:
                total += weights[one] * weights[two]
            one += first <= second
            two += second <= first
        sums[pair] = total
    return sums


def dot_common(rows: Ragged, weights: F64, left: I64, right: I64) -> F64:
    """See `Kernels.dot_common`."""
    return _dot_common_loop(rows.values, rows.offsets, weights, left, right)


@compiled
def _equal_rows_loop(values: U64, offsets: I64, left: I64, right: I64) -> Bool:
    equal = np.zeros(left.size, dtype=np.bool_)
    for pair in range(left.size):
        one, two = offsets[left[pair]], offsets[right[pair]]
        length = offsets[left[pair] + 1] - one
        if length != offsets[right[pair] + 1] - two:
            continue
        place = 0
        while place < length and values[one + place] == values[two + place]:
            place += 1
        equal[pair] = place == length
    return equal


def equal_rows(rows: Ragged, left: I64, right: I64) -> Bool:
    """See `Kernels.equal_rows`."""
    return _equal_rows_loop(rows.values, rows.offsets, left, right)


@compiled
def anchor(left: I64, right: I64, count: Integer) -> I64:
    """See `Kernels.anchor`."""
    representative = np.full(count, -1, dtype=np.int64)
    for pair in range(left.size):
        if representative[right[pair]] < 0 and representative[left[pair]] < 0:
            representative[right[pair]] = left[pair]
    return representative
