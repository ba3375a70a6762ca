"""What `dedup evaluate` answers: how predictions agree with the truth, each figure with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a truth names: pairs of documents, clusters of documents, or passages of two documents."""

    PAIRS = "pairs"
    CLUSTERS = "clusters"
    PASSAGES = "passages"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its interval of 95 %.

    `value` is None where nothing was there to measure, such as the precision of no predictions; `interval` where the
    data do not tell how sure the figure is.
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions against the truth.

    `counts` says what was compared, by name. `units` are the independent groups that the intervals resample:
    connected documents, or pairs of documents with passages.
    """

    kind: Kind
    counts: Mapping[str, int]
    measures: tuple[Measure, ...]
    units: int
