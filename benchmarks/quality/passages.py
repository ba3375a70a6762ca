"""Plagdet of aligned passages by kind of obfuscation, with intervals, against baselines; kinds of reuse; and speed.

    python -m benchmarks.quality.passages --data PATH [--corpus pan13-train] [--shipped]

PATH is a folder with `pan13-train` (see `benchmarks.quality.pan13`) and `clough-stevenson/docs.jsonl.gz` (`id`, `task`,
`kind`, `category`, `text`). On the training corpus the acceptance is fitted anew for each fold of suspicious documents,
on the others; `--shipped` takes the coefficients that are shipped, as is right for any corpus they were not fitted on.

Baselines: paragraphs with a resemblance of .5 or more of word 5-grams, the most that MinHash at .5 can find; and
sentences of like words, joined where they lie close together and kept where the whole is alike, after Sanchez-Perez,
Sidorov and Gelbukh (2014), without their summary heuristic. Cases of category 05 have the whole source as their span: a
text that is found summarised is reported whole, and a second row tells what becomes of plagdet if only the part is
reported in which the summary's terms stand.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.quality.baselines import resembling_paragraphs, similar_sentences
from benchmarks.quality.fit_passages import Fitted, fit
from benchmarks.quality.kinds_of_reuse import evaluate_kinds
from benchmarks.quality.pan13 import Corpus, detections, read_corpus
from benchmarks.quality.plagdet import Alignment, interval, measure, tally
from dedup.aligning import Passages, align_texts
from dedup.aligning.passages import choose, in_order
from dedup.kernels.alignment import Alignments

ROUNDS = 5
_SPREAD_FROM, _SPREAD_TO = 7, 8


@dataclass(frozen=True, slots=True)
class Method:
    """A name and what it finds of each pair."""

    name: str
    found: list[list[Alignment]]


def cross_validated(corpus: Corpus, fitted: Fitted, *, summaries: bool = True) -> Passages:
    """The passages of each pair by the regressions that have not seen its document."""
    sample = fitted.whole
    parts = []
    for fold, (passages, of_summaries) in enumerate(fitted.held_out):
        # No probability reaches a threshold over 1.
        judge = of_summaries if summaries else of_summaries._replace(threshold=2.0)
        chosen = choose(sample.found, sample.texts, sample.longer, sample.shorter, passages, judge)
        parts.append(chosen.take(fitted.folds[chosen.pairs] == fold))
    joined = Passages(
        np.concatenate([part.pairs for part in parts]),
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.nats for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.summaries for part in parts]),
    )
    return in_given_order(corpus, joined)


def in_given_order(corpus: Corpus, passages: Passages) -> Passages:
    """Passages of the longer text and the shorter one as those of the left and the right one."""
    swapped = in_order(corpus.ready.terms, corpus.left, corpus.right)[passages.pairs, None]
    places = np.take_along_axis(passages.places, np.where(swapped, [2, 3, 0, 1], [0, 1, 2, 3]), axis=1)
    return passages._replace(places=places)


def with_parts(corpus: Corpus, found: Alignments, passages: Passages) -> Passages:
    """Passages in which of a summarised text only the part is given where the summary's terms stand."""
    swapped = in_order(corpus.ready.terms, corpus.left, corpus.right)
    tokens = np.diff(corpus.ready.terms.offsets)
    places = passages.places.copy()
    for row in np.flatnonzero(passages.summaries).tolist():
        pair = int(passages.pairs[row])
        # The side that is whole is the one summarised.
        right = places[row, 3] - places[row, 2] == tokens[corpus.right[pair]]
        summary = 2 * pair + (int(swapped[pair]) if right else 1 - int(swapped[pair]))
        part = found.summary_features[summary, _SPREAD_FROM : _SPREAD_TO + 1].astype(np.int64)
        places[row, 2:4] = part if right else places[row, 2:4]
        places[row, 0:2] = places[row, 0:2] if right else part
    return passages._replace(places=places)


def report(corpus: Corpus, methods: Sequence[Method], console: Console) -> None:
    """One row a method and category: plagdet with its interval, precision, recall, granularity."""
    table = Table(
        "method", "category", "plagdet", "95 % interval", "precision", "recall", "granularity", "cases", "found"
    )
    for method in methods:
        rows = np.stack([tally(cases, found) for cases, found in zip(corpus.cases, method.found, strict=True)])
        for category in [*sorted(set(corpus.categories)), "all"]:
            chosen = np.array([category in (each, "all") for each in corpus.categories])
            result = measure(rows[chosen])
            low, high = interval(rows[chosen])
            table.add_row(
                method.name,
                category,
                f"{result.value:.4f}" if result.cases else "no cases",
                f"{low:.4f}–{high:.4f}" if result.cases else "",
                f"{result.precision:.4f}" if result.cases else "",
                f"{result.recall:.4f}" if result.cases else "",
                f"{result.granularity:.4f}" if result.cases else "",
                str(result.cases),
                str(result.detections),
            )
        table.add_section()
    console.print(table)


def measure_speed(corpus: Corpus, console: Console) -> None:
    """Pairs a second with terms ready: candidates alone, and with acceptance."""
    loops, whole = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        corpus.aligner.align_terms(corpus.ready.terms, corpus.left, corpus.right)
        loops.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        align_texts(corpus.ready.terms, corpus.left, corpus.right, corpus.aligner)
        whole.append(time.perf_counter() - begin)
    count = corpus.left.size
    console.print(
        f"{count:,} pairs, terms ready, {corpus.aligner.name} kernels, best of {ROUNDS}: {count / min(loops):,.0f} "
        f"pairs/s for candidates, {count / min(whole):,.0f} pairs/s with acceptance"
    )


def main() -> int:
    """Run the evaluation and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    parser.add_argument("--corpus", default="pan13-train", help="the text alignment corpus within it")
    parser.add_argument("--shipped", action="store_true", help="take the shipped coefficients, without fitting")
    arguments = parser.parse_args()
    folder, answers = arguments.data / arguments.corpus, arguments.data / "clough-stevenson" / "docs.jsonl.gz"
    if not folder.is_dir():
        print(f"There is no {folder}: give the folder that holds the corpus with --data.", file=sys.stderr)
        return 2
    console = Console(width=140)
    corpus = read_corpus(folder)
    if arguments.shipped:
        found = align_texts(corpus.ready.terms, corpus.left, corpus.right, corpus.aligner)
        methods = [Method("align, as shipped", detections(found, corpus.ready, corpus.left, corpus.right))]
    else:
        fitted = fit(corpus)
        found = cross_validated(corpus, fitted)
        variants = {
            "align, cross-validated": found,
            "… summarised part alone": with_parts(corpus, fitted.whole.found, found),
            "… without summaries": cross_validated(corpus, fitted, summaries=False),
        }
        methods = [
            Method(name, detections(passages, corpus.ready, corpus.left, corpus.right))
            for name, passages in variants.items()
        ]
    methods.append(Method("similar sentences", similar_sentences(corpus)))
    methods.append(Method("paragraphs, resemblance ≥ .5", resembling_paragraphs(corpus)))
    report(corpus, methods, console)
    measure_speed(corpus, console)
    if answers.exists():
        evaluate_kinds(answers, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
