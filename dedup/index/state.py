"""What an open index holds: the parts, the texts, and the facts of every document, as of one moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dedup.config import Config
from dedup.errors import StoreError
from dedup.index.anchor_store import AnchorStore
from dedup.index.arrivals import ROW, Arrivals, Rows, join_arrivals
from dedup.index.catalogue import Catalogue, StoredSegment
from dedup.index.files import damaged
from dedup.index.held import HeldTexts
from dedup.index.ledger import Ledger
from dedup.index.parts import COMMON, Data, Part, Run, Segment, facts_of, places_of
from dedup.index.prepared import Prepared
from dedup.index.recent import FEW, MOST, Recent
from dedup.index.tables import SHIFT, TableNumbers
from dedup.index.texts import Texts
from dedup.kernels import F64, I64, U8, U32, U64, Kernels, Sketches, SketchPlan, TableStack
from dedup.kernels.hashing import no_triggers
from dedup.kernels.stacking import stack
from dedup.model import Relation, TextColumn
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.sketching import sketch_plan
from dedup.tokenising import codepoint_table
from dedup.verifying import Background

_COMMON_ROW = np.dtype([(name, ROW[name]) for name in COMMON])

_LONG = 4096
"""A run of so many documents stays as it is."""


@dataclass(slots=True)
class State:
    """Parts in the order of their ranks: segments, and behind them runs of documents of the tail.

    `rewrites`: what rewrites are found and confirmed by, in an index that looks for them; `drop_rewrites`: documents
    are dropped as rewrites, and not only told to be some.
    """

    folder: Path
    config: Config
    background: Background
    keeps_text: bool
    rewrites: RewriteBackground | None = None
    drop_rewrites: bool = False
    segments: list[Segment] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    recent: Recent = field(init=False)
    numbers: TableNumbers = field(init=False)
    limits: I64 = field(init=False)
    plan: SketchPlan = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    held: HeldTexts = field(default_factory=HeldTexts)
    tail_end: int = -1
    _sealed: int = 0
    _stack: TableStack | None = None
    anchors: AnchorStore = field(default_factory=AnchorStore)

    def __post_init__(self) -> None:
        self.numbers = table_numbers(self.config)
        self.limits = limits_of(self.config)
        near, contains = self.config.looks_for(Relation.NEAR), self.config.looks_for(Relation.CONTAINS)
        self.plan = sketch_plan(self.config, no_triggers(), near=near, contains=contains)
        self.recent = Recent(self.config.shingle_size, self.numbers)

    def sketch(self, texts: TextColumn, kernels: Kernels) -> Sketches:
        """The sketches of documents, as a batch scan at the level of documents makes them."""
        return kernels.sketch(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table(), self.plan)

    def prepare(self, texts: TextColumn, kernels: Kernels) -> Prepared:
        """What of admitting documents needs nothing that is in the index."""
        return Prepared(self.sketch(texts, kernels), kernels.digest_texts(texts.data, texts.offsets))

    @property
    def parts(self) -> list[Part]:
        """All parts."""
        return [*self.segments, *self.runs, *([self.recent] if len(self.recent) else [])]

    @property
    def tail_documents(self) -> int:
        """How many documents are in the tail, removed ones with them, but for those that are to become a segment."""
        return sum(len(run.arrivals) for run in self.runs[self._sealed :]) + len(self.recent)

    @property
    def tail_bytes(self) -> int:
        """What the tail takes of memory, tables apart."""
        return sum(run.arrivals.n_bytes for run in self.runs[self._sealed :]) + self.recent.n_bytes

    def find(self, tables: U8, keys: U32, kernels: Kernels) -> tuple[U64, I64]:
        """The first living members with each key (see `Kernels.find_members`), and how many each query has."""
        several, counts = self._find_sorted(tables, keys, kernels)
        if len(self.recent):
            numbers = counts.tolist()
            hits = self.recent.find(
                (tables.astype(np.uint64) << SHIFT | keys).tolist(), self.limits, self.ledger, numbers
            )
            if hits:
                several.append(np.array(hits, dtype=np.uint64))
                counts = np.array(numbers, dtype=np.int64)
        if not several:
            return _NOTHING, counts
        return several[0] if len(several) == 1 else np.sort(np.concatenate(several)), counts

    def find_packed(self, queries: list[int], kernels: Kernels) -> tuple[list[int], list[int]]:
        """`find` for a few queries, each the table in the upper half and the key in the lower, as plain numbers."""
        packed = np.array(queries, dtype=np.uint64)
        several, found = self._find_sorted((packed >> SHIFT).astype(np.uint8), packed.astype(np.uint32), kernels)
        hits = [hit for entries in several for hit in entries.tolist()]
        counts: list[int] = found.tolist()
        if len(self.recent):
            hits += self.recent.find(queries, self.limits, self.ledger, counts)
        hits.sort()
        return hits, counts

    def _find_sorted(self, tables: U8, keys: U32, kernels: Kernels) -> tuple[list[U64], I64]:
        """What is found in segments and runs, and how many each query has."""
        counts = np.zeros(keys.size, dtype=np.int64)
        if self._stack is None:
            self._stack = stack([*(each.tables for each in self.segments), *(each.tables for each in self.runs)])
        found = kernels.find_members(self._stack, tables, keys, self.limits, self.ledger.alive, counts)
        if found.damaged >= 0:
            # Tables in memory have no sums that could differ.
            raise damaged(self.segments[found.part].path, f"block {found.damaged}")
        return [found.entries] if found.entries.size else [], counts

    def rows(self, ranks: I64, kernels: Kernels) -> Rows:
        """What is stored of documents, with the fields of `COMMON`."""
        result = np.zeros(ranks.size, dtype=_COMMON_ROW)
        for part, chosen, places in self._by_part(ranks):
            rows = part.rows(places, kernels)
            for name in COMMON:
                result[name][chosen] = rows[name]
        return result

    def scores(self, ranks: I64, kernels: Kernels) -> F64:
        """The scores of documents with their representatives, shape (n, 4)."""
        result = np.zeros((ranks.size, 4), dtype=np.float64)
        for part, chosen, places in self._by_part(ranks):
            result[chosen] = part.scores(places, kernels)
        return result

    def ids(self, ranks: I64, kernels: Kernels) -> list[bytes]:
        """The JSON tokens of the ids of documents."""
        result = [b""] * ranks.size
        for part, chosen, places in self._by_part(ranks):
            for place, token in zip(chosen.tolist(), part.ids(places, kernels), strict=True):
                result[place] = token
        return result

    def read(self, ranks: I64, kernels: Kernels) -> Iterator[tuple[I64, Texts]]:
        """The texts of documents, where they stand: places among `ranks`, and their texts."""
        missing = np.ones(ranks.size, dtype=np.bool_)
        for chosen, texts in self.held.read(ranks):
            missing[chosen] = False
            yield chosen, texts
        others = np.flatnonzero(missing)
        for part, chosen, places in self._by_part(ranks[others]):
            yield others[chosen], part.texts(places, kernels)

    # One document, for which arrays would take longer than all else

    def digest(self, rank: int, kernels: Kernels) -> int:
        """The hash of the tokens of a document."""
        part = self._part_of(rank)
        return part.digest(part.place(rank), kernels)

    def id(self, rank: int, kernels: Kernels) -> bytes:
        """The JSON token of the id of a document."""
        part = self._part_of(rank)
        return part.id(part.place(rank), kernels)

    def text(self, rank: int, kernels: Kernels) -> Data:
        """The text of a document, or its token hashes."""
        held = self.held.text(rank)
        if held is not None:
            return held.data
        part = self._part_of(rank)
        return part.text(part.place(rank), kernels)

    def _part_of(self, rank: int) -> Part:
        return next(part for part in reversed(self.parts) if part.first_rank <= rank)

    def admitted_before(self, moment: float, kernels: Kernels) -> I64:
        """The ranks of living documents that were admitted before a moment, in seconds since 1970."""
        found = []
        for part in self.parts:
            rows = part.rows(np.arange(part.ranks.size), kernels)
            ranks = part.ranks[rows["date"] < moment].astype(np.int64)
            found.append(ranks[self.ledger.alive[ranks]])
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def _by_part(self, ranks: I64) -> Iterator[tuple[Part, I64, I64]]:
        """Each part that holds some of the documents, which of them, and their places in it."""
        if not ranks.size:
            return
        parts = self.parts
        firsts = [int(part.ranks[0]) for part in parts]
        owners = np.searchsorted(firsts, ranks, side="right") - 1
        for owner in np.unique(owners).tolist():
            chosen = np.flatnonzero(owners == owner)
            yield parts[owner], chosen, places_of(parts[owner], ranks[chosen])

    def add(self, arrivals: Arrivals) -> None:
        """Put documents that arrived behind the others."""
        if not len(arrivals):
            return
        self.ledger.enter(*facts_of(arrivals.rows))
        self.anchors.add(arrivals.anchored)
        if len(arrivals) <= FEW:
            self.recent.add(arrivals)
            if len(self.recent) >= MOST:
                self.settle()
            return
        self.settle()
        self._add_run(arrivals)

    def add_one(self, arrivals: Arrivals, keys: list[int]) -> None:
        """Put a document behind the others of which the table and key of each group are known."""
        self.ledger.enter_one(arrivals.rows[0])
        self.anchors.add(arrivals.anchored)
        self.recent.add_one(arrivals, self.ledger.count - 1, keys)
        if len(self.recent) >= MOST:
            self.settle()

    def settle(self) -> None:
        """Sort the documents that came one by one."""
        if len(self.recent):
            arrivals = self.recent.joined()
            self.recent = Recent(self.config.shingle_size, self.numbers)
            self._add_run(arrivals)

    def _add_run(self, arrivals: Arrivals) -> None:
        """Put a run behind the others; those that are no longer than all behind them are joined with these."""
        several, count = [arrivals], len(arrivals)
        while count < _LONG and len(self.runs) > self._sealed and len(self.runs[-1].arrivals) <= count:
            several.append(self.runs.pop().arrivals)
            count += len(several[-1])
        self.runs.append(Run(join_arrivals(several[::-1]), self.config.shingle_size, self.numbers))
        self._stack = None

    def seal(self) -> list[Run]:
        """The runs that are not sealed yet: they are to become a segment, and stay as they are."""
        runs = self.runs[self._sealed :]
        self._sealed = len(self.runs)
        return runs

    def unseal(self, count: int, kernels: Kernels) -> None:
        """Take the first runs out, which were sealed: a segment has their documents. Some texts stay at hand."""
        for run in self.runs[:count]:
            self.held.put(run.arrivals, kernels)
        del self.runs[:count]
        self._sealed -= count
        self._stack = None
        self.anchors.clear()
        for run in self.runs:
            self.anchors.add(run.arrivals.anchored)
        if len(self.recent):
            self.anchors.add(self.recent.joined().anchored)

    def load(self, catalogue: Catalogue, kernels: Kernels) -> None:
        """Everything as it stands in the catalogue now; to be called in a transaction."""
        self.runs, self.recent = [], Recent(self.config.shingle_size, self.numbers)
        self._sealed, self._stack = 0, None
        self.anchors.clear()
        # What is not stored yet has ranks that others will get.
        self.held = HeldTexts()
        self.ledger = Ledger()
        self.open_segments(catalogue.segments())
        for segment in self.segments:
            self.ledger.enter(*segment.facts(kernels))
        self.ledger.grow(catalogue.number("next_rank"))
        tail, self.tail_end = catalogue.tail(-1, self.numbers.bands)
        if tail is not None:
            self.add(tail)
        self.ledger.remove(catalogue.removals())

    def open_segments(self, stored: Sequence[StoredSegment], fresh: StoredSegment | None = None) -> None:
        """Map the segments of the catalogue, keeping those that are mapped; `fresh`: one written just now."""
        known = {segment.stored: segment for segment in self.segments}
        segments = []
        for each in stored:
            try:
                segments.append(known.get(each) or Segment(self.folder, each, self.numbers, fresh=each == fresh))
            except FileNotFoundError as error:
                raise MissingFileError(
                    f"{error.filename}: is missing. Put it back from a copy of the index, or make the index anew"
                ) from error
            except (OSError, ValueError, KeyError) as error:
                raise StoreError(f"{self.folder / each.name}: cannot be read: {error}") from error
        self.segments = segments
        self._stack = None


class MissingFileError(StoreError):
    """A file of the catalogue is not there: a reader that finds none may have been overtaken by compaction."""


def table_numbers(config: Config) -> TableNumbers:
    """Which table is which with a configuration."""
    return TableNumbers(config.banding[0] if config.looks_for(Relation.NEAR) else 0)


def limits_of(config: Config) -> I64:
    """How many members of a group, one number a table, candidates may depend on."""
    numbers = table_numbers(config)
    limits = np.full(numbers.count, max(config.bucket_cap, config.bucket_links), dtype=np.int64)
    limits[numbers.samples] = config.posting_cap
    limits[[numbers.exact, numbers.ids]] = np.iinfo(np.int64).max
    return limits


_NOTHING: U64 = np.zeros(0, dtype=np.uint64)
