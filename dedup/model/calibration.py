"""What `dedup calibrate` answers: precision and recall against the threshold, on the user's own corpus."""

from collections.abc import Sequence
from dataclasses import dataclass

from dedup.model.evaluation import Measure


@dataclass(frozen=True, slots=True)
class Edit:
    """How a copy was changed before it was planted.

    `kind`: `copy` (not at all), `words` (single words here and there substituted, taken out or put in) or `block` (one
    stretch replaced by one of another document). `strength`: the share of the words that are changed.
    """

    kind: str
    strength: float


@dataclass(frozen=True, slots=True)
class PlantedEdit:
    """What became of the copies planted with one kind of edit.

    `resemblance` is their median resemblance with their source, 0 for those not found; `recall`, by threshold, is the
    share of them that is found.
    """

    edit: Edit
    planted: int
    resemblance: float
    recall: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class ThresholdPoint:
    """What a threshold would do.

    `pairs` is the number of real near pairs at or over it. `precision` of these, and `recall` among all at or over the
    lowest threshold, are estimated from labels; `planted` is the recall of planted copies with few edits.
    """

    threshold: float
    pairs: int
    precision: Measure
    recall: Measure
    planted: Measure


@dataclass(frozen=True, slots=True)
class Band:
    """Real near pairs of a resemblance from `low` to under `high` (the last: to 1): all, labelled, labelled same."""

    low: float
    high: float
    pairs: int
    labelled: int
    same: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The answer of a calibration.

    `exact` counts pairs of real documents with the same tokens, which need no threshold. `unfound_same` counts labels
    that say "the same" of pairs not found at the lowest threshold. `chosen` is the threshold chosen, None where none
    reaches the target; `reason` says by which rule.
    """

    documents: int
    exact: int
    bands: Sequence[Band]
    points: Sequence[ThresholdPoint]
    planted: Sequence[PlantedEdit]
    unfound_same: int
    chosen: float | None
    reason: str
