"""Evaluating: how predictions agree with a truth, as pairs, as clusters and as passages, with intervals."""

from dedup.evaluating.cluster_measures import adjusted_rand_index, evaluate_clusters
from dedup.evaluating.intervals import bootstrap, wilson
from dedup.evaluating.pair_measures import evaluate_pairs
from dedup.evaluating.passage_measures import evaluate_passages
from dedup.evaluating.tables import Clusters, DocumentNumbers, Pairs, Passages, Table, as_kind, common_kind
from dedup.evaluating.truth_files import read_table

__all__ = [
    "Clusters",
    "DocumentNumbers",
    "Pairs",
    "Passages",
    "Table",
    "adjusted_rand_index",
    "as_kind",
    "bootstrap",
    "common_kind",
    "evaluate_clusters",
    "evaluate_pairs",
    "evaluate_passages",
    "read_table",
    "wilson",
]
