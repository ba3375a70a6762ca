"""Terms and breaks of tokenised texts, for aligning: what stands for a word's stem, and where a sentence begins."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64, Bool, Tokens
from dedup.kernels.compiled_tokens import mix
from dedup.kernels.hashing import FINISHER, POLYNOMIAL
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.terms import (
    BARRIER,
    BLOCK_BREAK,
    LINE_BREAK,
    NO_BREAK,
    SENTENCE_BREAK,
    SENTENCE_TOKENS,
    STEM_LETTERS,
    Terms,
)

SOFT_SHARE = 0.7

_LAST_CASED = 0x590
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3


@compiled
def _width(lead: Integer) -> Integer:
    """The bytes of a character, by its first one."""
    if lead < 0x80:
        return 1
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


@compiled
def _codepoint(data: U8, place: Integer, width: Integer) -> Integer:
    lead = np.int64(data[place])
    if width == 1:
        return lead
    if width == 2:
        return (lead & 0x1F) << 6 | (np.int64(data[place + 1]) & 0x3F)
    second, third = np.int64(data[place + 1]) & 0x3F, np.int64(data[place + 2]) & 0x3F
    if width == 3:
        return (lead & 0x0F) << 12 | second << 6 | third
    found = (lead & 0x07) << 18 | second << 12 | third << 6 | (np.int64(data[place + 3]) & 0x3F)
    return found if found < 0x10FFFF else 0x10FFFF


@compiled
def _is_lower(data: U8, place: Integer, index: NDArray[np.uint16], pages: U64) -> bool:
    """Whether a word begins with a small letter of an alphabet that has capitals: folding leaves it as it is."""
    codepoint = _codepoint(data, place, _width(np.int64(data[place])))
    if codepoint < 0x80:
        return bool(97 <= codepoint <= 122)
    if codepoint >= _LAST_CASED:
        return False
    entry = np.int64(pages[(np.int64(index[codepoint >> 8]) << 8) + (codepoint & 0xFF)])
    return bool(entry == np.int64(data[place]) | np.int64(data[place + 1]) << 8)


@compiled
def _ends_sentence(codepoint: Integer) -> bool:
    """Full stops, exclamation and question marks and ellipses of the scripts in wide use."""
    return bool(
        codepoint == 0x2E
        or codepoint == 0x21
        or codepoint == 0x3F
        or codepoint == 0x2026
        or codepoint == 0x3002
        or codepoint == 0xFF01
        or codepoint == 0xFF1F
        or codepoint == 0x61F
        or codepoint == 0x6D4
        or codepoint == 0x964
        or codepoint == 0x965
        or codepoint == 0x589
        or codepoint == 0x1362
    )


@compiled
def _break_before(
    data: U8, previous: Integer, start: Integer, end: Integer, index: NDArray[np.uint16], pages: U64
) -> Integer:
    """What the gap from `start` to `end` is to the word after it; `previous` is where the word before it begins.

    The code of what begins there, or -1: a line that goes on with a small letter.
    """
    newlines = 0
    marked = False
    spaced = False
    stop = False
    place = start
    while place < end:
        width = _width(np.int64(data[place]))
        codepoint = _codepoint(data, place, width)
        if _ends_sentence(codepoint):
            marked = True
            spaced = bool(codepoint >= 0x80)
            stop = bool(codepoint == 0x2E)
        elif codepoint <= 0x20:
            newlines += codepoint == 0x0A
            spaced = True
        place += width
    if newlines >= 2:
        return BLOCK_BREAK
    small = _is_lower(data, end, index, pages)
    if marked and not small:
        capital = bool(65 <= data[end] <= 90)
        # An initial or a title, not the last word of a sentence.
        length = start - previous
        short = stop and (length == 1 or (length == 2 and 65 <= data[previous] <= 90))
        if (spaced or capital) and not short:
            return SENTENCE_BREAK
    if newlines:
        return -1 if small else 1
    return 0


@exported
def mark_loop(
    data: U8,
    hashes: U64,
    starts: I64,
    ends: I64,
    offsets: I64,
    index: NDArray[np.uint16],
    pages: U64,
    stems: U64,
    breaks: U8,
) -> None:
    """Fill the stem hash of each token and the kind of break before it; barriers are set already."""
    for text in range(offsets.size - 1):
        first, last = offsets[text], offsets[text + 1]
        hard, wrapped = 0, 0
        for token in range(first, last):
            kind: Integer = BLOCK_BREAK
            if token > first:
                kind = _break_before(data, starts[token - 1], ends[token - 1], starts[token], index, pages)
            hard += kind == 1
            wrapped += kind == -1
            if breaks[token] != BARRIER:
                breaks[token] = np.uint8(max(kind, 0))
            place, end = starts[token], ends[token]
            if 48 <= data[place] <= 57:
                stems[token] = hashes[token]
                continue
            value = np.uint64(0)
            taken = 0
            while place < end and taken < STEM_LETTERS:
                width = _width(np.int64(data[place]))
                codepoint = _codepoint(data, place, width)
                entry = pages[(np.int64(index[codepoint >> 8]) << 8) + (codepoint & 0xFF)]
                if entry:
                    value = value * POLYNOMIAL + mix(entry)
                    taken += 2 if _FIRST_SYLLABLE <= codepoint <= _LAST_SYLLABLE else 1
                place += width
            value = value * FINISHER
            stems[token] = value ^ (value >> np.uint64(29))
        # Where lines go on in small letters the text is wrapped by width, and a line break says nothing.
        if hard < SOFT_SHARE * (hard + wrapped):
            for token in range(first, last):
                if breaks[token] == LINE_BREAK:
                    breaks[token] = np.uint8(NO_BREAK)


@exported
def number_terms_loop(
    stems: U64,
    breaks: U8,
    offsets: I64,
    slots: I64,
    numbers: U32,
    terms: U64,
    counts: U32,
    sentence_counts: U32,
    seen: I64,
    term_offsets: I64,
    sentences: I64,
) -> Integer:
    """Number the distinct terms of each text as they first come up; how many there are in all texts together.

    `slots` holds twice as many entries as the longest text has tokens, or more, a power of two.
    """
    filled = 0
    term_offsets[0] = 0
    for text in range(offsets.size - 1):
        first, last = offsets[text], offsets[text + 1]
        size = 16
        while size < 2 * (last - first):
            size *= 2
        mask = np.uint64(size - 1)
        for entry in range(size):
            slots[entry] = -1
        sentence, since = 0, 0
        base = filled
        for token in range(first, last):
            if SENTENCE_BREAK <= breaks[token] < BARRIER or since == SENTENCE_TOKENS:
                sentence += 1
                since = 0
            since += 1
            stem = stems[token]
            slot = (stem >> np.uint64(20)) & mask
            while slots[slot] >= 0 and terms[base + slots[slot]] != stem:
                slot = (slot + np.uint64(1)) & mask
            number = slots[slot]
            if number < 0:
                number = filled - base
                slots[slot] = number
                terms[filled] = stem
                counts[filled] = np.uint32(0)
                sentence_counts[filled] = np.uint32(0)
                seen[number] = -1
                filled += 1
            numbers[token] = np.uint32(number)
            counts[base + number] += np.uint32(1)
            if seen[number] != sentence:
                seen[number] = sentence
                sentence_counts[base + number] += np.uint32(1)
        sentences[text] = max(sentence, 1)
        term_offsets[text + 1] = filled
    return filled


def mark_terms(data: U8, tokens: Tokens, barred: Bool, index: NDArray[np.uint16], pages: U64) -> Terms:
    """See `Kernels.mark_terms`."""
    count = tokens.hashes.size
    stems, breaks = np.empty(count, dtype=np.uint64), np.where(barred, BARRIER, NO_BREAK).astype(np.uint8)
    columns = (tokens.hashes, tokens.starts, tokens.ends, tokens.offsets)
    mark_loop(data, *columns, index, pages.reshape(-1), stems, breaks)
    longest = int(np.diff(tokens.offsets).max(initial=0))
    slots, seen = np.empty(4 * longest + 32, dtype=np.int64), np.empty(longest + 1, dtype=np.int64)
    numbers, terms = np.empty(count, dtype=np.uint32), np.empty(count, dtype=np.uint64)
    counts, sentence_counts = np.empty(count, dtype=np.uint32), np.empty(count, dtype=np.uint32)
    term_offsets, sentences = np.empty_like(tokens.offsets), np.empty(tokens.offsets.size - 1, dtype=np.int64)
    filled = number_terms_loop(
        stems, breaks, tokens.offsets, slots, numbers, terms, counts, sentence_counts, seen, term_offsets, sentences
    )
    return Terms(
        tokens.hashes,
        numbers,
        breaks,
        tokens.offsets,
        terms[:filled].copy(),
        term_offsets,
        counts[:filled].copy(),
        sentence_counts[:filled].copy(),
        sentences,
    )
