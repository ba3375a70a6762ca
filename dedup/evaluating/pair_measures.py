"""Pairs of documents: precision, recall and F1."""

import numpy as np

from dedup.evaluating.intervals import bootstrap, divided, wilson
from dedup.evaluating.tables import Pairs, components
from dedup.kernels import F64, I64
from dedup.model import Evaluation, Kind, Measure

RESAMPLES = 1000


def evaluate_pairs(
    truth: Pairs, predictions: Pairs, *, judged: bool = False, resamples: int = RESAMPLES, seed: int = 1
) -> Evaluation:
    """Precision, recall and F1 of predicted pairs; which side is left does not matter, and a pair counts once.

    A pair of the truth with a score of 0 is one that is known to be none. `judged`: predictions that the truth does
    not name are left out, as where it is a labelled sample; otherwise they are wrong. The intervals resample
    connected groups of documents, because two pairs of one document are right or wrong together.
    """
    named, is_true = _truth(truth)
    predicted = np.unique(_keys(predictions))
    unjudged = 0
    if judged:
        known = np.isin(predicted, named)
        unjudged = int(np.count_nonzero(~known))
        predicted = predicted[known]
    true = named[is_true]

    every = np.union1d(true, predicted)
    documents, sides = np.unique(np.concatenate([every >> 32, every & 0xFFFFFFFF]), return_inverse=True)
    _, groups = np.unique(
        components(sides[: every.size], sides[every.size :], documents.size)[sides[: every.size]], return_inverse=True
    )
    is_predicted, holds = np.isin(every, predicted), np.isin(every, true)
    columns = (is_predicted & holds, is_predicted, holds)
    count = int(groups.max()) + 1 if groups.size else 0
    sums: F64 = np.stack(
        [np.bincount(groups, weights=column, minlength=count).astype(np.float64) for column in columns], axis=1
    )
    counts = {
        "true": int(true.size),
        "predicted": int(predicted.size),
        "right": int(np.count_nonzero(columns[0])),
        "known to be none": int(named.size - true.size),
        "not judged": unjudged,
        "ignored": truth.ignored + predictions.ignored,
    }
    names = ("precision", "recall", "F1")
    return Evaluation(Kind.PAIRS, counts, _measured(names, sums, resamples, seed), count)


def share_measures(sums: F64) -> F64:
    """Precision, recall and F1, of sums of what is right, predicted and true, in this order."""
    right, predicted, true = sums.T
    return np.stack([divided(right, predicted), divided(right, true), divided(2 * right, predicted + true)])


def _measured(names: tuple[str, ...], sums: F64, resamples: int, seed: int) -> tuple[Measure, ...]:
    values = share_measures(sums.sum(axis=0, keepdims=True))[:, 0]
    intervals = bootstrap(sums, share_measures, resamples, seed)
    if resamples:
        for place, whole in ((0, 1), (1, 2)):
            intervals[place] = intervals[place] or sure_share(float(values[place]), sums[:, whole])
    return tuple(
        Measure(name, None if np.isnan(value) else float(value), None if np.isnan(value) else interval)
        for name, value, interval in zip(names, values, intervals, strict=True)
    )


def sure_share(value: float, wholes: F64) -> tuple[float, float] | None:
    """The interval of a share that is 0 or 1 in every group, which resampling takes for certain: Wilson's, by group."""
    groups = int(np.count_nonzero(wholes))
    return wilson(value * groups, groups) if groups and value in (0.0, 1.0) else None


def _truth(truth: Pairs) -> tuple[I64, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Each pair that the truth names once, and whether it says that it is one; if it says both, it is."""
    keys = _keys(truth)
    is_true = ~(truth.scores <= 0)
    named, places = np.unique(keys, return_inverse=True)
    holds = np.zeros(named.size, dtype=np.bool_)
    holds[places[is_true]] = True
    return named, holds


def _keys(pairs: Pairs) -> I64:
    """Both documents as one number, the smaller in the upper half."""
    keys: I64 = np.minimum(pairs.left, pairs.right) << 32 | np.maximum(pairs.left, pairs.right)
    return keys
