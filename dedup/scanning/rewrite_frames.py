"""What two documents say beside the paragraphs that both hold: for its frame alone a page rewords no other one."""

import numpy as np

from dedup.kernels import F64, I64, U64, Bool
from dedup.scanning.rewrite_candidates import Proposals, TextSource, blocks_of
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
    sizes = texts.sizes
    order = np.lexsort((pairs.right[chosen], pairs.left[chosen]))
    together = (sizes[pairs.left[chosen]] + sizes[pairs.right[chosen]])[order]

    def judge(block: I64) -> Bool:
        left, right = pairs.left[chosen[block]], pairs.right[chosen[block]]
        return _cosines_beside(texts, left, right, background) >= LEAST_COSINE_BESIDE

    alike = np.ones(chosen.size, dtype=np.bool_)
    blocks = list(blocks_of(order, together))
    for block, found in zip(blocks, texts.threads.map(judge, blocks), strict=True):
        alike[block] = found
    return alike


def _cosines_beside(texts: TextSource, left: I64, right: I64, background: RewriteBackground) -> F64:
    """The cosine of the rest of each pair of texts; 1 where they have no paragraph in common."""
    places, rows = np.unique(np.append(left, right), return_inverse=True)
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
    begins, ends = found.offsets[:-1][filled], found.offsets[1:][filled]
    # Paragraphs of both sides of each pair, those of the left side first.
    counts = np.diff(bounds)[rows]
    sides = np.repeat(np.arange(rows.size), counts)
    own = np.arange(sides.size) + np.repeat(bounds[:-1][rows] - np.cumsum(counts) + counts, counts)
    half = int(counts[: left.size].sum())
    _, numbers = np.unique(digests, return_inverse=True)
    keys = sides % left.size * (numbers.max(initial=0) + 1) + numbers[own]
    shared = np.append(np.isin(keys[:half], keys[half:]), np.isin(keys[half:], keys[:half]))
    concerned = np.zeros(left.size, dtype=np.bool_)
    concerned[sides[shared] % left.size] = True

    rest = np.flatnonzero(~shared & concerned[sides % left.size])
    sizes = (ends - begins)[own[rest]]
    terms = np.arange(sizes.sum()) + np.repeat(begins[own[rest]] - np.cumsum(sizes) + sizes, sizes)
    cosines = _cosines(found.values[terms], np.repeat(sides[rest], sizes), left.size, background, texts)
    return np.where(concerned, cosines, 1.0)


def _cosines(values: U64, sides: I64, count: int, background: RewriteBackground, texts: TextSource) -> F64:
    """TF-IDF cosines of sides i and `count` + i, whose terms are given; 0 where one has none that is rare."""
    terms, numbers = np.unique(values, return_inverse=True)
    keys, often = np.unique(sides * max(terms.size, 1) + numbers, return_counts=True)
    side, term = np.divmod(keys, max(terms.size, 1))
    table, unknown = background.words.anchor_table
    weights = (1.0 + np.log(often)) * texts.kernels.look_up(table, terms, unknown)[term]
    norms = np.sqrt(np.bincount(side, weights**2, minlength=2 * count))
    split = int(np.searchsorted(side, count))
    one, other = keys[:split], keys[split:] - count * max(terms.size, 1)
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    products = np.bincount(side[:split][here], weights[:split][here] * weights[split:][there], minlength=count)
    lengths = norms[:count] * norms[count:]
    cosines: F64 = np.where(lengths > 0.0, products / np.where(lengths > 0.0, lengths, 1.0), 0.0)
    return cosines
