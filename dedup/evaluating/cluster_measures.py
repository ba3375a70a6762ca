"""Clusters of documents: pairs within clusters, B-cubed, and the adjusted Rand index."""

import numpy as np

from dedup.evaluating.intervals import bootstrap, divided, harmonic
from dedup.evaluating.pair_measures import RESAMPLES, sure_share
from dedup.evaluating.tables import Clusters, components
from dedup.kernels import F64, I64
from dedup.model import Evaluation, Kind, Measure

_NAMES = (
    "precision",
    "recall",
    "F1",
    "B-cubed precision",
    "B-cubed recall",
    "B-cubed F1",
    "adjusted Rand index",
)


def evaluate_clusters(
    truth: Clusters, predictions: Clusters, *, documents: int = 0, resamples: int = RESAMPLES, seed: int = 1
) -> Evaluation:
    """Agreement of two clusterings.

    Precision, recall and F1 are of the pairs of documents that stand in one cluster, B-cubed of the documents
    (Bagga and Baldwin 1998), the adjusted Rand index is that of Hubert and Arabie (1985). A document that one side
    does not name is alone there, and so are on both sides those that `documents`, the number of all, has besides. The
    intervals resample groups of documents that share clusters on either side.
    """
    named = np.union1d(truth.documents, predictions.documents)
    n_alone = max(0, documents - named.size)
    sums = _group_sums(_full(truth, named), _full(predictions, named))
    n_groups = sums.shape[0] + n_alone
    # A document alone on both sides is a group of one: no pair, and for itself right by B-cubed.
    alone = np.tile(np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), (n_alone, 1))
    sums = np.concatenate([sums, alone])
    counts = {
        "documents": int(named.size + n_alone),
        "true clusters": _distinct(truth.clusters) + int(named.size - truth.documents.size) + n_alone,
        "predicted clusters": _distinct(predictions.clusters) + int(named.size - predictions.documents.size) + n_alone,
        "only in the truth": int(np.setdiff1d(truth.documents, predictions.documents).size),
        "only in the predictions": int(np.setdiff1d(predictions.documents, truth.documents).size),
        "ignored": truth.ignored + predictions.ignored,
    }
    values = _measures(sums.sum(axis=0, keepdims=True))[:, 0]
    intervals = bootstrap(sums, _measures, resamples, seed)
    if resamples:
        for place, whole in ((0, 1), (1, 2)):
            intervals[place] = intervals[place] or sure_share(float(values[place]), sums[:, whole])
    measures = tuple(
        Measure(name, None if np.isnan(value) else float(value), None if np.isnan(value) else interval)
        for name, value, interval in zip(_NAMES, values, intervals, strict=True)
    )
    return Evaluation(Kind.CLUSTERS, counts, measures, n_groups)


def adjusted_rand_index(truth: I64, predictions: I64) -> float:
    """The adjusted Rand index of two labellings of n items, int64 of shape (n,); 1 where neither tells items apart."""
    return float(_measures(_group_sums(truth, predictions).sum(axis=0, keepdims=True))[6, 0])


def _full(clusters: Clusters, named: I64) -> I64:
    """The cluster of every document named, those missing alone in their own."""
    labels = -1 - np.arange(named.size)
    labels[np.searchsorted(named, clusters.documents)] = clusters.clusters
    return labels


def _group_sums(truth: I64, predictions: I64) -> F64:
    """What each connected group adds: pairs right, predicted and true, B-cubed shares of both, documents."""
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(predictions, return_inverse=True)
    row_sizes, column_sizes = np.bincount(rows), np.bincount(columns)
    keys, cells = np.unique(rows.astype(np.int64) << 32 | columns, return_counts=True)
    cell_rows, cell_columns = keys >> 32, keys & 0xFFFFFFFF
    graph = components(cell_rows, cell_columns + row_sizes.size, row_sizes.size + column_sizes.size)
    _, groups = np.unique(graph, return_inverse=True)
    count = int(groups.max()) + 1 if groups.size else 0
    of_rows, of_columns = groups[: row_sizes.size], groups[row_sizes.size :]
    of_cells = groups[cell_rows]
    squares = cells.astype(np.float64) ** 2
    return np.stack(
        [
            np.bincount(of_cells, weights=_pairs(cells), minlength=count),
            np.bincount(of_columns, weights=_pairs(column_sizes), minlength=count),
            np.bincount(of_rows, weights=_pairs(row_sizes), minlength=count),
            np.bincount(of_cells, weights=squares / column_sizes[cell_columns], minlength=count),
            np.bincount(of_cells, weights=squares / row_sizes[cell_rows], minlength=count),
            np.bincount(of_cells, weights=cells, minlength=count),
        ],
        axis=1,
    )


def _measures(sums: F64) -> F64:
    right, predicted, true, precise, recalled, documents = sums.T
    bcubed_precision, bcubed_recall = divided(precise, documents), divided(recalled, documents)
    expected = divided(predicted * true, _pairs(documents))
    room = (predicted + true) / 2 - expected
    # Without room both sides put all items into one cluster, or each into its own.
    rand = np.where(np.abs(room) < 1e-9, 1.0, divided(right - expected, room))
    return np.stack(
        [
            divided(right, predicted),
            divided(right, true),
            divided(2 * right, predicted + true),
            bcubed_precision,
            bcubed_recall,
            harmonic(bcubed_precision, bcubed_recall),
            np.where(documents < 2, 1.0, rand),
        ]
    )


def _pairs(sizes: F64 | I64) -> F64:
    as_float = np.asarray(sizes, dtype=np.float64)
    return as_float * (as_float - 1) / 2


def _distinct(labels: I64) -> int:
    return int(np.unique(labels).size)
