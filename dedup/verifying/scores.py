"""The exact scores of pairs of texts, from their tokens."""

from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import F64, I64, Bool, Comparisons, Kernels, Ragged
from dedup.verifying.background import Background


class Scores(NamedTuple):
    """Scores of n pairs, each of shape (n,).

    `exact`: the tokens are the same, in order. `resemblance`: |A ∩ B| / |A ∪ B| of the shingle sets;
    `left_containment`: |A ∩ B| / |A|; `right_containment`: |A ∩ B| / |B| (Broder 1997); all 0 where a side has no
    shingle. `cosine`: of the TF-IDF vectors of the tokens.
    """

    exact: Bool
    resemblance: F64
    left_containment: F64
    right_containment: F64
    cosine: F64

    def take(self, places: I64 | Bool) -> "Scores":
        """The scores of the pairs at these places."""
        return Scores(
            self.exact[places],
            self.resemblance[places],
            self.left_containment[places],
            self.right_containment[places],
            self.cosine[places],
        )


def no_scores(count: int) -> Scores:
    """Room for the scores of so many pairs: zeros."""
    return Scores(np.zeros(count, dtype=np.bool_), *(np.zeros(count) for _ in range(4)))


def score_pairs(
    tokens: Ragged,
    left: I64,
    right: I64,
    config: Config,
    background: Background,
    kernels: Kernels,
    *,
    every: bool = False,
) -> Scores:
    """Score pairs (`left[i]`, `right[i]`) of texts, given by their tokens' hashes.

    Unless `every` score is wanted, a pair that cannot reach the threshold of resemblance nor that of containment gets
    zeros: most candidates that fail fail on their first shingles.

    The cosine is the one that scikit-learn's TfidfTransformer gives on the token counts with the background's
    document frequencies (smoothed IDF, L2 norm); sums run in the order in which the terms come up in the shorter text.
    """
    shingles = kernels.distinct_rows(kernels.shingle(*tokens, config.shingle_size))
    sizes = np.diff(shingles.offsets)
    left_sizes, right_sizes = sizes[left], sizes[right]
    least = np.zeros(left.size, dtype=np.int64) if every else _least_common(left_sizes, right_sizes, config)
    # A table of the longer side's shingles serves all that are compared with it.
    longer, shorter = np.where(left_sizes >= right_sizes, (left, right), (right, left))
    common = kernels.count_common(shingles, longer, shorter, least).astype(np.float64)
    reached = np.arange(left.size) if every else np.flatnonzero(common)

    exact, cosine = np.zeros(left.size, dtype=np.bool_), np.zeros(left.size)
    exact[reached] = kernels.equal_rows(tokens, left[reached], right[reached])
    cosine[reached] = _cosines(tokens, longer[reached], shorter[reached], background, kernels)
    return Scores(
        exact,
        _share(common, left_sizes + right_sizes - common),
        _share(common, left_sizes),
        _share(common, right_sizes),
        # Rounding must not make copies differ.
        np.where(exact, 1.0, cosine),
    )


def score_with_last(tokens: Ragged, config: Config, background: Background, kernels: Kernels) -> Comparisons:
    """Score all rows of tokens but the last one with the last, as `score_pairs` with `every` does; for a few rows."""
    return kernels.compare_rows(tokens, config.shingle_size, *background.weights)


def _least_common(left_sizes: I64, right_sizes: I64, config: Config) -> I64:
    """The fewest common shingles with which a pair is over a threshold, or one fewer lest rounding decide; at least 1.

    A resemblance of t with sets of sizes a and b takes t (a + b) / (1 + t) common shingles.
    """
    near = config.threshold * (left_sizes + right_sizes) / (1 + config.threshold)
    contained = config.containment * np.minimum(left_sizes, right_sizes)
    least: I64 = np.maximum(np.floor(np.minimum(near, contained)).astype(np.int64) - 1, 1)
    return least


def _cosines(tokens: Ragged, left: I64, right: I64, background: Background, kernels: Kernels) -> F64:
    used = np.zeros(tokens.offsets.size - 1, dtype=np.bool_)
    used[left] = used[right] = True
    texts = np.flatnonzero(used)
    row_of = np.cumsum(used) - 1
    left, right = row_of[left], row_of[right]
    terms = kernels.count_rows(tokens, texts)
    rows = Ragged(terms.values, terms.offsets)
    weights = terms.counts * background.inverse_document_frequency(terms.values, kernels)
    every = np.arange(texts.size)
    norms = np.sqrt(kernels.dot_common(rows, weights, every, every))
    dots = kernels.dot_common(rows, weights, left, right)
    return np.minimum(_share(dots, norms[left] * norms[right]), 1.0)


def _share(part: F64, whole: F64 | I64) -> F64:
    share: F64 = np.divide(part, whole, out=np.zeros(part.size), where=whole > 0)
    return share
