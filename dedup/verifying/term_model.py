"""How common terms are: what anchors are chosen by, and what the evidence of a rewrite is weighed against."""

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np

from dedup.kernels import F64, I64, U64, Bool, Kernels, Ragged
from dedup.kernels.hashing import WeightTable, weight_table

COMMON_SHARE = 0.1
"""Terms in more than this share of the documents are stop words in the evidence, and no anchors."""


@dataclass(frozen=True, slots=True)
class TermModel:
    """Document frequencies of terms (see `dedup.kernels.rewriting.DocumentTerms`).

    `terms` (uint64, ascending), `frequencies` (int64): how many of the `documents` hold each.
    """

    terms: U64
    frequencies: I64
    documents: int
    _table: WeightTable = field(init=False, repr=False, compare=False)
    _anchor_table: WeightTable = field(init=False, repr=False, compare=False)
    _total: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        frequencies = self.frequencies.astype(np.float64)
        object.__setattr__(self, "_table", weight_table(self.terms, frequencies))
        weights = np.where(self._common(frequencies), 0.0, self._inverse(frequencies))
        object.__setattr__(self, "_anchor_table", weight_table(self.terms, weights))
        object.__setattr__(self, "_total", max(float(self._expected(frequencies).sum()), 1.0))

    def _common(self, frequencies: F64) -> Bool:
        return frequencies > COMMON_SHARE * max(self.documents, 1)

    def _inverse(self, frequencies: F64) -> F64:
        """ln((N + 1) / (df + 1))."""
        inverse: F64 = np.log((self.documents + 1.0) / (frequencies + 1.0))
        return inverse

    def _expected(self, frequencies: F64) -> F64:
        """How often a term is to be expected in a document, if it comes up at random: -ln(1 - df/N), smoothed."""
        expected: F64 = -np.log1p(-(frequencies + 0.3) / (self.documents + 1.0))
        return expected

    @property
    def anchor_table(self) -> tuple[WeightTable, float]:
        """The weights of terms as anchors, 0 for the common ones, and that of an unknown term."""
        return self._anchor_table, math.log(self.documents + 1.0)

    def weigh(self, terms: U64, kernels: Kernels) -> "TermWeights":
        """What the evidence asks of terms."""
        frequencies = kernels.look_up(self._table, terms, 0.0)
        rarities = math.log(self._total) - np.log(self._expected(frequencies))
        return TermWeights(rarities, self._inverse(frequencies), self._common(frequencies))

    @property
    def fingerprint(self) -> str:
        """A hash of the model."""
        digest = hashlib.sha256(self.documents.to_bytes(8, "little"))
        digest.update(self.terms.tobytes())
        digest.update(self.frequencies.tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TermWeights:
    """Of n terms, each of shape (n,).

    `rarities`: -ln of the share of all text that a term is to be expected to make up; `inverse`: its inverse document
    frequency; `common`: whether it is a stop word.
    """

    rarities: F64
    inverse: F64
    common: Bool


def fit_term_model(terms: Ragged, kernels: Kernels) -> TermModel:
    """Count in how many of the documents, given by their terms, each one occurs."""
    rows = kernels.count_rows(terms)
    ordered = np.sort(rows.values)
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: ordered.size])
    return TermModel(ordered[begins], np.diff(begins, append=ordered.size), terms.offsets.size - 1)
