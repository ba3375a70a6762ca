"""Terms of a text for finding rewrites: words, whole or cut to a prefix, numbers, pairs of unspaced characters.

Contracts are in `dedup.kernels.rewriting.RewriteKernels.document_terms`.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U64
from dedup.kernels.compiled_tokens import carve, finish, hash_text, load, mix, scratch_words
from dedup.kernels.hashing import POLYNOMIAL
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.rewriting import CAPITAL, NUMBER, PREFIX, UNSPACED, DocumentTerms

_SPACE = 0x20
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_PREFIX_BYTES = np.uint64((1 << (8 * PREFIX)) - 1)
_PREFIX_HIGH_BITS = np.uint64(0x8080808080808080) & _PREFIX_BYTES


@compiled
def _has_high_bytes(data: U8, start: Integer, end: Integer) -> bool:
    seen = np.uint8(0)
    for place in range(np.uint64(start), np.uint64(end)):
        seen = np.uint8(seen | data[place])
    return bool(seen >= np.uint8(128))


@compiled
def _hash_prefix(folded: U8, place: np.uint64, length: np.uint64) -> np.uint64:
    """The hash of the first `PREFIX` characters of a token of more bytes than that."""
    word = load(folded, place)
    if word & _PREFIX_HIGH_BITS == np.uint64(0):
        return finish(mix(word & _PREFIX_BYTES), np.uint64(PREFIX))
    kept = np.uint64(0)
    characters = 0
    while kept < length:
        if folded[place + kept] & np.uint8(0xC0) != np.uint8(0x80):
            if characters == PREFIX:
                break
            characters += 1
        kept += np.uint64(1)
    left = kept
    value = np.uint64(0)
    while left > np.uint64(8):
        value = value * POLYNOMIAL + mix(load(folded, place))
        place += np.uint64(8)
        left -= np.uint64(8)
    last = load(folded, place) & (_ALL >> (np.uint64(64) - np.uint64(8) * left))
    return finish(value * POLYNOMIAL + mix(last), kept)


@exported
def terms_loop(
    data: U8,
    starts: I64,
    ends: I64,
    index: NDArray[np.uint16],
    pages: U64,
    cut: bool,
    longest: Integer,
    memory: U64,
    terms: U64,
    kinds: U8,
    row_offsets: I64,
) -> Integer:
    """Fill terms, with words `cut` or whole, and kinds of the ranges, one after the other; their number.

    `memory` is that of `carve`.
    """
    scratch = carve(memory, longest)
    edges, folded = scratch.edges, scratch.folded
    filled = np.uint64(0)
    row_offsets[0] = 0
    for text in range(starts.size):
        count = np.uint64(hash_text(data, starts[text], ends[text], index, pages, scratch))
        rewritten = _has_high_bytes(data, starts[text], ends[text])
        base = np.uint64(starts[text])
        number_end = np.uint64(0)
        paired = False
        for token in range(count):
            place = np.uint64(edges[token + token])
            end = np.uint64(edges[token + token + np.uint64(1)])
            length = end - place
            first = folded[place]
            value = scratch.hashes[token]
            kind = 0
            if np.uint8(first - np.uint8(48)) < np.uint8(10):
                separator = folded[number_end]
                if (
                    number_end > np.uint64(0)
                    and place == number_end + np.uint64(1)
                    and (separator == np.uint8(44) or separator == np.uint8(46))
                ):
                    terms[filled - np.uint64(1)] = terms[filled - np.uint64(1)] * POLYNOMIAL + value
                    number_end = end
                    continue
                kind = NUMBER
                number_end = end
            else:
                number_end = np.uint64(0)
                case = scratch.rewritten[place] if rewritten else data[base + place]
                if np.uint8(case - np.uint8(65)) < np.uint8(26):
                    kind = CAPITAL
                if length > np.uint64(PREFIX):
                    if cut:
                        value = _hash_prefix(folded, place, length)
                elif first >= np.uint8(0xE0):
                    kind = UNSPACED
            if kind == UNSPACED and token + np.uint64(1) < count:
                following = np.uint64(edges[token + token + np.uint64(2)])
                following_length = np.uint64(edges[token + token + np.uint64(3)]) - following
                if (
                    following == end + np.uint64(2)
                    and folded[end] == np.uint8(_SPACE)
                    and folded[end + np.uint64(1)] == np.uint8(_SPACE)
                    and folded[following] >= np.uint8(0xE0)
                    and following_length <= np.uint64(PREFIX)
                ):
                    paired = True
                    terms[filled] = finish(value * POLYNOMIAL + scratch.hashes[token + np.uint64(1)], np.uint64(2))
                    kinds[filled] = np.uint8(kind)
                    filled += np.uint64(1)
                    continue
            if kind == UNSPACED and paired:
                # The last of a run is in the pair before it.
                paired = False
                continue
            paired = False
            terms[filled] = value
            kinds[filled] = np.uint8(kind)
            filled += np.uint64(1)
        row_offsets[text + 1] = np.int64(filled)
    return np.int64(filled)


def document_terms(data: U8, starts: I64, ends: I64, index: NDArray[np.uint16], pages: U64, cut: bool) -> DocumentTerms:
    """See `RewriteKernels.document_terms`."""
    longest = int((ends - starts).max(initial=0))
    # Memory that is not touched costs nothing.
    most = int((ends - starts).sum()) + 64
    values, kinds = np.empty(most, dtype=np.uint64), np.empty(most, dtype=np.uint8)
    row_offsets = np.empty(starts.size + 1, dtype=np.int64)
    memory = np.empty(scratch_words(longest), dtype=np.uint64)
    count = terms_loop(data, starts, ends, index, pages.reshape(-1), cut, longest, memory, values, kinds, row_offsets)
    return DocumentTerms(values[:count], kinds[:count], row_offsets)
