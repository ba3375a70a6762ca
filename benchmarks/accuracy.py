"""Recall and precision of reported pairs against pairs of known resemblance."""

import gzip
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

Pair = tuple[int, int]

THRESHOLDS = (0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; of nothing it is 1."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The quotient."""
        return self.part / self.whole if self.whole else 1.0

    def __str__(self) -> str:
        """Four decimals, rounded down, so that 1.0000 means all."""
        return f"{(10_000 * self.part // self.whole if self.whole else 10_000) / 10_000:.4f}"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How a list of pairs does: recall at each of `THRESHOLDS`, and precision at the first of them.

    Precision is the share of reported pairs whose true resemblance is .7 or more.
    """

    recall: tuple[Share, ...]
    precision: Share


def measure_accuracy(found: Collection[Pair], truth: Mapping[Pair, float]) -> Accuracy:
    """Compare distinct pairs (the smaller id first) with the truth, which holds every pair at .7 or more."""
    reported = set(found)
    recall = []
    for threshold in THRESHOLDS:
        wanted = {pair for pair, value in truth.items() if value >= threshold}
        recall.append(Share(len(wanted & reported), len(wanted)))
    right = sum(truth.get(pair, 0.0) >= THRESHOLDS[0] for pair in reported)
    return Accuracy(tuple(recall), Share(right, len(reported)))


def read_all_pairs(path: Path) -> dict[Pair, float]:
    """A gzipped file of `id id resemblance`."""
    truth = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            one, other, value = line.split()
            truth[ordered(int(one), int(other))] = float(value)
    return truth


def read_pairs(path: Path) -> set[Pair]:
    """Lines of `id id`, as the programs of `benchmarks.peers` write them; one said twice counts once."""
    with path.open("rb") as file:
        return {ordered(*map(int, line.split())) for line in file}


def read_findings(path: Path) -> dict[Pair, float]:
    """The pairs that `dedup pairs` reports as exact or near, with the resemblance that it gives."""
    found = {}
    with path.open("rb") as file:
        for line in file:
            finding = orjson.loads(line)
            if finding["relation"] in ("exact", "near"):
                pair = ordered(finding["left"]["document"], finding["right"]["document"])
                found[pair] = float(finding["resemblance"])
    return found


def ordered(one: int, other: int) -> Pair:
    """Both ids, the smaller first."""
    return (one, other) if one < other else (other, one)
