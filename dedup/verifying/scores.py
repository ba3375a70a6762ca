"""The exact scores of pairs of texts, from their tokens."""

from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import F64, I64, U64, Bool, Kernels, Ragged
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


def score_pairs(
    hashes: U64, offsets: I64, left: I64, right: I64, config: Config, background: Background, kernels: Kernels
) -> Scores:
    """Score pairs (`left[i]`, `right[i]`) of the texts whose tokens are the rows of `hashes` and `offsets`.

    The cosine is the one that scikit-learn's TfidfTransformer gives on the token counts with the background's
    document frequencies (smoothed IDF, L2 norm); sums run in ascending order of the terms' hashes.
    """
    shingles = kernels.count_rows(*kernels.shingle(hashes, offsets, config.shingle_size))
    common = kernels.count_common(Ragged(shingles.values, shingles.offsets), left, right).astype(np.float64)
    sizes = np.diff(shingles.offsets)
    left_sizes, right_sizes = sizes[left], sizes[right]

    terms = kernels.count_rows(hashes, offsets)
    rows = Ragged(terms.values, terms.offsets)
    weights = terms.counts * background.inverse_document_frequency(terms.values, kernels)
    every = np.arange(offsets.size - 1)
    norms = np.sqrt(kernels.dot_common(rows, weights, every, every))
    dots = kernels.dot_common(rows, weights, left, right)
    exact = kernels.equal_rows(Ragged(hashes, offsets), left, right)
    cosine = np.minimum(_share(dots, norms[left] * norms[right]), 1.0)
    return Scores(
        exact,
        _share(common, left_sizes + right_sizes - common),
        _share(common, left_sizes),
        _share(common, right_sizes),
        # Rounding must not make copies differ.
        np.where(exact & (norms[left] > 0), 1.0, cosine),
    )


def _share(part: F64, whole: F64 | I64) -> F64:
    share: F64 = np.divide(part, whole, out=np.zeros(part.size), where=whole > 0)
    return share
