"""What a caller can choose about a filter run, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dedup.errors import ConfigError
from dedup.model import Relation

FORMATS = ("jsonl", "parquet")
"""The formats of records that can be handed on as they are."""

LIVE_DELAY = 1.0
"""Seconds that a record of a slow stream waits for others, unless told otherwise."""


class Mode(StrEnum):
    """What becomes of records: the repeated ones dropped, all kept and said what they are, or all kept and cleaned."""

    DROP = "drop"
    ANNOTATE = "annotate"
    CLEAN = "clean"

    @property
    def drops(self) -> bool:
        """Whether repeated records are left out."""
        return self is Mode.DROP


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions:
    """How records are filtered and where to.

    `rejected` and `quarantine` name files for the records dropped and for those that cannot be read. `form` is the
    format of the records, by default told from the name of the input, else JSON lines. `batch` is the most records
    decided at once; a batch is also closed before its records exceed `batch_bytes`, and `flush_interval` seconds after
    its first record came through a pipe. A shard of a folder is closed with the batch by which it reaches
    `shard_bytes`. `restart` begins anew where a run was interrupted, and replaces outputs that are in the way.
    `full_durability`: what was written survives a loss of power, not of the process alone. `drop_rewrites`: records
    that reword an earlier one are dropped, where they are looked for; else they are kept, and counted. `timeout`:
    seconds to wait for another process that writes to the index, or for a server that cannot be reached. `paragraphs`:
    whether the index knows the paragraphs of records, by default whatever it was made with: `annotate` tells those that
    were seen before, and `clean` cuts them.
    """

    mode: Mode = Mode.DROP
    rejected: str | None = None
    quarantine: str | None = None
    form: str | None = None
    batch: int = 65_536
    batch_bytes: int = 16 << 20
    flush_interval: float = LIVE_DELAY
    shard_bytes: int = 128 << 20
    restart: bool = False
    full_durability: bool = False
    drop_rewrites: bool = False
    timeout: float = 0.0
    paragraphs: bool | None = None

    def __post_init__(self) -> None:
        for name in ("batch", "batch_bytes", "shard_bytes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is at least 1, not {getattr(self, name)!r}")
        if not 0.0 <= self.flush_interval <= 86_400.0:
            raise ConfigError(f"flush_interval is a number of seconds up to a day, not {self.flush_interval!r}")
        if self.form is not None and self.form not in FORMATS:
            raise ConfigError(f"unknown format {self.form!r} of records; choose one of {', '.join(FORMATS)}")

    def drops(self, relation: str) -> bool:
        """Whether records with this relation to an earlier one are left out."""
        return self.mode.drops and (relation != Relation.REWRITE or self.drop_rewrites)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the records: `read = kept + dropped + quarantined`, always.

    `reasons` counts records by the reason of the decision on them, or of their quarantine; a record that a mode keeps
    although it repeats an earlier one counts as kept, and by its relation. `relations` counts the decisions by
    relation.
    """

    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    relations: Mapping[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """All records."""
        return self.kept + self.dropped + self.quarantined

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.kept + other.kept,
            self.dropped + other.dropped,
            self.quarantined + other.quarantined,
            _sums(self.reasons, other.reasons),
            _sums(self.relations, other.relations),
        )


def _sums(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}


@dataclass(frozen=True, slots=True)
class FilterResult:
    """How a run ended.

    `tally` counts the records of the whole run, the parts before interruptions included; `before` those that an
    earlier part had dealt with. `finished` is false where the run was asked to stop. `complaints` are the first few
    records that could not be read in this part, each with its line and what to do.
    """

    tally: Tally
    before: Tally
    finished: bool
    complaints: tuple[str, ...] = ()
