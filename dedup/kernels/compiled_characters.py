"""Token hashes of texts of which many characters are tokens by themselves: Chinese, Japanese, Thai and the like.

Such a character is hashed as it is read. To write it between spaces and to find its edges again takes as long as a word
of a script with spaces takes, and is done for what stands between such characters alone.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import (
    BEGINNING,
    Scratch,
    carve,
    finish,
    has_high,
    hash_rewritten,
    hash_text,
    mix,
    stands_alone,
    transcode,
)
from dedup.kernels.jit import Integer, compiled, exported

_IN_A_ROW = np.uint64(8)
"""Characters one after the other that are tokens by themselves, before more of them are expected."""

_SPACE = np.uint64(0x20)


@compiled
def _take_characters(
    source: U8, start: Integer, end: Integer, index: NDArray[np.uint16], pages: U64, words: U64, count: Integer
) -> tuple[Integer, Integer]:
    """Append the characters of three bytes that are tokens, to the first that is neither one nor a sign or space.

    Gives where that is, and how many words there are.
    """
    place, stop, filled = np.uint64(start), np.uint64(end), np.uint64(count)
    while place + np.uint64(3) <= stop:
        lead = np.uint64(source[place])
        if lead & np.uint64(0xF0) != np.uint64(0xE0):
            if lead >= np.uint64(128) or pages[np.uint64(index[0]) << np.uint64(8) | lead] != _SPACE:
                break
            place += np.uint64(1)
            continue
        second = np.uint64(source[place + np.uint64(1)] & np.uint8(0x3F))
        third = np.uint64(source[place + np.uint64(2)] & np.uint8(0x3F))
        codepoint = (lead & np.uint64(0x0F)) << np.uint64(12) | second << np.uint64(6) | third
        entry = pages[np.uint64(index[codepoint >> np.uint64(8)]) << np.uint64(8) | codepoint & np.uint64(0xFF)]
        if not stands_alone(entry):
            break
        words[filled] = (entry >> np.uint64(8)) & np.uint64(0xFFFFFF)
        filled += np.uint64(entry >> np.uint64(8) != np.uint64(0))
        place += np.uint64(3)
    return np.int64(place), np.int64(filled)


@compiled
def _hash_characters(words: U64, hashes: U64, start: Integer, end: Integer) -> None:
    """Hash the tokens from `start` to `end`, of three bytes each."""
    first = np.uint64(start)
    for place in range(np.uint64(end - start)):
        hashes[first + place] = finish(mix(words[first + place]), np.uint64(3))


@compiled
def hash_any_text(
    data: U8, start: Integer, end: Integer, index: NDArray[np.uint16], pages: U64, scratch: Scratch
) -> Integer:
    """Fill `scratch.hashes` as `hash_text` does, which leaves more in its scratch; the number of tokens."""
    if not has_high(data, start, min(end - start, BEGINNING)):
        return hash_text(data, start, end, index, pages, scratch)
    place: Integer = start
    count: Integer = 0
    while place < end:
        known = count
        place, count = _take_characters(data, place, end, index, pages, scratch.words, known)
        _hash_characters(scratch.words, scratch.hashes, known, count)
        if place < end:
            place, length = transcode(data, place, end, index, pages, scratch.rewritten, _IN_A_ROW)
            count += hash_rewritten(length, scratch, scratch.hashes[count:])
    return count


@exported
def hash_loop(
    data: U8,
    starts: I64,
    ends: I64,
    index: NDArray[np.uint16],
    pages: U64,
    longest: Integer,
    memory: U64,
    hashes: U64,
    row_offsets: I64,
) -> Integer:
    """The token hashes of the ranges, one after the other; their number."""
    scratch = carve(memory, longest)
    filled = np.uint64(0)
    row_offsets[0] = 0
    for text in range(starts.size):
        count = np.uint64(hash_any_text(data, starts[text], ends[text], index, pages, scratch))
        for token in range(count):
            hashes[filled + token] = scratch.hashes[token]
        filled += count
        row_offsets[text + 1] = np.int64(filled)
    return np.int64(filled)
