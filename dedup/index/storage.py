"""What an index has on the disk: the tail, the segments and what becomes of them, each change whole or not at all."""

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from dedup.errors import LossWarning, StoreError
from dedup.index.acknowledged import Acknowledging, Counts
from dedup.index.arrivals import Arrivals
from dedup.index.catalogue import Catalogue, StoredSegment
from dedup.index.creating import cosine_background_to_bytes
from dedup.index.files import cannot_write
from dedup.index.locking import WriterLock
from dedup.index.parts import Run, Segment
from dedup.index.segments import write_merged, write_runs
from dedup.index.state import MissingFileError, State
from dedup.kernels import I64, Bool, Kernels, choose
from dedup.verifying import Background

Marks: TypeAlias = Mapping[str, bytes]
"""Values that are stored with documents, by name."""

FLUSH_DOCUMENTS = 16384
"""Documents of the tail that become a segment."""
FLUSH_AT_ONCE = 4096
"""Documents of one call that become a segment, with what is in the tail."""
FLUSH_BYTES = 32 << 20
"""Bytes of the tail that become a segment."""
TIER = 4
"""So many segments of a size, or smaller, that follow each other become one."""
_SMALLEST = 4096
_TRIES = 10


class PlannedSegment(NamedTuple):
    """A segment to be made: its number, what it is to hold, and which documents are there, by rank."""

    number: int
    runs: Sequence[Run]
    alive: Bool


class Plan(NamedTuple):
    """What is to be stored: documents that were admitted, the ranks of those whose place they take.

    `end` is the rank behind them. `segment`: what becomes a segment, with them in it, None where they go to the tail.
    """

    arrivals: Arrivals | None
    removed: I64
    end: int
    segment: PlannedSegment | None


class Storage:
    """The folder of an index, as one object of this process sees it. To be used with `mutex` held.

    `lock` is None for a reader.
    """

    def __init__(
        self, folder: Path, catalogue: Catalogue, state: State, lock: WriterLock | None, mutex: threading.RLock
    ) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self.state = state
        self._lock = lock
        self._mutex = mutex
        self._changes = -1
        self._number = 1
        # The segments of which it is known whether some are to be joined.
        self._looked_at: list[Segment] | None = None
        self._merging: threading.Thread | None = None
        self._merge_error: BaseException | None = None
        # What was found lost when the index was opened: of a reader nobody else may know it yet.
        self._lost = ""

    @property
    def writable(self) -> bool:
        """Whether this is the writer."""
        return self._lock is not None

    # Taking what is there

    def load(self) -> None:
        """Take everything from the disk."""
        for attempt in range(_TRIES):
            try:
                self._changes = self.catalogue.changes
                with self.catalogue.transaction(reading=True):
                    self.state.load(self.catalogue, choose(0))
                    # A thread that merges may have taken one that is not stored yet, and whatever the catalogue says,
                    # no file is written over.
                    highest = max((segment.stored.number for segment in self.state.segments), default=0)
                    self._number = max(self._number, int(self.catalogue.fact("next_number") or b"1"), highest + 1)
                return
            except MissingFileError:
                # Between reading the catalogue and opening the files a writer may have put others in their place.
                if self.writable or attempt == _TRIES - 1:
                    raise

    def refresh(self) -> None:
        """Take what another process has written since."""
        if self.writable:
            return
        changes = self.catalogue.changes
        if changes == self._changes:
            return
        with self.catalogue.transaction(reading=True):
            known = [segment.stored for segment in self.state.segments]
            if self.catalogue.segments() == known:
                tail, self.state.tail_end = self.catalogue.tail(self.state.tail_end, self.state.numbers.bands)
                if tail is not None:
                    self.state.add(tail)
                self.state.ledger.remove(self.catalogue.removals())
                self._changes = changes
                return
        self.load()

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Where something fails within, what is in memory is taken from the disk again."""
        try:
            yield
        except BaseException:
            with self._mutex:
                self.load()
            raise

    # Writing

    def commit(self, arrivals: Arrivals, removed: I64, marks: Marks, kernels: Kernels) -> None:
        """Store what was admitted: in the tail, or, where that grows long, everything of it in a segment."""
        self.store(self.plan(arrivals, removed), marks, kernels)

    def plan(self, arrivals: Arrivals, removed: I64) -> "Plan":
        """How what was just admitted is to be stored, which `store` may do while others are admitted."""
        state, count = self.state, len(arrivals)
        if count >= FLUSH_AT_ONCE or state.tail_documents >= FLUSH_DOCUMENTS or state.tail_bytes >= FLUSH_BYTES:
            return self._plan_segment(arrivals, removed)
        return Plan(arrivals, removed, state.ledger.count, None)

    def _plan_segment(self, arrivals: Arrivals | None, removed: I64) -> "Plan":
        state = self.state
        state.settle()
        return Plan(
            arrivals,
            removed,
            state.ledger.count,
            PlannedSegment(self._take_number(), state.seal(), state.ledger.alive.copy()),
        )

    def store(self, plan: "Plan", marks: Marks, kernels: Kernels) -> None:
        """Store what was planned, in the order of the plans.

        To be called without `mutex` where others are admitted meanwhile: files are written without it.
        """
        if plan.segment is not None:
            self._store_segment(plan, plan.segment, marks, kernels)
            return
        arrivals, removed = plan.arrivals, plan.removed
        count = 0 if arrivals is None else len(arrivals)
        if not count and not removed.size and not marks:
            return
        with self._mutex:
            if arrivals is not None and count and not removed.size and not marks:
                # One statement is a transaction by itself.
                with self.catalogue.errors():
                    self.catalogue.add_tail(arrivals)
                self.state.tail_end = plan.end - 1
                return
            with self.catalogue.transaction():
                if arrivals is not None and count:
                    self.catalogue.add_tail(arrivals)
                    self.state.tail_end = plan.end - 1
                if removed.size:
                    self.catalogue.add_removals(removed)
                for name, value in marks.items():
                    self.catalogue.set_mark(name, value)

    def _store_segment(self, plan: "Plan", planned: "PlannedSegment", marks: Marks, kernels: Kernels) -> None:
        """Make a segment of the runs that were sealed."""
        state, catalogue = self.state, self.catalogue
        stored = None
        if planned.runs:
            stored = write_runs(self.folder, planned.number, planned.runs, planned.alive, state.numbers, kernels)
        with self._mutex:
            with catalogue.transaction(safe=True):
                catalogue.replace_segments([], stored)
                catalogue.clear_tail(plan.end)
                catalogue.count_to(plan.end)
                self._set_numbers(plan.end)
                if plan.removed.size:
                    catalogue.add_removals(plan.removed)
                for name, value in marks.items():
                    catalogue.set_mark(name, value)
            state.tail_end = plan.end - 1
            state.unseal(len(planned.runs), kernels)
            state.open_segments(catalogue.segments(), stored)

    def remove(self, ranks: I64) -> None:
        """Strike documents out."""
        if ranks.size:
            with self.catalogue.transaction():
                self.catalogue.add_removals(ranks)
            self.state.ledger.remove(ranks)

    def restore(self, ranks: I64) -> None:
        """Take back that documents were struck out, whom nothing has dropped from the disk meanwhile."""
        if ranks.size:
            with self.catalogue.transaction():
                self.catalogue.set_removals(np.setdiff1d(self.catalogue.removals(), ranks))
            self.state.ledger.restore(ranks)

    def set_background(self, background: Background) -> None:
        """Put another background in the place of the one that is there."""
        with self.catalogue.transaction(safe=True):
            self.catalogue.set_fact("background", cosine_background_to_bytes(background))
            self.catalogue.set_fact("background_fingerprint", background.fingerprint.encode())
        self.state.background = background

    # Merging

    def merge_due(self, kernels: Kernels, *, background: bool) -> None:
        """Join segments of which there are many of a size: here and now, or in a thread."""
        if self._merging is not None:
            if self._merging.is_alive():
                return
            self._merging = None
        self._raise_merge_error()
        if self.state.segments is self._looked_at:
            return
        self._looked_at = self.state.segments
        if not background:
            while (due := due_segments([len(segment) for segment in self.state.segments])) > 0:
                self._merge(self.state.segments[-due:], kernels, rewrite=False)
        elif due_segments([len(segment) for segment in self.state.segments]) > 0:
            self._merging = threading.Thread(target=self._merge_in_thread, args=(kernels,), name="dedup merging")
            self._merging.start()

    def _merge_in_thread(self, kernels: Kernels) -> None:
        try:
            while True:
                with self._mutex:
                    due = due_segments([len(segment) for segment in self.state.segments])
                    chosen = self.state.segments[-due:] if due else []
                if not chosen:
                    return
                self._merge(chosen, kernels, rewrite=False)
        except BaseException as error:  # it is raised where the index is used next
            self._merge_error = error

    def _raise_merge_error(self) -> None:
        error, self._merge_error = self._merge_error, None
        if error is not None:
            raise error

    @property
    def is_merging(self) -> bool:
        """Whether a thread merges; where there is none, and `mutex` is held, none begins."""
        return self._merging is not None and self._merging.is_alive()

    def wait(self) -> None:
        """Wait for a thread that merges; to be called without `mutex`, or it would never end."""
        merging = self._merging
        if merging is not None:
            merging.join()

    def compact(self, kernels: Kernels) -> None:
        """Make one segment of everything, without what was removed."""
        self._raise_merge_error()
        with self.restoring():
            self.store(self._plan_segment(None, NO_RANKS), NO_MARKS, kernels)
            if len(self.state.segments) > 1 or any(self._is_partly_gone(each) for each in self.state.segments):
                self._merge(list(self.state.segments), kernels, rewrite=True)
            if self.lost:
                with self.catalogue.transaction():
                    self.catalogue.set_fact("lost", b"")
                self._lost = ""
            self.catalogue.checkpoint()

    def _is_partly_gone(self, segment: Segment) -> bool:
        """Whether a segment has documents, or texts of documents, that are no more."""
        return segment.text_file.count > len(segment) or not bool(self.state.ledger.alive[segment.ranks].all())

    def _merge(self, segments: Sequence[Segment], kernels: Kernels, *, rewrite: bool) -> None:
        """Put one segment in the place of several that follow each other.

        What takes long is done without `mutex` held, if the caller does not hold it: the files of a segment never
        change, and who is removed meanwhile stays among the removed.
        """
        with self._mutex:
            alive = self.state.ledger.alive.copy()
            number = self._take_number()
        stored = write_merged(self.folder, number, segments, alive, self.state.numbers, kernels, rewrite=rewrite)
        with self._mutex:
            old = [segment.stored for segment in segments]
            gone = np.concatenate([segment.ranks[~alive[segment.ranks]] for segment in segments]).astype(np.int64)
            removals = self.catalogue.removals()
            with self.catalogue.transaction(safe=True):
                self.catalogue.replace_segments([each.number for each in old], stored)
                self.catalogue.set_removals(np.setdiff1d(removals, gone))
                self._set_numbers(self.state.ledger.count)
            self.state.open_segments(self.catalogue.segments(), stored)
            for each in old:
                self._delete(each)

    def _take_number(self) -> int:
        """A number that no other segment has; that of one that is never finished may be given again to another."""
        self._number += 1
        return self._number - 1

    def _set_numbers(self, next_rank: int) -> None:
        self.catalogue.set_fact("next_number", str(self._number).encode())
        self.catalogue.set_fact("next_rank", str(next_rank).encode())

    def _delete(self, stored: StoredSegment) -> None:
        for name in (stored.name, stored.texts_name):
            # Who has a file mapped keeps it; where it cannot be deleted now it is when the index is opened.
            with suppress(OSError):
                (self.folder / name).unlink()

    def compare(self, before: Counts) -> None:
        """Warn where less is there than had been acknowledged; a writer keeps in mind that it was so."""
        found = Counts(self.state.ledger.count, self.catalogue.transactions)
        self._lost = before.lost(found)
        if self._lost:
            warnings.warn(
                f"{self.folder}: {self._lost} had been acknowledged and cannot be found: power was lost, or the log of "
                "the catalogue was damaged or taken away. Admit again what came last",
                LossWarning,
                stacklevel=2,
            )
        if self.writable:
            if self._lost:
                with self.catalogue.transaction():
                    self.catalogue.set_fact("lost", self._lost.encode())
            self.catalogue.count_on(found, Acknowledging(self.folder))

    @property
    def lost(self) -> str:
        """What had been acknowledged and is not there, in words, until the index is compacted; nothing where all is."""
        return self._lost or (self.catalogue.fact("lost") or b"").decode()

    def delete_orphans(self) -> None:
        """Delete files that no transaction knows: those of a process that died while it wrote them."""
        known = {name for each in self.catalogue.segments() for name in (each.name, each.texts_name)}
        try:
            for path in self.folder.iterdir():
                if path.name.startswith(("segment-", "texts-")) and path.name not in known:
                    path.unlink()
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def close(self) -> None:
        """Give the catalogue and the lock back."""
        self.catalogue.close()
        if self._lock is not None:
            self._lock.release()

    def check_writable(self) -> None:
        """Raise StoreError for a reader."""
        if not self.writable:
            raise StoreError(f"{self.folder}: was opened read-only")


def due_segments(sizes: Sequence[int]) -> int:
    """How many of the last segments, given by their documents, are to become one; 0 for none.

    A tier holds segments of up to `TIER` times the documents of the tier below. Where the last segments have `TIER` of
    a tier and otherwise lower ones, they become one: a document is written again once a tier.
    """
    tiers = [max(size // _SMALLEST, 1).bit_length() // (TIER.bit_length() - 1) for size in sizes]
    for tier in sorted(set(tiers)):
        number = 0
        while number < len(tiers) and tiers[-1 - number] <= tier:
            number += 1
        last = tiers[len(tiers) - number :]
        if last.count(tier) >= TIER:
            return number
    return 0


NO_RANKS: I64 = np.zeros(0, dtype=np.int64)
NO_MARKS: Marks = {}
