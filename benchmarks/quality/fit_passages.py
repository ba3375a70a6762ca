"""Fit the acceptance of aligned passages, and write the coefficients that are shipped.

    python -m benchmarks.quality.fit_passages --data PATH [--output dedup/aligning/passages.json]

PATH is a folder with `pan13-train` (see `benchmarks.quality.pan13`). Beside the corpus as it is, each pair is taken a
second time with its case cut down to a sentence or a few and most of the context cut off, so that short passages and
short texts are judged by their like. Candidates are labelled by how well they meet a case; two logistic regressions are
fitted with scikit-learn, one for passages and one for summaries, the second on probabilities of the first that were
cross-validated over documents.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.quality.pan13 import Corpus, Texts, prepare, read_corpus
from benchmarks.quality.plagdet import Alignment
from dedup.aligning.acceptance import (
    PASSAGE_FEATURES,
    SUMMARY_FEATURES,
    Acceptance,
    passage_features,
    summary_features,
)
from dedup.aligning.passages import LEAST_TOKENS, in_order
from dedup.kernels import F64, I64, Bool
from dedup.kernels.alignment import Alignments
from dedup.kernels.terms import SENTENCE_BREAK, Terms

FOLDS = 5
PASSAGE_THRESHOLD, SUMMARY_THRESHOLD = 0.35, 0.35
RIGHT = 0.5
SHORT_TOKENS = (12, 45)
TRIMMED = 0.75
CONTEXT = (40, 6000)
WEIGHT_OF_SHORT = 0.5
SEED = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Candidates of pairs: what was found, the pairs' texts (the longer one first), and what each candidate is.

    `groups`: the suspicious document of each pair. `labels` and `summary_labels`: whether a candidate, or a span that
    may be a summary, meets a case. `rows`: which rows of `found.summaries` the latter are.
    """

    found: Alignments
    texts: Terms
    longer: I64
    shorter: I64
    owners: I64
    groups: I64
    labels: Bool
    long_enough: Bool


def _ranges(found: Alignments, ready: Texts, longer: I64, shorter: I64, swapped: Bool, owners: I64) -> I64:
    """Characters of each candidate, shape (rows, 4), in the order of the pair."""
    one = ready.spans(longer[owners], found.places[:, :2])
    other = ready.spans(shorter[owners], found.places[:, 2:4])
    ranges = np.concatenate([one, other], axis=1)
    turned = np.where(swapped[owners, None], [2, 3, 0, 1], [0, 1, 2, 3])
    return np.take_along_axis(ranges, turned, axis=1)


def draw_sample(
    corpus: Corpus, ready: Texts, left: I64, right: I64, groups: I64, cases: Sequence[Sequence[Alignment]]
) -> Sample:
    """Align pairs and label the candidates: right where F1 of what it covers and is covered of is over `RIGHT`."""
    swapped = in_order(ready.terms, left, right)
    longer, shorter = np.where(swapped, right, left), np.where(swapped, left, right)
    found = corpus.aligner.align_terms(ready.terms, longer, shorter)
    owners = np.repeat(np.arange(left.size), np.diff(found.offsets))
    ranges = _ranges(found, ready, longer, shorter, swapped, owners).tolist()
    labels = np.zeros(owners.size, dtype=np.bool_)
    for row, (owner, span) in enumerate(zip(owners.tolist(), ranges, strict=True)):
        candidate = Alignment(*span)
        precision, count = candidate.covered(cases[owner])
        if count:
            recall = max(case.covered([candidate])[0] for case in cases[owner])
            labels[row] = 2 * precision * recall > RIGHT * (precision + recall)
    first, last, other_first, other_last = found.places[:, :4].T
    long_enough = np.minimum(last - first, other_last - other_first) >= LEAST_TOKENS
    return Sample(found, ready.terms, longer, shorter, owners, groups, labels, long_enough)


@dataclass(frozen=True, slots=True)
class Short:
    """A pair made shorter: both texts, its pair in the corpus, what is left of a case, and where its source lies."""

    left: str
    right: str
    pair: int
    case: tuple[int, int] | None
    source: tuple[int, int]


def shorten(corpus: Corpus, generator: np.random.Generator) -> list[Short]:
    """Each pair once more, with its longest case cut to some sentences and all others cut out, and mostly less context.

    Which part of the source the sentences left reuse is not known.
    """
    found = []
    for pair, cases in enumerate(corpus.cases):
        left, right = corpus.texts[corpus.left[pair]], corpus.texts[corpus.right[pair]]
        case, source = None, (0, len(right))
        place = int(generator.integers(0, len(left)))
        if cases:
            longest = max(cases, key=lambda each: each.left_end - each.left_start)
            sentences = _some_sentences(corpus, pair, longest, generator)
            if corpus.categories[pair].startswith("05") or sentences is None:
                continue
            left, place = _cut_out(left, cases, longest, sentences)
            case, source = (place, place + sentences[1] - sentences[0]), (longest.right_start, longest.right_end)
        else:
            begin = int(generator.integers(0, len(right)))
            source = (begin, begin)
        if generator.random() < TRIMMED:
            low, high = _around((place, case[1] if case else place), len(left), generator)
            left, case = left[low:high], (case[0] - low, case[1] - low) if case else None
            low, high = _around(source, len(right), generator)
            right, source = right[low:high], (source[0] - low, source[1] - low)
        found.append(Short(left, right, pair, case, source))
    return found


def _some_sentences(
    corpus: Corpus, pair: int, case: Alignment, generator: np.random.Generator
) -> tuple[int, int] | None:
    """Characters of one sentence of a case, or of a few short ones; None where it is too short itself."""
    ready, text = corpus.ready, int(corpus.left[pair])
    span = slice(int(ready.terms.offsets[text]), int(ready.terms.offsets[text + 1]))
    starts, ends = ready.starts[span], ready.ends[span]
    first, last = np.searchsorted(starts, [case.left_start, case.left_end]).tolist()
    begins = first + np.flatnonzero(ready.terms.breaks[span][first:last] >= SENTENCE_BREAK)
    begins = np.unique(np.append(begins, first))
    possible = begins[begins + SHORT_TOKENS[0] <= last]
    if possible.size == 0:
        return None
    begin = int(generator.choice(possible))
    size = int(generator.integers(*SHORT_TOKENS))
    following = begins[begins >= begin + size]
    end = min(int(following[0]) if following.size else last, begin + 2 * SHORT_TOKENS[1], last)
    return int(starts[begin]), int(ends[end - 1])


def _cut_out(text: str, cases: Sequence[Alignment], longest: Alignment, sentences: tuple[int, int]) -> tuple[str, int]:
    """A text without its cases but for some sentences of one, and where these stand."""
    kept: list[str] = []
    position = place = 0
    for other in sorted(cases):
        kept.append(text[position : other.left_start])
        if other == longest:
            place = sum(map(len, kept))
            kept.append(text[sentences[0] : sentences[1]] + "\n")
        position = max(position, other.left_end)
    kept.append(text[position:])
    return "".join(kept), place


def _around(span: tuple[int, int], size: int, generator: np.random.Generator) -> tuple[int, int]:
    """A window around a span, with as much context on each side as a log-uniform draw gives."""
    before, after = np.exp(generator.uniform(np.log(CONTEXT[0]), np.log(CONTEXT[1]), 2)).astype(int).tolist()
    return max(span[0] - before, 0), min(span[1] + after, size)


def label_short(ranges: I64, owners: I64, shorts: Sequence[Short]) -> Bool:
    """A candidate is right where it meets the sentences on the left and lies in the case's source."""
    labels = np.zeros(len(ranges), dtype=np.bool_)
    for row, (owner, span) in enumerate(zip(owners.tolist(), ranges.tolist(), strict=True)):
        case, source = shorts[owner].case, shorts[owner].source
        if case is None:
            continue
        common = min(span[1], case[1]) - max(span[0], case[0])
        meets = 2 * common > RIGHT * (span[1] - span[0] + case[1] - case[0])
        inside = min(span[3], source[1]) - max(span[2], source[0])
        size = span[3] - span[2]
        labels[row] = meets and inside > 0.8 * size and size < 3 * (span[1] - span[0])
    return labels


def regress(
    features: F64, labels: Bool, names: tuple[str, ...], threshold: float, weights: F64 | None = None
) -> Acceptance:
    """A logistic regression on standardised features."""
    from sklearn.linear_model import LogisticRegression

    means, scales = features.mean(axis=0), features.std(axis=0)
    model = LogisticRegression(max_iter=5000)
    model.fit((features - means) / scales, labels, sample_weight=weights)
    return Acceptance(
        names,
        features.min(axis=0),
        features.max(axis=0),
        means,
        scales,
        model.coef_[0],
        float(model.intercept_[0]),
        threshold,
    )


def folds_of(groups: I64) -> I64:
    """The fold of each group, by a hash of its number."""
    return np.array([hashlib.sha256(str(group).encode()).digest()[0] % FOLDS for group in groups.tolist()])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Regressions on all of a corpus, and those that leave out each fold, with the fold of each pair."""

    passages: Acceptance
    summaries: Acceptance
    held_out: list[tuple[Acceptance, Acceptance]]
    folds: I64
    whole: Sample


def fit(corpus: Corpus) -> Fitted:
    """Fit both regressions, and again without each fold of documents."""
    whole = draw_sample(corpus, corpus.ready, corpus.left, corpus.right, corpus.left, corpus.cases)
    folds = folds_of(whole.groups)
    shorts = shorten(corpus, np.random.default_rng(SEED))
    ready = prepare([*(short.left for short in shorts), *(short.right for short in shorts)], corpus.kernels)
    left, right = np.arange(len(shorts)), len(shorts) + np.arange(len(shorts))
    groups = corpus.left[[short.pair for short in shorts]]
    short = draw_sample(corpus, ready, left, right, groups, [[] for _ in shorts])
    swapped = in_order(ready.terms, left, right)
    longer, shorter = np.where(swapped, right, left), np.where(swapped, left, right)
    ranges = _ranges(short.found, ready, longer, shorter, swapped, short.owners)
    short_labels = label_short(ranges, short.owners, shorts)

    features = np.concatenate(
        [
            passage_features(whole.found, whole.texts, whole.longer, whole.shorter)[whole.long_enough],
            passage_features(short.found, short.texts, short.longer, short.shorter)[short.long_enough],
        ]
    )
    labels = np.concatenate([whole.labels[whole.long_enough], short_labels[short.long_enough]])
    weights = np.concatenate([np.ones(whole.long_enough.sum()), np.full(short.long_enough.sum(), WEIGHT_OF_SHORT)])
    of_rows = np.concatenate(
        [folds[whole.owners][whole.long_enough], folds_of(short.groups)[short.owners][short.long_enough]]
    )
    passages = regress(features, labels, PASSAGE_FEATURES, PASSAGE_THRESHOLD, weights)
    partial = [
        regress(
            features[of_rows != fold],
            labels[of_rows != fold],
            PASSAGE_FEATURES,
            PASSAGE_THRESHOLD,
            weights[of_rows != fold],
        )
        for fold in range(FOLDS)
    ]

    # A summary is judged beside passages that were judged by what had not seen them.
    judged = np.zeros(whole.owners.size)
    for fold, regression in enumerate(partial):
        of_fold = folds[whole.owners] == fold
        judged[of_fold] = regression.probabilities(
            passage_features(whole.found, whole.texts, whole.longer, whole.shorter)[of_fold]
        )
    judged[~whole.long_enough] = 0.0
    rows, spans = summary_features(whole.found, whole.texts, whole.longer, whole.shorter, judged)
    meets = _meets_summary(corpus, whole, rows)
    summaries = regress(spans, meets, SUMMARY_FEATURES, SUMMARY_THRESHOLD)
    partial_summaries = [
        regress(spans[folds[rows // 2] != fold], meets[folds[rows // 2] != fold], SUMMARY_FEATURES, SUMMARY_THRESHOLD)
        for fold in range(FOLDS)
    ]
    return Fitted(passages, summaries, list(zip(partial, partial_summaries, strict=True)), folds, whole)


def _meets_summary(corpus: Corpus, sample: Sample, rows: I64) -> Bool:
    """Whether spans are summaries: of the left document, where they meet a case by F1 over `RIGHT`."""
    swapped = in_order(corpus.ready.terms, corpus.left, corpus.right)
    meets = np.zeros(rows.size, dtype=np.bool_)
    for number, row in enumerate(rows.tolist()):
        pair, side = divmod(row, 2)
        # The suspicious document is the left one of the corpus; its side in the alignment is 1 where it is shorter.
        if not corpus.categories[pair].startswith("05") or side != int(swapped[pair]):
            continue
        (span,) = corpus.ready.spans(corpus.left[[pair]], sample.found.summaries[[row], :2]).tolist()
        for case in corpus.cases[pair]:
            common = min(span[1], case.left_end) - max(span[0], case.left_start)
            meets[number] |= 2 * common > RIGHT * (span[1] - span[0] + case.left_end - case.left_start)
    return meets


def as_json(regression: Acceptance) -> dict[str, list[str] | list[float] | float]:
    """A regression as it is written."""
    columns = {
        name: [round(float(value), 6) for value in getattr(regression, name)]
        for name in ("lows", "highs", "means", "scales", "coefficients")
    }
    return {
        "features": list(regression.features),
        **columns,
        "intercept": round(regression.intercept, 6),
        "threshold": regression.threshold,
    }


def main() -> int:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    parser.add_argument("--output", type=Path, default=Path("dedup/aligning/passages.json"))
    arguments = parser.parse_args()
    folder = arguments.data / "pan13-train"
    if not folder.is_dir():
        print(f"There is no {folder}: give the folder that holds pan13-train with --data.", file=sys.stderr)
        return 2
    fitted = fit(read_corpus(folder))
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in ("docs.jsonl.gz", "cases.jsonl.gz")))
    written = {
        "provenance": {
            "script": "python -m benchmarks.quality.fit_passages",
            "corpus": "PAN 2013 text alignment, training part, and its cases cut to single sentences",
            "sha256": digest.hexdigest(),
            "candidates": int(fitted.whole.long_enough.sum()),
        },
        "passages": as_json(fitted.passages),
        "summaries": as_json(fitted.summaries),
    }
    arguments.output.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
