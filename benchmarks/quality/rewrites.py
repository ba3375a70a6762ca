"""Rewrites by language models: recall of the candidates, and of what is confirmed at a frozen threshold.

    python -m benchmarks.quality.rewrites --data PATH [--sizes 10000,100000,1000000] [--newswire PAIRS]

For each set of rewrites a model is fitted on the other sets and on a part of the background; it is tested on the set
left out among another part. The threshold is the score over which the background's documents, and the pairs of the set
with them, hold one false pair in 1,000 documents. Beside it: what the model and the threshold as shipped give.
"""

import argparse
import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.quality.fit_rewrites import Candidates, find_candidates, fit_model
from benchmarks.quality.rewrite_pools import BACKGROUND, SETS, Pool, by_people, make_pool
from dedup.candidates.anchors import MOST_CANDIDATES, AnchorIndex, build_index, find_nearest
from dedup.config import Config
from dedup.kernels import F64, I64, Bool
from dedup.kernels.rewriting import Anchors, Nearest
from dedup.model import Document, Level, Relation
from dedup.scanning.batch import pairs
from dedup.scanning.rewrite_candidates import LEAST_TOKENS, gather_anchors, join_nearest
from dedup.scanning.rewrite_terms import HeldAnchors
from dedup.scanning.rewriting import judge
from dedup.verifying.rewrites import RewriteModel, shipped_model

_TRAINING, _TESTING = slice(0, 30_000), slice(30_000, 100_025)
_ALLOWED = 1000
_LONG = 60
_LOWEST, _COPIED = 0.5, 0.1
_QUERIES = 1024
_NUMBERS = range(len(SETS))


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its numerator and denominator."""

    part: int
    whole: int

    def __str__(self) -> str:
        """The share and its 95 % interval (Wilson 1927)."""
        if not self.whole:
            return "-"
        z, n, p = 1.96, self.whole, self.part / self.whole
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return f"{p:.3f} ({middle - reach:.3f}-{middle + reach:.3f})"


def later_ones(pool: Pool, number: int) -> I64:
    """The documents of a set whose source or rewrite stands before them, which are to be found: not those too short."""
    long_enough = pool.corpus.documents.lengths >= LEAST_TOKENS
    of_set = np.flatnonzero((pool.sets == number) & long_enough)
    _, firsts = np.unique(pool.groups[of_set], return_index=True)
    return np.setdiff1d(of_set, of_set[firsts])


def _nearest(pool: Pool, held: HeldAnchors, index: AnchorIndex, places: I64) -> Nearest:
    """The nearest earlier documents of some."""
    units, firsts = _ranges(held.firsts[places], held.firsts[places + 1])
    entries, offsets = _ranges(held.anchors.offsets[units], held.anchors.offsets[units + 1])
    anchors = Anchors(held.anchors.keys[entries], held.anchors.strengths[entries], offsets)
    return find_nearest(
        index, held.anchors, anchors, index.lists[entries].astype(np.int64), firsts, held.firsts[places],
        np.zeros(places.size, dtype=np.uint32), MOST_CANDIDATES, pool.texts.rewriting,
    )  # fmt: skip


def _ranges(starts: I64, ends: I64) -> tuple[I64, I64]:
    """The numbers of ranges, one range after the other, and where each begins."""
    offsets = np.append(0, np.cumsum(ends - starts))
    return np.repeat(starts - offsets[:-1], ends - starts) + np.arange(offsets[-1]), offsets


def candidate_recall(pool: Pool) -> list[Share]:
    """For each set, how often the other side is among the nearest earlier documents; of all texts and of long ones."""
    held = gather_anchors(pool.texts, pool.background)
    index = build_index(held.anchors, held.firsts)
    asked = np.searchsorted(pool.texts.ranks, np.sort(np.concatenate([later_ones(pool, each) for each in _NUMBERS])))
    found = join_nearest(
        _nearest(pool, held, index, some) for some in np.array_split(asked, 1 + asked.size // _QUERIES)
    )
    right = pool.texts.ranks[np.repeat(asked, np.diff(found.offsets))]
    left = pool.texts.ranks[found.documents]
    hits = np.unique(right[pool.groups[right] == pool.groups[left]])
    shares = []
    for number in _NUMBERS:
        later = later_ones(pool, number)
        long = later[pool.words[later] >= _LONG]
        shares += [Share(int(np.isin(chosen, hits).sum()), chosen.size) for chosen in (later, long)]
    return shares


def threshold_of(candidates: Candidates, scores: F64, number: int) -> float:
    """The least score with one false pair in 1,000 documents of the background and a set together."""
    pool = candidates.pool
    false = ~candidates.truth.right & ~candidates.truth.doubtful & by_people(pool, candidates.proposals)
    chosen = np.sort(scores[false & np.isin(candidates.sets, (BACKGROUND, number))])[::-1]
    allowed = int(np.count_nonzero(np.isin(pool.sets, (BACKGROUND, number)))) // _ALLOWED
    return float(chosen[allowed]) if chosen.size > allowed else 0.0


def found_of(candidates: Candidates, over: Bool, number: int) -> tuple[Share, Share, Share]:
    """Recall on a set, of all and of long texts; and the false pairs among all documents."""
    pool = candidates.pool
    later = later_ones(pool, number)
    hits = pool.texts.ranks[candidates.proposals.right[over & candidates.truth.right]]
    long = later[pool.words[later] >= _LONG]
    false = over & ~candidates.truth.right & ~candidates.truth.doubtful & by_people(pool, candidates.proposals)
    false &= np.isin(candidates.sets, (BACKGROUND, number))
    documents = int(np.isin(pool.sets, (BACKGROUND, number)).sum())
    return (
        Share(int(np.isin(later, hits).sum()), later.size),
        Share(int(np.isin(long, hits).sum()), long.size),
        Share(int(np.count_nonzero(false)), documents),
    )


def confirm(data: Path, console: Console) -> None:
    """Recall at a frozen threshold, leaving one set out."""
    training = find_candidates(make_pool(data, _TRAINING, seed=1))
    testing = find_candidates(make_pool(data, _TESTING, seed=2))
    pool, proposals = testing.pool, testing.proposals
    table = Table("set left out", "method", "threshold", "recall", f"recall, ≥ {_LONG} words", "false per 1,000")
    shipped = shipped_model()

    def scores_of(model: RewriteModel) -> F64:
        return judge(pool.texts, proposals, pool.background, model)

    by_shipped = scores_of(shipped)
    for number, name in enumerate(SETS):
        others = tuple(each for each in range(len(SETS)) if each != number)
        left_out, frozen = scores_of(fit_model(training, others)), Config().min_score
        rows = (
            ("fitted on the others, at 1 false in 1,000", left_out, None),
            ("fitted on the others, at the default score", left_out, frozen),
            ("as shipped (fitted on all), at the default score", by_shipped, frozen),
            ("cosine of anchors, at 1 false in 1,000", proposals.cosines, None),
            ("word 5-gram containment ≥ .5 (bound of MinHash at .5)", testing.truth.natural, 0.5),
        )
        for method, scores, fixed in rows:
            threshold = threshold_of(testing, scores, number) if fixed is None else fixed
            every, long, false = found_of(testing, scores > threshold, number)
            rate = f"{1000 * false.part / false.whole:.2f} ({false.part})"
            table.add_row(name, method, f"{threshold:.3f}", str(every), str(long), rate)
    console.print(table)


def newswire(data: Path, console: Console, shown: int) -> None:
    """What the shipped model reports in newswire, where reports of one event are many, and `shown` pairs of it."""
    with gzip.open(data / "reuters21578" / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    documents = [Document(place, str(record["text"])) for place, record in enumerate(records)]
    report = pairs(documents, Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT, min_score=_LOWEST))
    matches = [(match.score or 0.0, max(match.containment or (0.0, 0.0)), match) for match in report.matches]
    table = Table("score", "pairs", "per 1,000 documents", f"of them containment ≥ {_COPIED}", "under it, per 1,000")
    for least in (_LOWEST, 0.8, 0.9, 0.95):
        copied = [containment >= _COPIED for score, containment, _ in matches if score >= least]
        rates = [1000 * count / len(documents) for count in (len(copied), len(copied) - sum(copied))]
        table.add_row(f"≥ {least}", f"{len(copied):,}", f"{rates[0]:.2f}", f"{sum(copied):,}", f"{rates[1]:.2f}")
    console.print(f"reuters21578: {len(documents):,} stories; containment of runs of five words")
    console.print(table)
    fresh = [row for row in matches if row[1] < _COPIED and row[0] >= Config().min_score]
    for score, containment, match in fresh[:: max(1, len(fresh) // shown)][:shown] if shown else ():
        texts = (str(side and documents[int(side.document or 0)].text) for side in (match.left, match.right))
        left, right = (text[:200].replace("\n", " ") for text in texts)
        console.print(f"{score:.3f} {containment:.3f}\n  {left}\n  {right}", markup=False)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="10000,100000", help="sizes of the pools for the recall of candidates")
    parser.add_argument("--newswire", type=int, metavar="PAIRS", help="reuters21578 too, with so many pairs to look at")
    parser.add_argument("--no-confirmation", action="store_true", help="candidates only")
    arguments = parser.parse_args()
    console = Console(width=150)
    if not arguments.data.is_dir():
        console.print(f"{arguments.data} is not there: nothing measured")
        return
    named = [f"{name}{of}" for name in SETS for of in ("", f" ≥ {_LONG} words")]
    console.print(f"recall of the candidates, by documents in the pool: {', '.join(named)}")
    for size in map(int, arguments.sizes.split(",")):
        pool = make_pool(arguments.data, slice(0, size), seed=3, made=max(0, size - 100_025))
        # Told as soon as it is known: the largest pools take their time.
        console.print(f"{pool.texts.ranks.size:,}:", *candidate_recall(pool))
    if not arguments.no_confirmation:
        confirm(arguments.data, console)
    if arguments.newswire is not None:
        newswire(arguments.data, console, arguments.newswire)


if __name__ == "__main__":
    main()
