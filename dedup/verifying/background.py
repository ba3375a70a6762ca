"""The background: document frequencies of terms, on which the TF-IDF cosine rests."""

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np

from dedup.kernels import F64, I64, U64, Kernels, Ragged
from dedup.kernels.hashing import WeightTable, weight_table


@dataclass(frozen=True, slots=True)
class Background:
    """A frozen document-frequency model.

    `terms` (uint64, ascending) are token hashes and `frequencies` (int64) the number of the `documents` sampled that
    hold each. The empty background weighs all terms alike.
    """

    terms: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    frequencies: I64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    documents: int = 0
    _table: WeightTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = _smoothed(self.documents, self.frequencies)
        object.__setattr__(self, "_table", weight_table(self.terms, weights))

    def inverse_document_frequency(self, terms: U64, kernels: Kernels) -> F64:
        """ln((1 + N) / (1 + df)) + 1, scikit-learn's smoothed form; an unseen term has df 0."""
        table, unseen = self.weights
        return kernels.look_up(table, terms, unseen)

    @property
    def weights(self) -> tuple[WeightTable, float]:
        """The inverse document frequency of each term that was seen, and that of all others."""
        return self._table, math.log(1 + self.documents) + 1.0

    @property
    def fingerprint(self) -> str:
        """A hash of the model."""
        digest = hashlib.sha256(self.documents.to_bytes(8, "little"))
        digest.update(self.terms.tobytes())
        digest.update(self.frequencies.tobytes())
        return digest.hexdigest()[:16]


def _smoothed(documents: int, frequencies: I64) -> F64:
    weights: F64 = np.log((1 + documents) / (1 + frequencies)) + 1.0
    return weights


def fit_background(tokens: Ragged, kernels: Kernels) -> Background:
    """Count in how many of the documents, given by their token hashes, each term occurs."""
    held = kernels.distinct_rows(tokens).values
    counted = kernels.count_rows(Ragged(held, np.array([0, held.size])))
    order = np.argsort(counted.values)
    return Background(counted.values[order], counted.counts[order], tokens.offsets.size - 1)
