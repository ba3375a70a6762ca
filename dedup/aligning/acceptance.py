"""Which candidates are passages: logistic regressions over what speaks for each, with the shipped coefficients."""

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64
from dedup.kernels.alignment import UNIT, Alignments
from dedup.kernels.terms import SENTENCE_BREAK, Terms

PASSAGE_FEATURES = (
    "left_sum",
    "right_sum",
    "left_density",
    "right_density",
    "left_share",
    "right_share",
    "left_support",
    "right_support",
    "left_length",
    "right_length",
    "left_overlap",
    "right_overlap",
    "cosine",
    "shared",
    "longest_run",
    "in_runs",
    "overlap",
    "search",
    "left_ends",
    "right_ends",
)
"""Of each side the log of the sum of nats, nats a token, the share of tokens that come from the other side, of those
that touch a shared skip-bigram, and the log of the length; the overlap's share of the weight of each side, the cosine,
the log of the number of shared terms and of the longest run, the share of the left in runs, the log of the overlap's
weight, that of the number of places at which the two texts could meet, and how many ends of each side are those of
sentences."""

SUMMARY_FEATURES = (
    "sum",
    "density",
    "share",
    "support",
    "length",
    "source_length",
    "length_ratio",
    "best_window",
    "spread",
    "mass",
    "rare",
    "rare_density",
    "second",
    "chance",
    "support_ratio",
    "window",
    "passage",
    "passage_cover",
    "passage_reach",
    "passage_times_cover",
    "passage_times_reach",
    "passage_times_both",
)
"""Of a span and the text that it may summarise: see `summary_features`."""


class Acceptance(NamedTuple):
    """A logistic regression over named features.

    All arrays are float64 of shape (features,). A feature is held to the range `lows` to `highs` seen in fitting, so
    that a text of another size is judged like the nearest one seen. `threshold`: the least probability that is
    accepted.
    """

    features: tuple[str, ...]
    lows: F64
    highs: F64
    means: F64
    scales: F64
    coefficients: F64
    intercept: float
    threshold: float

    def probabilities(self, features: F64) -> F64:
        """The probability of each row of features, shape (rows, features)."""
        held = (np.clip(features, self.lows, self.highs) - self.means) / self.scales
        # One column after the other: the same sum on every machine.
        total = np.full(features.shape[0], self.intercept)
        for column in range(len(self.features)):
            total += held[:, column] * self.coefficients[column]
        probabilities: F64 = 1.0 / (1.0 + np.exp(-total))
        return probabilities


@cache
def shipped_acceptance() -> tuple[Acceptance, Acceptance]:
    """The regressions for passages and for summaries that `benchmarks.quality.fit_passages` fitted."""
    data = json.loads(files(__package__).joinpath("passages.json").read_text("utf-8"))
    passages, summaries = (read_acceptance(data[name]) for name in ("passages", "summaries"))
    for regression, names in ((passages, PASSAGE_FEATURES), (summaries, SUMMARY_FEATURES)):
        if regression.features != names:
            raise ValueError(f"the shipped coefficients are of other features: {regression.features}")
    return passages, summaries


def read_acceptance(entry: dict[str, list[str] | list[float] | float]) -> Acceptance:
    """A regression from its JSON object."""
    columns = {name: np.array(entry[name]) for name in ("lows", "highs", "means", "scales", "coefficients")}
    names = entry["features"]
    intercept, threshold = entry["intercept"], entry["threshold"]
    if not isinstance(names, list) or isinstance(intercept, list) or isinstance(threshold, list):
        raise ValueError("a regression has a list of features, an intercept and a threshold")
    return Acceptance(tuple(map(str, names)), **columns, intercept=float(intercept), threshold=float(threshold))


def passage_features(found: Alignments, texts: Terms, left: I64, right: I64) -> F64:
    """The features of each candidate of pairs of texts, shape (rows, `PASSAGE_FEATURES`)."""
    lengths = np.diff(texts.offsets)
    owners = np.repeat(np.arange(found.offsets.size - 1), np.diff(found.offsets))
    # Within one text each two places meet once.
    meetings = lengths[left].astype(np.float64) * lengths[right] / np.where(left == right, 2.0, 1.0)
    first, last, other_first, other_last, left_sum, right_sum = found.places.T
    sizes = (last - first, other_last - other_first)
    sums = (np.maximum(left_sum / UNIT, 1.0), np.maximum(right_sum / UNIT, 1.0))
    of = found.features.T
    columns = [
        np.log(sums[0]),
        np.log(sums[1]),
        sums[0] / sizes[0],
        sums[1] / sizes[1],
        of[0],
        of[3],
        of[1],
        of[4],
        np.log(sizes[0]),
        np.log(sizes[1]),
        of[6],
        of[7],
        of[8],
        np.log1p(of[9]),
        np.log1p(of[11]),
        of[12],
        np.log1p(of[10]),
        np.log(np.maximum(meetings, 1.0))[owners],
        _ends(texts, left[owners], first, last),
        _ends(texts, right[owners], other_first, other_last),
    ]
    return np.stack(columns, axis=1)


def _ends(texts: Terms, owners: I64, first: I64, last: I64) -> F64:
    """How many ends of spans of texts are those of sentences: 0, 1 or 2."""
    begins, stops = texts.offsets[owners], texts.offsets[owners + 1]
    following = np.minimum(begins + last, max(texts.breaks.size - 1, 0))
    at_end = (begins + last == stops) | (texts.breaks[following] >= SENTENCE_BREAK)
    ends: F64 = (texts.breaks[begins + first] >= SENTENCE_BREAK).astype(np.float64) + at_end
    return ends


def summary_features(found: Alignments, texts: Terms, left: I64, right: I64, probabilities: F64) -> tuple[I64, F64]:
    """The rows of `found.summaries` that hold a span, and their features, shape (spans, `SUMMARY_FEATURES`).

    `probabilities`: of each candidate passage; that of the best one which the span overlaps is a feature, with the
    share of the span and of the source that it covers.
    """
    lengths = np.diff(texts.offsets)
    rows = np.flatnonzero(found.summaries[:, 1] > found.summaries[:, 0])
    pair, side = rows // 2, rows % 2
    first, last, total, second = found.summaries[rows].T
    size = last - first
    sizes = np.stack([lengths[left], lengths[right]], axis=1)
    source = sizes[pair, 1 - side]
    nats = np.maximum(total / UNIT, 1.0)
    of = found.summary_features[rows].T
    window = np.minimum(source, 13 * size // 10 + 10)
    passage, cover, reach = _best_passages(found, rows, probabilities, source)
    columns = [
        np.log(nats),
        nats / size,
        of[0],
        of[1],
        np.log(size),
        np.log(source),
        np.log(source / size),
        of[3],
        of[4],
        np.log1p(of[5]),
        np.log1p(of[6]),
        of[6] / size,
        np.maximum(second, 0) / np.maximum(total, 1),
        of[2],
        of[1] / (of[2] + 0.02),
        window / source,
        passage,
        cover,
        reach,
        passage * cover,
        passage * reach,
        passage * cover * reach,
    ]
    return rows, np.stack(columns, axis=1)


def _best_passages(found: Alignments, rows: I64, probabilities: F64, source: I64) -> tuple[F64, F64, F64]:
    """For each span the likeliest passage that overlaps it: its probability, and what it covers of span and source."""
    pair, side = rows // 2, rows % 2
    counts = np.diff(found.offsets)[pair]
    owners = np.repeat(np.arange(rows.size), counts)
    passages = found.offsets[pair][owners] + np.arange(owners.size) - (np.cumsum(counts) - counts)[owners]
    places = found.places[passages]
    here = 2 * side[owners]
    there = 2 - here
    each = np.arange(owners.size)
    first, last = found.summaries[rows[owners], 0], found.summaries[rows[owners], 1]
    overlap = np.minimum(places[each, here + 1], last) - np.maximum(places[each, here], first)
    likely = np.where(overlap > 0, probabilities[passages], 0.0)
    best = np.zeros(rows.size)
    np.maximum.at(best, owners, likely)
    # Of equally likely ones the first.
    chosen = np.full(rows.size, owners.size)
    hits = np.flatnonzero((likely == best[owners]) & (likely > 0.0))
    np.minimum.at(chosen, owners[hits], hits)
    some = chosen < owners.size
    cover, reach = np.zeros(rows.size), np.zeros(rows.size)
    at = chosen[some]
    cover[some] = overlap[at] / (last - first)[at]
    reach[some] = (places[at, there[at] + 1] - places[at, there[at]]) / source[some]
    return best, cover, reach
