"""Terms and breaks of tokenised texts in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64, Bool, Tokens
from dedup.kernels.distinct import distinct
from dedup.kernels.hashing import FINISHER, POLYNOMIAL, mix
from dedup.kernels.reference_characters import decode, sum_rows
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

SENTENCE_ENDS = (0x2E, 0x21, 0x3F, 0x2026, 0x3002, 0xFF01, 0xFF1F, 0x61F, 0x6D4, 0x964, 0x965, 0x589, 0x1362)
"""Full stops, exclamation and question marks and ellipses of the scripts in wide use."""

SOFT_SHARE = 0.7
_LAST_CASED = 0x590
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3


def mark_terms(data: U8, tokens: Tokens, barred: Bool, index: NDArray[np.uint16], pages: U64) -> Terms:
    """See `Kernels.mark_terms`."""
    positions, widths, codepoints = decode(data)
    entries = pages[index[codepoints >> 8], codepoints & 0xFF]
    stems = _stems(tokens, data, positions, codepoints, entries)
    kinds = _breaks_before(tokens, data, positions, widths, codepoints, entries)
    breaks = np.full(stems.size, NO_BREAK, dtype=np.uint8)
    columns: list[tuple[U32, U64, U32, U32, int]] = []
    for first, last in zip(tokens.offsets[:-1].tolist(), tokens.offsets[1:].tolist(), strict=True):
        kind = kinds[first:last]
        kind[:1] = BLOCK_BREAK
        hard, wrapped = np.count_nonzero(kind == LINE_BREAK), np.count_nonzero(kind < 0)
        marked = np.maximum(kind, NO_BREAK)
        marked[barred[first:last]] = BARRIER
        if hard < SOFT_SHARE * (hard + wrapped):
            marked[marked == LINE_BREAK] = NO_BREAK
        breaks[first:last] = marked
        columns.append(_number_terms(stems[first:last], marked))
    return Terms(
        tokens.hashes,
        np.concatenate([np.zeros(0, dtype=np.uint32), *(column[0] for column in columns)]),
        breaks,
        tokens.offsets,
        np.concatenate([np.zeros(0, dtype=np.uint64), *(column[1] for column in columns)]),
        np.append(0, np.cumsum([column[1].size for column in columns], dtype=np.int64)),
        np.concatenate([np.zeros(0, dtype=np.uint32), *(column[2] for column in columns)]),
        np.concatenate([np.zeros(0, dtype=np.uint32), *(column[3] for column in columns)]),
        np.array([column[4] for column in columns], dtype=np.int64),
    )


def _stems(tokens: Tokens, data: U8, positions: I64, codepoints: I64, entries: U64) -> U64:
    """The hash of the first letters of each token, or of all of one that begins with a digit."""
    first, last = np.searchsorted(positions, tokens.starts), np.searchsorted(positions, tokens.ends)
    lengths = last - first
    owners = np.repeat(np.arange(first.size), lengths)
    places = first[owners] + np.arange(owners.size) - (np.cumsum(lengths) - lengths)[owners]
    syllable = (codepoints[places] >= _FIRST_SYLLABLE) & (codepoints[places] <= _LAST_SYLLABLE)
    letters = np.where(entries[places] == 0, 0, 1 + syllable)
    before = np.cumsum(letters) - letters
    if owners.size:
        before -= before[(np.cumsum(lengths) - lengths)[owners]]
    taken = (before < STEM_LETTERS) & (letters > 0)
    places, owners = places[taken], owners[taken]
    counts = np.bincount(owners, minlength=first.size)
    begins = np.cumsum(counts) - counts
    exponents = (counts[owners] - 1 - (np.arange(owners.size) - begins[owners])).astype(np.uint64)
    values = sum_rows(mix(entries[places]) * POLYNOMIAL**exponents, begins, counts) * FINISHER
    stems: U64 = values ^ (values >> np.uint64(29))
    lead = data[tokens.starts]
    return np.where((lead >= ord("0")) & (lead <= ord("9")), tokens.hashes, stems)


def _breaks_before(
    tokens: Tokens, data: U8, positions: I64, widths: I64, codepoints: I64, entries: U64
) -> NDArray[np.int64]:
    """What stands before each token: the codes of breaks, or -1 for a line that goes on in small letters."""
    count = tokens.starts.size
    kinds = np.zeros(count, dtype=np.int64)
    if count < 2:
        return kinds
    # The gap before each token but the first; gaps between texts are overwritten by their first tokens.
    first, last = np.searchsorted(positions, tokens.ends[:-1]), np.searchsorted(positions, tokens.starts[1:])
    lengths = last - first
    gaps = np.repeat(np.arange(count - 1), lengths)
    begins = np.cumsum(lengths) - lengths
    places = first[gaps] + np.arange(gaps.size) - begins[gaps]
    codes = codepoints[places]
    newlines = np.bincount(gaps[codes == ord("\n")], minlength=count - 1)
    mark = np.full(count - 1, -1)
    marks = np.flatnonzero(np.isin(codes, SENTENCE_ENDS))
    np.maximum.at(mark, gaps[marks], marks)
    marked = mark >= 0
    spaces = np.flatnonzero((codes <= 0x20) & (np.arange(codes.size) > mark[gaps]))
    spaced = np.bincount(gaps[spaces], minlength=count - 1) > 0
    ending = np.append(codes, 0)[mark]
    spaced |= marked & (ending >= 0x80)
    stop = marked & (ending == ord("."))
    lead = data[tokens.starts].astype(np.int64)
    codes = codepoints[np.searchsorted(positions, tokens.starts)]
    folded = entries[np.searchsorted(positions, tokens.starts)]
    second = np.append(data, np.uint8(0))[tokens.starts + 1].astype(np.int64)
    unchanged = folded == (lead | second << 8).astype(np.uint64)
    small = np.where(codes < 0x80, (lead >= ord("a")) & (lead <= ord("z")), unchanged & (codes < _LAST_CASED))
    capital = (lead >= ord("A")) & (lead <= ord("Z"))
    size = (tokens.ends - tokens.starts)[:-1]
    short = stop & ((size == 1) | ((size == 2) & capital[:-1]))
    sentence = marked & ~small[1:] & (spaced | capital[1:]) & ~short
    kinds[1:] = np.select(
        [newlines >= 2, sentence, (newlines > 0) & small[1:], newlines > 0],
        [BLOCK_BREAK, SENTENCE_BREAK, -1, LINE_BREAK],
        NO_BREAK,
    )
    return kinds


def _number_terms(stems: U64, breaks: NDArray[np.int64]) -> tuple[U32, U64, U32, U32, int]:
    """Number of each token's term; the terms as they first come up, their counts in tokens and sentences; sentences."""
    terms, firsts, inverse, counts = np.unique(stems, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(firsts)
    numbers = np.argsort(order)[inverse]
    begins, places = (breaks >= SENTENCE_BREAK) & (breaks < BARRIER), np.arange(breaks.size)
    since = places - np.maximum.accumulate(np.where(begins, places, 0))
    sentences = np.cumsum(begins | ((since > 0) & (since % SENTENCE_TOKENS == 0)))
    held = distinct(sentences * terms.size + numbers) % max(terms.size, 1)
    return (
        numbers.astype(np.uint32),
        terms[order],
        counts[order].astype(np.uint32),
        np.bincount(held, minlength=terms.size).astype(np.uint32),
        max(int(sentences[-1]) if sentences.size else 0, 1),
    )
