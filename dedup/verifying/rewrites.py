"""The confirmation of rewrites: a calibrated probability from the evidence of two texts' terms.

A logistic model over a few features, whose table and coefficients `benchmarks/quality/fit_rewrites.py` fits with
scikit-learn; `rewrites.json` holds them with where they come from.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64
from dedup.kernels.rewriting import BINS, STATES, TYPES, EvidenceTable

FEATURES = (
    "least_mean",
    "attained",
    "numbers_shared",
    "number_count",
    "cosine",
    "length_ratio",
    "order",
    "log_length",
    "most_mean",
    "longest_run",
    "attained_margin",
    "cosine_margin",
)
"""The features, in their order; the last two are margins over what either text shares with others of the background.

`least_mean`, `most_mean`: the lower and the higher of both sides' sum of evidence over its number of terms; `attained`:
of the shorter text, the evidence for a rewrite over what it could be; `numbers_shared`, `number_count`: of the numbers,
by rarity; `cosine`: of the anchors; `length_ratio`: |ln| of the ratio of both lengths; `order`: steps forward among the
matches; `log_length`: ln of the shorter length, up to `LONG_ENOUGH`; `longest_run`: ln of the most evidence of terms in
a row, of either side.
"""

LONG_ENOUGH = 200
"""Terms from which on a text says as much of a rewrite as a longer one."""

SCREENING = ("cosine", "elsewhere", "elsewhere_least", "log_fewer", "log_more", "shared", "log_shared", "share")
"""What is known of a pair by its anchors, in the order of `screening_of`."""

LEAST_REFERENCES = 256
"""Documents in the background from which on its margins are asked for."""


class LogisticModel(NamedTuple):
    """`coefficients` of the first features, and an intercept."""

    coefficients: F64
    intercept: float

    def probability(self, features: F64) -> F64:
        """Of pairs with these features, shape (n, features), the probability, shape (n,)."""
        # Summed column by column, so that every machine adds in the same order.
        logits = np.full(features.shape[0], self.intercept)
        for column, coefficient in enumerate(self.coefficients.tolist()):
            logits += features[:, column] * coefficient
        probability: F64 = 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))
        return probability


@dataclass(frozen=True, slots=True)
class RewriteModel:
    """What was fitted.

    `table`: the evidence of terms. `alone`: over the features that need both texts and the frequencies of terms;
    `margins`: over all, where the background has enough documents. A pair is worth the margins where `alone` gives it
    `least_alone` or more, and worth reading where its cosine of anchors is at least `least_cosine` and `least_margin`
    over what either shares with the background, and `screen`, over what is known of the anchors alone, gives it
    `least_screened` or more. Where the distinct terms that both share have less than
    `least_shared` of the weight of all, nothing is weighed.
    """

    table: EvidenceTable
    alone: LogisticModel
    margins: LogisticModel
    screen: LogisticModel
    least_screened: float
    least_alone: float
    least_cosine: float
    least_margin: float
    least_shared: float


@cache
def shipped_model() -> RewriteModel:
    """The model that comes with the package."""
    return read_model(files(__package__).joinpath("rewrites.json").read_text(encoding="utf-8"))


def read_model(text: str) -> RewriteModel:
    """A model from the JSON that the fitting writes."""
    data = json.loads(text)
    table = np.array(data["table"], dtype=np.float64)
    if table.shape != (2, TYPES, BINS, STATES):
        raise ValueError(f"a table of evidence has the shape (2, {TYPES}, {BINS}, {STATES}), not {table.shape}")

    def logistic(part: dict[str, float], known: tuple[str, ...] = FEATURES) -> LogisticModel:
        names = [name for name in known if name in part]
        return LogisticModel(np.array([part[name] for name in names]), part["intercept"])

    return RewriteModel(
        EvidenceTable(table.reshape(-1), data["again"]),
        logistic(data["alone"]),
        logistic(data["margins"]),
        logistic(data["screen"], SCREENING),
        data["least_screened"],
        data["least_alone"],
        data["least_cosine"],
        data["least_margin"],
        data["least_shared"],
    )


def screening_of(cosines: F64, elsewhere: F64, counts: NDArray[np.int64], shared: NDArray[np.int64]) -> F64:
    """What is known of pairs by their anchors alone, shape (n, features).

    `elsewhere`, of shape (2, n): the cosine of both sides with others of the background; `counts`, of shape (2, n):
    their anchors; `shared`: those that both have.
    """
    fewer = counts.min(axis=0)
    columns = [
        cosines,
        elsewhere.max(axis=0),
        elsewhere.min(axis=0),
        np.log(fewer + 1.0),
        np.log(counts.max(axis=0) + 1.0),
        shared.astype(np.float64),
        np.log(shared + 1.0),
        shared / np.maximum(fewer, 1),
    ]
    return np.stack(columns, axis=1)


def attained(sums: F64) -> F64:
    """Of the shorter side of each pair, the evidence for a rewrite over what could be attained."""
    share: F64 = sums[:, 0, 3] / np.maximum(sums[:, 0, 2], 1e-6)
    return share


def features_of(sums: F64, lengths: NDArray[np.int64], cosines: F64) -> F64:
    """The features that need no margins, shape (n, features).

    `sums` are those of `RewriteKernels.weigh_evidence`, `lengths` the numbers of terms of both sides, shape (2, n), and
    `cosines` those of the anchors.
    """
    means = sums[:, :, 0] / np.maximum(sums[:, :, 1], 1e-6)
    columns = [
        means.min(axis=1),
        attained(sums),
        (sums[:, :, 7].min(axis=1) + 3.0) / (sums[:, :, 6].min(axis=1) + 9.0),
        np.log1p(sums[:, :, 8].min(axis=1)),
        cosines,
        np.log((lengths.max(axis=0) + 1.0) / (lengths.min(axis=0) + 1.0)),
        sums[:, 0, 9] / (sums[:, 0, 10] + 2.0),
        np.log(np.minimum(lengths.min(axis=0) + 1.0, LONG_ENOUGH)),
        means.max(axis=1),
        np.log1p(sums[:, :, 11].max(axis=1)),
    ]
    return np.stack(columns, axis=1)


def with_margins(features: F64, attained_elsewhere: F64, cosines_elsewhere: F64) -> F64:
    """All features: the margins over what the texts of each pair share with others, the greater of both."""
    attained_here, cosines = features[:, 1], features[:, 4]
    margins = [
        (attained_here - attained_elsewhere) / (attained_here + 0.05),
        (cosines - cosines_elsewhere) / (cosines + 0.05),
    ]
    return np.concatenate([features, np.stack(margins, axis=1)], axis=1)
