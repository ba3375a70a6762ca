"""What two documents say beside the paragraphs that both hold: for its frame alone a page rewords no other one."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64, U64, Bool, Ragged
from dedup.scanning.rewrite_candidates import Proposals, TextSource, blocks_of, by_family
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.segmenting import segment
from dedup.tokenising import codepoint_table

LEAST_COSINE_BESIDE = 0.2
"""The least cosine, by rare words, of what two documents say beside the paragraphs that both hold word for word."""


def alike_beside_frames(texts: TextSource, pairs: Proposals, chosen: I64, background: RewriteBackground) -> Bool:
    """Which of the pairs chosen are alike without the paragraphs that both documents hold word for word.

    The words of a frame, which pages of one template share, are as rare as those of a story where the template is. What
    is reworded is in the rest. Pairs without such paragraphs are alike. The answer depends on both texts and the
    background alone.
    """
    left, right = pairs.left[chosen], pairs.right[chosen]
    order = by_family(texts, left, right, np.ones(chosen.size, dtype=np.bool_))

    def judge(block: I64) -> Bool:
        return _cosines_beside(texts, left[block], right[block], background) >= LEAST_COSINE_BESIDE

    alike = np.ones(chosen.size, dtype=np.bool_)
    blocks = list(blocks_of(order, _bytes_read(texts.sizes, left[order], right[order])))
    for block, found in zip(blocks, texts.threads.map(judge, blocks), strict=True):
        alike[block] = found
    return alike


def _bytes_read(sizes: I64, left: I64, right: I64) -> I64:
    """The bytes of the texts that no pair before one has, and what a pair takes."""
    sides = np.stack([left, right], axis=1).reshape(-1)
    places, first = np.unique(sides, return_index=True)
    read = np.zeros(sides.size, dtype=np.int64)
    read[first] = sizes[places]
    counted: I64 = read[::2] + read[1::2] + _PAIR_BYTES
    return counted


class _Paragraphs(NamedTuple):
    """The paragraphs of texts that have terms: those of text i are `bounds[i]` to `bounds[i + 1]`.

    The `digests` of their terms, which are `terms` from `begins` to `ends`.
    """

    bounds: I64
    digests: U64
    begins: I64
    ends: I64
    terms: U64


def _paragraphs(texts: TextSource, places: I64) -> _Paragraphs:
    column = texts.read(places)
    paragraphs = segment(column, texts.kernels)
    found = texts.rewriting.document_terms(
        column.data, paragraphs.starts, paragraphs.ends, *codepoint_table(), False
    )  # fmt: skip
    filled = np.diff(found.offsets) > 0
    # In their order: the same words in another one are another paragraph.
    within = np.arange(found.values.size) - np.repeat(found.offsets[:-1], np.diff(found.offsets))
    ordered = found.values * (2 * within + 1).astype(np.uint64)
    digests = np.add.reduceat(ordered, found.offsets[:-1][filled]) if filled.any() else ordered[:0]
    bounds = np.searchsorted(paragraphs.texts[filled], np.arange(places.size + 1))
    return _Paragraphs(bounds, digests, found.offsets[:-1][filled], found.offsets[1:][filled], found.values)


def _cosines_beside(texts: TextSource, left: I64, right: I64, background: RewriteBackground) -> F64:
    """The cosine of the rest of each pair of texts; 1 where they have no paragraph in common."""
    places, rows = np.unique(np.append(left, right), return_inverse=True)
    paragraphs = _paragraphs(texts, places)
    one, other = rows[: left.size], rows[left.size :]
    distinct = texts.kernels.distinct_rows(Ragged(paragraphs.digests, paragraphs.bounds))
    common = texts.kernels.count_common(distinct, one, other, np.zeros(left.size, dtype=np.int64))
    cosines = np.ones(left.size)
    concerned = np.flatnonzero(common)
    for block in blocks_of(concerned, (texts.sizes[left] + texts.sizes[right])[concerned]):
        cosines[block] = _cosines_of_rest(texts, paragraphs, one[block], other[block], background)
    return cosines


def _cosines_of_rest(
    texts: TextSource, paragraphs: _Paragraphs, left: I64, right: I64, background: RewriteBackground
) -> F64:
    """The cosine of each pair of texts without the paragraphs that both have; 0 where a side has nothing rare left."""
    texts_of = np.append(left, right)
    counts = np.diff(paragraphs.bounds)[texts_of]
    sides = np.repeat(np.arange(texts_of.size), counts)
    own = np.arange(sides.size) + np.repeat(paragraphs.bounds[:-1][texts_of] - np.cumsum(counts) + counts, counts)
    half = int(counts[: left.size].sum())
    _, numbers = np.unique(paragraphs.digests[own], return_inverse=True)
    keys = sides % left.size * (numbers.max(initial=0) + 1) + numbers
    rest = np.flatnonzero(~np.append(np.isin(keys[:half], keys[half:]), np.isin(keys[half:], keys[:half])))
    begins, ends = paragraphs.begins[own[rest]], paragraphs.ends[own[rest]]
    sizes = np.append(0, np.cumsum(ends - begins))
    terms = paragraphs.terms[np.arange(sizes[-1]) + np.repeat(begins - sizes[:-1], ends - begins)]
    offsets = sizes[np.searchsorted(sides[rest], np.arange(texts_of.size + 1))]
    return _cosines(Ragged(terms, offsets), background, texts)


def _cosines(terms: Ragged, background: RewriteBackground, texts: TextSource) -> F64:
    """TF-IDF cosines of the rows of the first half with those of the second; 0 where one has no term that is rare."""
    counted = texts.kernels.count_rows(terms)
    table, unknown = background.words.anchor_table
    weights = (1.0 + np.log(counted.counts)) * texts.kernels.look_up(table, counted.values, unknown)
    count = terms.offsets.size // 2
    owners = np.repeat(np.arange(2 * count), np.diff(counted.offsets))
    norms = np.sqrt(np.bincount(owners, weights**2, minlength=2 * count))
    one = np.arange(count)
    products = texts.kernels.dot_common(Ragged(counted.values, counted.offsets), weights, one, one + count)
    lengths = norms[:count] * norms[count:]
    cosines: F64 = np.where(lengths > 0.0, products / np.where(lengths > 0.0, lengths, 1.0), 0.0)
    return cosines


_PAIR_BYTES = 64
