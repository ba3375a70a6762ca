"""DocumentTerms of a text for finding rewrites, in NumPy: the twin of `dedup.kernels.compiled_document_terms`."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U64, Bool
from dedup.kernels.hashing import POLYNOMIAL, SPACE, finish
from dedup.kernels.reference_characters import decode, folded_lengths, hash_folded
from dedup.kernels.rewriting import CAPITAL, NUMBER, PREFIX, UNSPACED, DocumentTerms

_SEPARATORS = (ord(","), ord("."))


def document_terms(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, cut: bool) -> DocumentTerms:
    """See `RewriteKernels.document_terms`."""
    ranges = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    # A new line behind each text keeps its last token from running into the next text.
    joined = np.concatenate([np.zeros(0, np.uint8), *(part for each in ranges for part in (each, _NEW_LINE))])
    bounds = np.append(0, np.cumsum([each.size + 1 for each in ranges], dtype=np.int64))
    positions, _, codepoints = decode(joined)
    entries = pages[index[codepoints >> 8], codepoints & 0xFF]
    lengths = folded_lengths(entries)
    characters = np.repeat(np.arange(entries.size), lengths)
    within = np.arange(characters.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    folded = ((entries[characters] >> (within.astype(np.uint64) * np.uint64(8))) & np.uint64(0xFF)).astype(np.uint64)
    # As they stand where they are ASCII: capitals, and the separators that are no spaces.
    raw = np.where(codepoints[characters] < 128, codepoints[characters], folded.astype(np.int64))
    word = np.zeros(folded.size + 2, dtype=np.int8)
    word[1:-1] = folded != SPACE
    edges = np.diff(word)
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    rows = np.searchsorted(bounds, positions[characters[first]], side="right") - 1

    number = (folded[first] >= ord("0")) & (folded[first] <= ord("9"))
    whole = number if cut else np.ones(first.size, dtype=np.bool_)
    values = hash_folded(folded, first, np.where(whole, last, _prefix_ends(folded, first, last)))
    capital = (raw[first] >= ord("A")) & (raw[first] <= ord("Z"))
    unspaced = ~number & (folded[first] >= 0xE0) & (last - first <= PREFIX)
    kinds = np.where(number, NUMBER, np.where(unspaced, UNSPACED, np.where(capital, CAPITAL, 0))).astype(np.uint8)

    gaps = np.append(first[1:], 0) - last
    same = np.append(rows[1:] == rows[:-1], False)[: rows.size]
    padded = np.append(raw, [0, 0])
    pair = same & unspaced & np.append(unspaced[1:], False)[: rows.size] & (gaps == 2)
    pair &= (padded[last] == SPACE) & (padded[last + 1] == SPACE)
    values[pair] = finish(values[pair] * POLYNOMIAL + np.roll(values, -1)[pair], np.full(1, 2, dtype=np.uint64))
    goes_on = same & number & np.append(number[1:], False)[: rows.size] & (gaps == 1)
    goes_on &= np.isin(padded[last], _SEPARATORS)
    further = np.append(False, goes_on)[: rows.size]
    _merge(values, further)
    kept = ~further & ~(np.append(False, pair)[: rows.size] & ~pair)
    counts = np.bincount(rows[kept], minlength=starts.size)
    return DocumentTerms(values[kept], kinds[kept], np.append(0, np.cumsum(counts)))


_NEW_LINE = np.full(1, ord("\n"), dtype=np.uint8)


def _prefix_ends(folded: U64, first: I64, last: I64) -> I64:
    """Where the first `PREFIX` characters of each token end."""
    leads = np.flatnonzero((folded & 0xC0) != 0x80)
    cut = np.searchsorted(leads, first) + PREFIX
    ends: I64 = np.minimum(last, np.append(leads, np.full(PREFIX, folded.size))[cut])
    return ends


def _merge(values: U64, further: Bool) -> None:
    """Take the parts of a number, each after the first marked, into its first part."""
    begins = np.flatnonzero(~further)
    part_of = begins[np.cumsum(~further) - 1]
    for place in np.flatnonzero(further).tolist():
        owner = part_of[place : place + 1]
        values[owner] = values[owner] * POLYNOMIAL + values[place]
