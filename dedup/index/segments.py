"""Making segments: of runs in memory, and of other segments."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.index.anchor_sections import Section, merged_sections, sections_of
from dedup.index.arrivals import NONE, Rows, join_arrivals, offsets_of
from dedup.index.catalogue import StoredSegment
from dedup.index.files import SegmentWriter, damaged, write_file
from dedup.index.parts import COMMON, FACTS, SEGMENT_ROW, Run, Segment
from dedup.index.tables import MergedTable, TableNumbers, merge_entries
from dedup.index.texts import join_texts, write_texts
from dedup.kernels import F64, I64, U8, U64, Bool, Kernels

_AT_ONCE = 1 << 16
"""Documents of a segment that are in memory at once while it is written anew."""


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
    # Compacting writes them again, and smaller; joining segments leaves them as they are.
    text_size = write_texts(folder / stored.texts_name, [texts], quick=True)
    sections = _Sections(
        merge_entries([_entries(run, numbers) for run in runs], alive),
        lambda name: iter([rows[name]]),
        iter([_segment_rows(rows)]),
        iter([rows["scores"][rows["representative"] != NONE]]),
        iter([ids]),
        sections_of(arrivals.anchored.living(alive)),
    )
    size = _write(folder / stored.name, sections, kernels)
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
    else:
        text_size = join_texts(folder / stored.texts_name, [segment.text_file for segment in segments])
    sections = _Sections(
        merge_entries([_entries(segment, numbers) for segment in segments], alive),
        lambda name: (segment.fact(name)[first:last][mask] for segment, first, last, mask in _living(segments, alive)),
        _living_rows(segments, alive, rewrite=rewrite),
        _living_scores(segments, alive),
        _living_ids(segments, alive),
        merged_sections(folder / stored.name, segments, alive, kernels),
    )
    size = _write(folder / stored.name, sections, kernels)
    return StoredSegment(number, first, count, size, text_size)


def _entries(part: Run | Segment, numbers: TableNumbers) -> list[U64]:
    """The tables of a part."""
    return [part.layout.section(f"entries {number}").view(np.uint64) for number in range(numbers.count)]


class _Sections(NamedTuple):
    """What a segment is to hold, some at a time.

    Tables; facts by their names; rows, scores and ids of documents; what rewrites are found by.
    """

    tables: Iterator[MergedTable]
    facts: Callable[[str], Iterator[NDArray[np.generic]]]
    rows: Iterator[Rows]
    scores: Iterator[F64]
    ids: Iterator[U8]
    anchors: Iterator[Section]


def _write(path: Path, sections: _Sections, kernels: Kernels) -> int:
    """Write a segment file; its size."""
    writer = SegmentWriter(kernels)

    def pieces() -> Iterator[U64 | bytes]:
        for number, merged in enumerate(sections.tables):
            yield from writer.table(number, merged)
        for name, kind in FACTS:
            yield from writer.section(name, np.dtype(kind), sections.facts(name))
        yield from writer.section("rows", np.dtype(np.uint64), (rows.view(np.uint64) for rows in sections.rows))
        yield from writer.section("scores", np.dtype(np.float64), (each.reshape(-1) for each in sections.scores))
        yield from writer.section("ids", np.dtype(np.uint8), sections.ids)
        for section in sections.anchors:
            yield from writer.section(*section)
        yield from writer.foot()

    return write_file(path, pieces())


def _segment_rows(rows: Rows) -> Rows:
    """Rows of documents in memory as those of a segment, the texts in their order."""
    columns = np.zeros(rows.size, dtype=SEGMENT_ROW)
    for name in COMMON:
        columns[name] = rows[name]
    dropped = rows["representative"] != NONE
    columns["score_number"] = np.where(dropped, np.cumsum(dropped) - 1, NONE)
    columns["id_end"] = np.cumsum(rows["id_size"], dtype=np.int64)
    columns["text_number"] = np.arange(rows.size)
    return columns


def _living(segments: Sequence[Segment], alive: Bool) -> Iterator[tuple[Segment, int, int, Bool]]:
    """Some documents of each segment at a time: which ones, from where to where, and which of these are there."""
    for segment in segments:
        for first in range(0, len(segment), _AT_ONCE):
            last = min(first + _AT_ONCE, len(segment))
            yield segment, first, last, alive[segment.ranks[first:last]]


def _living_rows(segments: Sequence[Segment], alive: Bool, *, rewrite: bool) -> Iterator[Rows]:
    """The rows of the living documents: ids, scores and, if they are rewritten, texts stand without gaps then."""
    n_rows = n_scores = n_bytes = n_texts = 0
    known: Segment | None = None
    for segment, first, last, mask in _living(segments, alive):
        if known is not None and segment is not known:
            n_texts += known.text_file.count
        known = segment
        rows = segment.stored_rows[first:last][mask]
        dropped = rows["score_number"] != NONE
        rows["score_number"][dropped] = n_scores + np.arange(np.count_nonzero(dropped))
        starts, ends = segment.id_bounds(first, last)
        until = n_bytes + np.cumsum((ends - starts)[mask])
        rows["id_end"] = until
        rows["text_number"] = n_rows + np.arange(rows.size) if rewrite else rows["text_number"] + n_texts
        n_rows += rows.size
        n_scores += int(np.count_nonzero(dropped))
        n_bytes = int(until[-1]) if rows.size else n_bytes
        yield rows


def _living_scores(segments: Sequence[Segment], alive: Bool) -> Iterator[F64]:
    """The scores of the living documents that are dropped."""
    for segment, first, last, mask in _living(segments, alive):
        numbers = segment.stored_rows["score_number"][first:last][mask]
        yield segment.stored_scores[numbers[numbers != NONE]]


def _living_ids(segments: Sequence[Segment], alive: Bool) -> Iterator[U8]:
    """The ids of the living documents."""
    for segment, first, last, mask in _living(segments, alive):
        starts, ends = segment.id_bounds(first, last)
        low, high = int(starts[0]), int(ends[-1])
        yield _take(segment.stored_ids[low:high], np.append(starts, high) - low, mask)[0]


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
