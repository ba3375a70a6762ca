"""Making segments: of runs in memory, and of other segments."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedup.index.arrivals import NONE, ROW, Rows, join_arrivals, offsets_of
from dedup.index.catalogue import StoredSegment
from dedup.index.files import SegmentWriter, damaged, write_file
from dedup.index.parts import COMMON, FACTS, SEGMENT_ROW, Run, Segment
from dedup.index.tables import TableNumbers, merge_entries
from dedup.index.texts import join_texts, write_texts
from dedup.kernels import I64, U8, U64, Bool, Kernels

_AT_ONCE = 1 << 16
"""Documents of a segment that are in memory at once while it is written anew."""

Pieces = Callable[[], Iterator[Rows]]
"""The rows of a segment to be, some at a time, as often as they are asked for: all of `ROW`, with `spare` unused."""


def write_runs(
    folder: Path, number: int, runs: Sequence[Run], alive: Bool, numbers: TableNumbers, kernels: Kernels
) -> StoredSegment | None:
    """Write a segment of the living documents of runs; None if there are none."""
    arrivals = join_arrivals([run.arrivals for run in runs])
    living = alive[arrivals.rows["rank"]]
    if not living.any():
        return None
    rows = arrivals.rows[living]
    texts = _take(arrivals.texts, offsets_of(arrivals.rows["text_size"]), living)
    ids, _ = _take(arrivals.ids, offsets_of(arrivals.rows["id_size"]), living)
    stored = StoredSegment(number, int(rows["rank"][0]), int(rows.size), 0, 0)
    text_size = write_texts(folder / stored.texts_name, [texts])
    tables = merge_entries([_entries(run, numbers) for run in runs], alive)
    size = _write(folder / stored.name, tables, lambda: iter([rows]), [ids], [np.arange(rows.size)], kernels)
    return StoredSegment(number, stored.first_rank, stored.documents, size, text_size)


def write_merged(
    folder: Path,
    number: int,
    segments: Sequence[Segment],
    alive: Bool,
    numbers: TableNumbers,
    kernels: Kernels,
    *,
    rewrite: bool,
) -> StoredSegment | None:
    """Write one segment of the living documents of several that follow each other; None if there are none.

    `rewrite`: without the texts of the others, which else stay in their blocks. In memory are a table and some
    documents at a time. Raises StoreError where a segment is damaged.
    """
    for segment in segments:
        blocks = segment.check_all(kernels)
        if blocks:
            raise damaged(segment.path, f"block {blocks[0]}")
    living = [segment.ranks[alive[segment.ranks]] for segment in segments]
    count = sum(ranks.size for ranks in living)
    if not count:
        return None
    first = next(int(ranks[0]) for ranks in living if ranks.size)
    stored = StoredSegment(number, first, count, 0, 0)
    if rewrite:
        text_size = write_texts(folder / stored.texts_name, _living_texts(segments, alive, kernels))
        text_numbers: Iterable[I64] = (
            np.arange(begin, min(begin + _AT_ONCE, count)) for begin in range(0, count, _AT_ONCE)
        )
    else:
        text_size = join_texts(folder / stored.texts_name, [segment.text_file for segment in segments])
        text_numbers = _text_numbers(segments, alive, kernels)
    tables = merge_entries([_entries(segment, numbers) for segment in segments], alive)
    size = _write(
        folder / stored.name,
        tables,
        lambda: _living_rows(segments, alive, kernels),
        _living_ids(segments, alive, kernels),
        text_numbers,
        kernels,
    )
    return StoredSegment(number, first, count, size, text_size)


def _entries(part: Run | Segment, numbers: TableNumbers) -> list[U64]:
    """The tables of a part."""
    return [part.layout.section(f"entries {number}").view(np.uint64) for number in range(numbers.count)]


def _write(
    path: Path,
    tables: Iterable[U64],
    rows: Pieces,
    ids: Iterable[U8],
    text_numbers: Iterable[I64],
    kernels: Kernels,
) -> int:
    """Write a segment file; its size."""
    writer = SegmentWriter(kernels)

    def pieces() -> Iterator[U64 | bytes]:
        for number, entries in enumerate(tables):
            yield from writer.table(number, entries)
        for name, kind in FACTS:
            yield from writer.section(name, np.dtype(kind), (some[name] for some in rows()))
        yield from writer.section("rows", np.dtype(np.uint64), _segment_rows(rows(), text_numbers))
        yield from writer.section(
            "scores",
            np.dtype(np.float64),
            (some["scores"][some["representative"] != NONE].reshape(-1) for some in rows()),
        )
        yield from writer.section("ids", np.dtype(np.uint8), ids)
        yield from writer.foot()

    return write_file(path, pieces())


def _segment_rows(several: Iterator[Rows], text_numbers: Iterable[I64]) -> Iterator[U64]:
    """Rows as they stand in a segment, as words."""
    n_scores = n_bytes = 0
    numbers = _Numbers(text_numbers)
    for rows in several:
        columns = np.zeros(rows.size, dtype=SEGMENT_ROW)
        for name in COMMON:
            columns[name] = rows[name]
        dropped = rows["representative"] != NONE
        columns["score_number"] = np.where(dropped, n_scores + np.cumsum(dropped) - 1, NONE)
        columns["id_end"] = n_bytes + np.cumsum(rows["id_size"], dtype=np.int64)
        columns["text_number"] = numbers.take(rows.size)
        n_scores += int(np.count_nonzero(dropped))
        n_bytes += int(rows["id_size"].sum())
        yield columns.view(np.uint64)


class _Numbers:
    """Numbers that come in pieces, to be taken in others."""

    def __init__(self, pieces: Iterable[I64]) -> None:
        self._pieces = iter(pieces)
        self._rest: I64 = np.zeros(0, dtype=np.int64)

    def take(self, count: int) -> I64:
        """The next ones."""
        while self._rest.size < count:
            self._rest = np.concatenate([self._rest, next(self._pieces)])
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def _living(segments: Sequence[Segment], alive: Bool) -> Iterator[tuple[Segment, int, int, Bool]]:
    """Some documents of each segment at a time: which ones, from where to where, and which of these are there."""
    for segment in segments:
        for first in range(0, len(segment), _AT_ONCE):
            last = min(first + _AT_ONCE, len(segment))
            yield segment, first, last, alive[segment.ranks[first:last]]


def _living_rows(segments: Sequence[Segment], alive: Bool, kernels: Kernels) -> Iterator[Rows]:
    """The rows of the living documents, with their facts and scores."""
    for segment, first, _, mask in _living(segments, alive):
        places = first + np.flatnonzero(mask)
        rows = np.zeros(places.size, dtype=ROW)
        if not places.size:
            continue
        stored, facts = segment.rows(places, kernels), segment.facts(kernels)
        for name in COMMON:
            rows[name] = stored[name]
        for number, (name, _) in enumerate(FACTS):
            column: NDArray[np.generic] = facts[number]
            rows[name] = column[places]
        rows["scores"] = segment.scores(places, kernels)
        starts, ends = segment.id_bounds(places, kernels)
        rows["id_size"] = ends - starts
        yield rows


def _living_ids(segments: Sequence[Segment], alive: Bool, kernels: Kernels) -> Iterator[U8]:
    """The ids of the living documents."""
    for segment, first, last, mask in _living(segments, alive):
        starts, ends = segment.id_bounds(np.arange(first, last), kernels)
        yield _take(segment.ids_of(first, last, kernels), np.append(starts, ends[-1]) - starts[0], mask)[0]


def _text_numbers(segments: Sequence[Segment], alive: Bool, kernels: Kernels) -> Iterator[I64]:
    """The numbers of the texts of the living documents, where all texts stand one after the other."""
    before = dict(
        zip(
            [segment.path for segment in segments],
            offsets_of(np.array([segment.text_file.count for segment in segments])).tolist(),
            strict=False,
        )
    )
    for segment, first, _, mask in _living(segments, alive):
        rows = segment.rows(first + np.flatnonzero(mask), kernels)
        yield rows["text_number"].astype(np.int64) + before[segment.path]


def _living_texts(segments: Sequence[Segment], alive: Bool, kernels: Kernels) -> Iterator[tuple[U8, I64]]:
    """The texts of the living documents."""
    for segment, first, _, mask in _living(segments, alive):
        places = first + np.flatnonzero(mask)
        for begin in range(0, places.size, _TEXTS_AT_ONCE):
            texts = segment.texts(places[begin : begin + _TEXTS_AT_ONCE], kernels)
            data = kernels.gather_ranges(texts.data, texts.starts, texts.ends)
            yield data, offsets_of(texts.ends - texts.starts)


_TEXTS_AT_ONCE = 1 << 12


def _take(data: U8, offsets: NDArray[np.int64], chosen: Bool) -> tuple[U8, I64]:
    """The pieces chosen of what stands one after the other, and where they begin and end then."""
    if chosen.all():
        return data, offsets
    sizes = np.diff(offsets)
    return data[np.repeat(chosen, sizes)], offsets_of(sizes[chosen])
