"""Token hashes of a text, from UTF-8 bytes, in loops that LLVM vectorises.

Bytes are classified and folded 64 at a time, flags packed to bits, token edges found by trailing zeros, tokens of up to
eight bytes hashed as vectors. Indices are unsigned where a loop is to be vectorised: the handling of negative ones
stands in the way. A text with bytes of 128 and over is rewritten once, folded and with spaces for what is no word, and
then takes the same path.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import U8, U32, U64
from dedup.kernels.hashing import FINISHER, MULTIPLIER, POLYNOMIAL, SEED
from dedup.kernels.jit import Integer, compiled, exported

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_GATHER_FLAGS = np.uint64(0x0102040810204080)
_SPACE = np.uint64(0x20)
_AROUND = np.uint64(0xFFFFFFDF000000FF)
"""All of a table entry but the three bytes behind the first and the bit of a space behind them."""
BEGINNING = 256
"""Bytes by which most texts in other scripts are told."""


@compiled
def popcount(value: np.uint64) -> np.uint64:
    """The number of one bits; LLVM recognises the form."""
    value = value - ((value >> np.uint64(1)) & np.uint64(0x5555555555555555))
    value = (value & np.uint64(0x3333333333333333)) + ((value >> np.uint64(2)) & np.uint64(0x3333333333333333))
    value = (value + (value >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (value * _ONES) >> np.uint64(56)


@compiled
def trailing_zeros(value: np.uint64) -> np.uint64:
    """The number of zero bits below the lowest one bit; 64 for zero."""
    return popcount(~value & (value - np.uint64(1)))


@compiled
def load(data: U8, place: np.uint64) -> np.uint64:
    """Eight bytes, the first lowest; LLVM makes one load of them."""
    return (
        np.uint64(data[place])
        | np.uint64(data[place + np.uint64(1)]) << np.uint64(8)
        | np.uint64(data[place + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[place + np.uint64(3)]) << np.uint64(24)
        | np.uint64(data[place + np.uint64(4)]) << np.uint64(32)
        | np.uint64(data[place + np.uint64(5)]) << np.uint64(40)
        | np.uint64(data[place + np.uint64(6)]) << np.uint64(48)
        | np.uint64(data[place + np.uint64(7)]) << np.uint64(56)
    )


@compiled
def _store(data: U8, place: np.uint64, value: np.uint64) -> None:
    """Write eight bytes, the lowest first."""
    data[place] = np.uint8(value)
    data[place + np.uint64(1)] = np.uint8(value >> np.uint64(8))
    data[place + np.uint64(2)] = np.uint8(value >> np.uint64(16))
    data[place + np.uint64(3)] = np.uint8(value >> np.uint64(24))
    data[place + np.uint64(4)] = np.uint8(value >> np.uint64(32))
    data[place + np.uint64(5)] = np.uint8(value >> np.uint64(40))
    data[place + np.uint64(6)] = np.uint8(value >> np.uint64(48))
    data[place + np.uint64(7)] = np.uint8(value >> np.uint64(56))


@compiled
def mix(word: np.uint64) -> np.uint64:
    """Mix a word, as `dedup.kernels.hashing.mix`."""
    mixed = (word ^ SEED) * MULTIPLIER
    return mixed ^ (mixed >> np.uint64(32))


@compiled
def finish(value: np.uint64, length: np.uint64) -> np.uint64:
    """Fold a length into a hash, as `dedup.kernels.hashing.finish`."""
    finished = (value ^ length) * FINISHER
    return finished ^ (finished >> np.uint64(29))


@compiled
def classify(source: U8, start: Integer, count: Integer, folded: U8, flags: U8) -> np.bool_:
    """Fold ASCII capitals and flag word bytes (1 or 0), for `count` bytes; whether there are bytes of 128 and over."""
    first = np.uint64(start)
    seen = np.uint8(0)
    for place in range(np.uint64(count)):
        byte = source[first + place]
        letter = np.uint8(np.uint8((byte | np.uint8(32)) - np.uint8(97)) < np.uint8(26))
        digit = np.uint8(np.uint8(byte - np.uint8(48)) < np.uint8(10))
        flags[place] = letter | digit | np.uint8(byte == np.uint8(95)) | np.uint8(byte >> np.uint8(7))
        folded[place] = np.uint8(byte | np.uint8(letter << np.uint8(5)))
        seen = np.uint8(seen | byte)
    return seen >= np.uint8(128)


@compiled
def has_high(source: U8, start: Integer, count: Integer) -> np.bool_:
    """Whether there are bytes of 128 and over."""
    first = np.uint64(start)
    seen = np.uint8(0)
    for place in range(np.uint64(count)):
        seen = np.uint8(seen | source[first + place])
    return seen >= np.uint8(128)


@compiled
def transcode(
    source: U8, start: Integer, end: Integer, index: NDArray[np.uint16], pages: U64, target: U8, most: np.uint64
) -> tuple[Integer, Integer]:
    """Write a text with each character as its table entry; where it ends, and the number of bytes written.

    It ends behind `most` characters one after the other that `stands_alone`, if there are so many. ASCII is copied as
    it is, up to eight bytes at a time: with no branch on how many, for letters and spaces take turns in a way that no
    processor predicts. The width of other characters is a branch, for it seldom changes.
    """
    place, stop, out = np.uint64(start), np.uint64(end), np.uint64(0)
    alone = np.uint64(0)
    while place < stop and alone < most:
        lead = np.uint64(source[place])
        if lead < np.uint64(128):
            alone = np.uint64(0)
            if place + np.uint64(8) <= stop:
                word = load(source, place)
                run = trailing_zeros(word & _HIGH_BITS) >> np.uint64(3)
                _store(target, out, word)
            else:
                run = np.uint64(1)
                target[out] = np.uint8(lead)
            out += run
            place += run
            continue
        second = np.uint64(source[place + np.uint64(1)] & np.uint8(0x3F))
        if lead < np.uint64(0xE0):
            codepoint = (lead & np.uint64(0x1F)) << np.uint64(6) | second
            place += np.uint64(2)
            alone = np.uint64(0)
        else:
            third = np.uint64(source[place + np.uint64(2)] & np.uint8(0x3F))
            if lead < np.uint64(0xF0):
                codepoint = (lead & np.uint64(0x0F)) << np.uint64(12) | second << np.uint64(6) | third
                place += np.uint64(3)
            else:
                fourth = np.uint64(source[place + np.uint64(3)] & np.uint8(0x3F))
                codepoint = (
                    (lead & np.uint64(0x07)) << np.uint64(18) | second << np.uint64(12) | third << np.uint64(6) | fourth
                )
                # Bytes that are not UTF-8, which no reader lets through, must not reach beyond the table.
                codepoint = min(codepoint, np.uint64(0x10FFFF))
                place += np.uint64(4)
        entry = pages[np.uint64(index[codepoint >> np.uint64(8)]) << np.uint64(8) | codepoint & np.uint64(0xFF)]
        alone = (alone + np.uint64(1)) * np.uint64(stands_alone(entry))
        _store(target, out, entry)
        # Eight bytes less the leading zero bytes of the entry.
        filled = entry | entry >> np.uint64(1)
        filled |= filled >> np.uint64(2)
        filled |= filled >> np.uint64(4)
        out += popcount(filled & _ONES)
    return np.int64(place), np.int64(out)


@compiled
def stands_alone(entry: np.uint64) -> bool:
    """Whether a table entry is a character of three bytes between two spaces, a token by itself, or one space.

    By one comparison, which the table allows: signs stand between characters in a way that no processor predicts, and
    two would become two branches.
    """
    return bool(entry & _AROUND == _SPACE)


@compiled
def pack_flags(flags: U64, count: Integer, bits: U8) -> None:
    """Eight flag bytes (1 or 0) to the eight bits of one byte, the first lowest."""
    for place in range(np.uint64(count)):
        bits[place] = np.uint8((flags[place] * _GATHER_FLAGS) >> np.uint64(56))


@compiled
def find_edges(bits: U64, first: Integer, length: Integer, edges: U32, known: Integer) -> Integer:
    """Append start, end, start, end … of the runs of one bits among `length` bits, from the word `first` on.

    Places count from the first word of all; `known` runs are there, and with those found their number is given.
    """
    count = np.uint64(known + known)
    carry = np.uint64(0)
    n_words = (length + 63) >> 6
    for number in range(n_words):
        word = bits[np.uint64(first + number)]
        rest = np.uint64(length & 63)
        if number == n_words - 1 and rest:
            word &= (np.uint64(1) << rest) - np.uint64(1)
        changes = word ^ (word << np.uint64(1) | carry)
        carry = word >> np.uint64(63)
        total = popcount(changes)
        base = np.uint32((first + number) << 6)
        written = np.uint64(0)
        # Eight at a time without asking; what is written beyond the total is overwritten.
        while written < total:
            for step in range(np.uint64(8)):
                edges[count + written + step] = base + np.uint32(trailing_zeros(changes))
                changes &= changes - np.uint64(1)
            written += np.uint64(8)
        count += total
    if carry:
        edges[count] = np.uint32((first << 6) + length)
        count += np.uint64(1)
    return np.int64(count >> np.uint64(1))


@compiled
def _hash_short(edges: U32, words: U64, count: Integer, hashes: U64, long: U8) -> None:
    """Hash tokens by their first eight bytes, right for those that have no more; flag the others."""
    for token in range(np.uint64(count)):
        length = np.uint64(edges[token + token + np.uint64(1)] - edges[token + token])
        kept = length if length < np.uint64(8) else np.uint64(8)
        word = words[token] & (_ALL >> (np.uint64(64) - np.uint64(8) * kept))
        hashes[token] = finish(mix(word), length)
        long[token] = np.uint8(length > np.uint64(8))


@compiled
def _hash_long(folded: U8, edges: U32, bits: U64, count: Integer, hashes: U64) -> None:
    """Hash the tokens of more than eight bytes, given as bits."""
    for number in range((count + 63) >> 6):
        marked = bits[np.uint64(number)]
        rest = np.uint64(count & 63)
        if number == count >> 6 and rest:
            marked &= (np.uint64(1) << rest) - np.uint64(1)
        while marked:
            token = np.uint64(number << 6) + trailing_zeros(marked)
            marked &= marked - np.uint64(1)
            place = np.uint64(edges[token + token])
            length = np.uint64(edges[token + token + np.uint64(1)]) - place
            left = length
            value = np.uint64(0)
            while left > np.uint64(8):
                value = value * POLYNOMIAL + mix(load(folded, place))
                place += np.uint64(8)
                left -= np.uint64(8)
            word = load(folded, place) & (_ALL >> (np.uint64(64) - np.uint64(8) * left))
            hashes[token] = finish(value * POLYNOMIAL + mix(word), length)


class Scratch(NamedTuple):
    """Working memory for one text of up to a given size."""

    rewritten: U8
    folded: U8
    flags: U8
    flag_words: U64
    bits: U8
    bit_words: U64
    edges: U32
    words: U64
    hashes: U64


@compiled
def scratch_width(longest: Integer) -> Integer:
    """Bytes that a text of this size may take once rewritten, and some more for loops that work in whole vectors.

    An entry of the table has at most eight bytes, and a character of two or more bytes has one entry.
    """
    return (longest * 4 + 383) & ~63


def scratch_words(longest: int) -> int:
    """How many words of eight bytes `carve` divides."""
    width = scratch_width(longest)
    return int(3 * (width >> 3) + (width >> 6) + ((width + 128) >> 1) + 2 * (width // 2 + 64))


@compiled
def carve(memory: U64, longest: Integer) -> Scratch:
    """Divide working memory for texts of up to a size in bytes. Memory that is not touched costs nothing."""
    width = scratch_width(longest)
    eighth, half = width >> 3, width // 2 + 64
    flags = memory[:eighth]
    bits = memory[eighth : eighth + (width >> 6)]
    place = eighth + (width >> 6)
    words = memory[place : place + half]
    hashes = memory[place + half : place + 2 * half]
    place += 2 * half
    edges = memory[place : place + ((width + 128) >> 1)]
    place += (width + 128) >> 1
    folded = memory[place : place + eighth]
    rewritten = memory[place + eighth : place + 2 * eighth]
    return Scratch(
        rewritten.view(np.uint8),
        folded.view(np.uint8),
        flags.view(np.uint8),
        flags,
        bits.view(np.uint8),
        bits,
        edges.view(np.uint32),
        words,
        hashes,
    )


@compiled
def hash_text(
    data: U8, start: Integer, end: Integer, index: NDArray[np.uint16], pages: U64, scratch: Scratch
) -> Integer:
    """Fill `scratch.hashes` with the hashes of a text's tokens; their number. Its `folded` and `edges` are theirs."""
    length = end - start
    whole = (length + 63) & ~63
    # Most texts in other scripts are told by their beginning, and need no first look at the whole.
    high = has_high(data, start, min(length, BEGINNING))
    if not high:
        if start + whole > data.size:
            # The last text has no room behind it.
            for place in range(length):
                scratch.rewritten[place] = data[start + place]
            high = classify(scratch.rewritten, 0, whole, scratch.folded, scratch.flags)
        else:
            high = classify(data, start, whole, scratch.folded, scratch.flags)
    if high:
        _, length = transcode(data, start, end, index, pages, scratch.rewritten, _ALL)
        return hash_rewritten(length, scratch, scratch.hashes)
    return _hash_folded(length, scratch, scratch.hashes)


@compiled
def hash_rewritten(length: Integer, scratch: Scratch, hashes: U64) -> Integer:
    """Fill `hashes` with those of the tokens of a text that `transcode` wrote; their number."""
    classify(scratch.rewritten, 0, (length + 63) & ~63, scratch.folded, scratch.flags)
    return _hash_folded(length, scratch, hashes)


@compiled
def _hash_folded(length: Integer, scratch: Scratch, hashes: U64) -> Integer:
    """Fill `hashes` with those of the tokens of a text that is folded and flagged; their number."""
    pack_flags(scratch.flag_words, ((length + 63) & ~63) >> 3, scratch.bits)
    count = find_edges(scratch.bit_words, 0, length, scratch.edges, 0)
    hash_runs(count, scratch, hashes)
    return count


@compiled
def hash_runs(count: Integer, scratch: Scratch, hashes: U64) -> None:
    """Fill `hashes` with those of tokens whose edges are found."""
    edges, words = scratch.edges, scratch.words
    for token in range(np.uint64(count)):
        words[token] = load(scratch.folded, np.uint64(edges[token + token]))
    padded = (count + 7) & ~7
    _hash_short(edges, words, padded, hashes, scratch.flags)
    pack_flags(scratch.flag_words, padded >> 3, scratch.bits)
    _hash_long(scratch.folded, edges, scratch.bit_words, count, hashes)


@exported
def most_tokens(data: U8) -> Integer:
    """An upper bound on the number of tokens: half the ASCII characters, and all the others."""
    leads = 0
    ascii_count = 0
    for place in range(np.uint64(data.size)):
        ascii_count += data[place] < 0x80
        leads += data[place] >= 0xC0
    return (ascii_count + 1) // 2 + leads + 1
