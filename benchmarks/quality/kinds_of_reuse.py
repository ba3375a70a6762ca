"""Kinds of reuse on the corpus of Clough and Stevenson (2011): cut, light, heavy revision, and no reuse.

Features of the alignment of an answer with its source, and the classifier, are told in `FEATURES` and `_classifier`.
Both were chosen after looking at several on the same 95 answers, so that the figures flatter a little.
"""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
from rich.console import Console

from benchmarks.quality.pan13 import Texts, prepare
from dedup.kernels import F64, I64, U64, Bool, choose
from dedup.kernels.terms import SENTENCE_BREAK

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FEATURES = (
    "share of words that stand in the source",
    "share of stemmed word 2-grams that do",
    "how far sentences are copied in part, neither whole nor not at all",
    "words of the copied run that a copied word stands in, on average, as a logarithm",
    "longest common subsequence of stems, as a share",
)
RUN = 3
FOLDS, REPEATS = 10, 10


def features_of(ready: Texts, left: int, right: int) -> list[float]:
    """The features of one answer against its source."""
    terms = ready.terms
    answer, source = (terms.hashes[terms.offsets[text] : terms.offsets[text + 1]] for text in (left, right))
    stems = [
        terms.terms[terms.term_offsets[text] :][terms.numbers[terms.offsets[text] : terms.offsets[text + 1]]]
        for text in (left, right)
    ]
    runs = copied_runs(answer.tolist(), source.tolist())
    size = max(answer.size, 1)
    breaks = terms.breaks[terms.offsets[left] : terms.offsets[left + 1]]
    return [
        _containment(answer.tolist(), source.tolist(), 1),
        _containment(stems[0].tolist(), stems[1].tolist(), 2),
        copied_in_part(answer.tolist(), source.tolist(), breaks >= SENTENCE_BREAK),
        float(np.log1p((runs**2).sum() / max(int(runs.sum()), 1))),
        common_subsequence(stems[0], stems[1]) / size,
    ]


def copied_in_part(answer: list[int], source: list[int], begins: Bool) -> float:
    """The mean of 4 s (1 - s) over words, s being the share of words in copied 3-grams of the sentence of each.

    Who cuts and pastes copies a sentence or leaves it; who revises copies parts of it.
    """
    grams = {tuple(source[at : at + RUN]) for at in range(len(source) - RUN + 1)}
    copied = np.zeros(len(answer))
    for at in range(len(answer) - RUN + 1):
        if tuple(answer[at : at + RUN]) in grams:
            copied[at : at + RUN] = 1.0
    starts = np.unique(np.append(0, np.flatnonzero(begins)))
    sizes = np.diff(starts, append=len(answer))
    shares = np.add.reduceat(copied, starts) / sizes if len(answer) else np.zeros(1)
    return float((sizes * 4.0 * shares * (1.0 - shares)).sum() / max(len(answer), 1))


def _containment(answer: list[int], source: list[int], size: int) -> float:
    ours, theirs = ({tuple(side[at : at + size]) for at in range(len(side) - size + 1)} for side in (answer, source))
    return len(ours & theirs) / max(len(ours), 1)


def copied_runs(answer: list[int], source: list[int]) -> I64:
    """The lengths of the longest runs of equal words, from left to right, of `RUN` words or more."""
    places: dict[tuple[int, ...], list[int]] = {}
    for at in range(len(source) - RUN + 1):
        places.setdefault(tuple(source[at : at + RUN]), []).append(at)
    lengths = []
    at = 0
    while at + RUN <= len(answer):
        longest = 0
        for other in places.get(tuple(answer[at : at + RUN]), ()):
            length = RUN
            while (
                at + length < len(answer)
                and other + length < len(source)
                and answer[at + length] == source[other + length]
            ):
                length += 1
            longest = max(longest, length)
        if longest:
            lengths.append(longest)
        at += max(longest, 1)
    return np.array(lengths, dtype=np.int64)


def common_subsequence(one: U64, other: U64) -> int:
    """The length of the longest common subsequence."""
    row = np.zeros(other.size + 1, dtype=np.int64)
    for value in one:
        matched = row[:-1] + (other == value)
        row = np.append(0, np.maximum.accumulate(np.maximum(matched, row[1:])))
    return int(row[-1])


def evaluate_kinds(path: Path, console: Console) -> None:
    """Accuracy of the four kinds, and of reuse against none, by repeated cross-validation."""
    from sklearn.model_selection import LeaveOneGroupOut, RepeatedStratifiedKFold, cross_val_score

    with gzip.open(path) as file:
        documents = [orjson.loads(line) for line in file]
    kernels = choose(0)
    ready = prepare([document["text"] for document in documents], kernels)
    sources = {document["task"]: at for at, document in enumerate(documents) if document["kind"] == "source"}
    answers = [at for at, document in enumerate(documents) if document["kind"] == "answer"]
    table: F64 = np.array([features_of(ready, at, sources[documents[at]["task"]]) for at in answers])
    kinds = np.array([documents[at]["category"] for at in answers])
    tasks = np.array([documents[at]["task"] for at in answers])
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=1)
    for name, labels in (("cut, light, heavy, none", kinds), ("reuse or none", kinds != "non")):
        repeated = cross_val_score(_classifier(), table, labels, cv=folds)
        by_task = cross_val_score(_classifier(), table, labels, cv=LeaveOneGroupOut(), groups=tasks)
        error = np.sqrt(repeated.mean() * (1 - repeated.mean()) / len(answers))
        console.print(
            f"{len(answers)} answers, {name}: accuracy {repeated.mean():.3f} ± {1.96 * error:.3f} by {FOLDS}-fold "
            f"cross-validation, {REPEATS} times; {by_task.mean():.3f} leaving one task out"
        )


def _classifier() -> "Pipeline":
    """A support vector machine with a Gaussian kernel on standardised features."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC())
