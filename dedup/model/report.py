"""What a batch scan found: matches, clusters, decisions and counts, built only as they are looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from dedup.model.decision import Cluster, Decision, Quarantined
from dedup.model.match import Match

T_co = TypeVar("T_co", covariant=True)


class LazySequence(Sequence[T_co]):
    """A sequence whose items are made from arrays when they are asked for, and not kept."""

    __slots__ = ("_length", "_make")

    def __init__(self, length: int, make: Callable[[int], T_co]) -> None:
        self._length = length
        self._make = make

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> list[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | list[T_co]:
        if isinstance(index, slice):
            return [self._make(each) for each in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(f"index {index} is out of range for a sequence of {self._length}")
        return self._make(index % self._length)

    def __repr__(self) -> str:
        return f"<{self._length} items, made when looked at>"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of everything that was read: `read = kept + dropped + quarantined`, always.

    `reasons` counts documents by the reason of their decision or quarantine; `matches` counts findings by relation.
    `vetoed`: pairs over the threshold that the cosine did not confirm; `vetoed_boilerplate`: pairs of documents that
    match by their boilerplate alone, where it is excluded. `capped_buckets`, `capped_postings`,
    `capped_classes`: how often a cap of the configuration cut something off. `skipped_files`: files in a folder
    that are of no format read here. `repeated_ids`: documents whose id an earlier one has.
    """

    read: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    paragraphs: int = 0
    count_characters: Callable[[], int] = field(default=int, repr=False, compare=False)
    reasons: Mapping[str, int] = field(default_factory=dict)
    matches: Mapping[str, int] = field(default_factory=dict)
    vetoed: int = 0
    vetoed_boilerplate: int = 0
    capped_buckets: int = 0
    capped_postings: int = 0
    capped_classes: int = 0
    skipped_files: int = 0
    repeated_ids: int = 0

    @property
    def characters(self) -> int:
        """The characters of all texts, counted when they are asked for."""
        return self.count_characters()


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `dedup.scan`.

    `matches` are ordered by the left document, its span, then the right one. `excerpts(i)` gives the texts of the
    left and right span of match i as they stand in the document (the right one "" where there is none), cut to the
    first 2,000 characters. `decisions` has one entry per document read, in input order; `background` is the
    fingerprint of the document-frequency model (and behind a hyphen, where rewrites of documents were looked for, that
    of what these rest on) and `config` that of the configuration.
    """

    matches: Sequence[Match]
    clusters: Sequence[Cluster]
    decisions: Sequence[Decision]
    quarantined: Sequence[Quarantined]
    counts: Counts
    excerpts: Callable[[int], tuple[str, str]]
    config: str
    background: str
