"""Making segments: of runs in memory, and of other segments."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dedup.index.arrivals import NONE, Rows, join_arrivals, offsets_of
from dedup.index.catalogue import StoredSegment
from dedup.index.files import damaged, write_segment
from dedup.index.parts import COMMON, SEGMENT_ROW, Run, Segment
from dedup.index.tables import Layout, LayoutBuilder, TableNumbers, merge_entries
from dedup.index.texts import join_texts, write_texts
from dedup.kernels import F64, I64, U8, U64, Bool, Kernels


def write_runs(
    folder: Path, number: int, runs: Sequence[Run], alive: Bool, numbers: TableNumbers, kernels: Kernels
) -> StoredSegment | None:
    """Write a segment of the living documents of runs; None if there are none."""
    arrivals = join_arrivals([run.arrivals for run in runs])
    living = alive[arrivals.rows["rank"]]
    if not living.any():
        return None
    rows = arrivals.rows[living]
    texts, text_offsets = _take(arrivals.texts, offsets_of(arrivals.rows["text_size"]), living)
    ids, id_offsets = _take(arrivals.ids, offsets_of(arrivals.rows["id_size"]), living)
    tables = merge_entries([_entries(run, numbers) for run in runs], alive)
    layout = _layout(tables, rows, rows["scores"], id_offsets, ids, np.arange(rows.size))
    stored = StoredSegment(number, int(rows["rank"][0]), int(rows.size), 0, 0)
    text_size = write_texts(folder / stored.texts_name, texts, text_offsets)
    size = write_segment(folder / stored.name, layout, kernels)
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

    `rewrite`: without the texts of the others, which else stay in their blocks. Raises StoreError where one is damaged.
    """
    for segment in segments:
        blocks = segment.check_all(kernels)
        if blocks:
            raise damaged(segment.path, f"block {blocks[0]}")
    every = [segment.every_row(kernels) for segment in segments]
    living = [alive[rows["rank"]] for rows in every]
    rows = np.concatenate([each[mask] for each, mask in zip(every, living, strict=True)])
    if not rows.size:
        return None
    scores, ids, id_sizes, text_numbers = [], [], [], []
    n_texts = 0
    for segment, each, mask in zip(segments, every, living, strict=True):
        chosen = np.flatnonzero(mask & (each["representative"] != NONE))
        of_kept = np.zeros((each.size, 4), dtype=np.float64)
        of_kept[chosen] = segment.every_score(kernels)[each["score_number"][chosen]]
        scores.append(of_kept[mask])
        offsets = np.append(0, each["id_end"].astype(np.int64))
        data, kept_offsets = _take(segment.every_id(kernels), offsets, mask)
        ids.append(data)
        id_sizes.append(np.diff(kept_offsets))
        text_numbers.append(each["text_number"][mask].astype(np.int64) + n_texts)
        n_texts += segment.text_file.count
    stored = StoredSegment(number, int(rows["rank"][0]), int(rows.size), 0, 0)
    numbers_of_texts = np.concatenate(text_numbers)
    if rewrite:
        text_size = _rewrite_texts(folder / stored.texts_name, segments, living, every)
        numbers_of_texts = np.arange(rows.size)
    else:
        text_size = join_texts(folder / stored.texts_name, [segment.text_file for segment in segments])
    tables = merge_entries([_entries(segment, numbers) for segment in segments], alive)
    layout = _layout(
        tables,
        rows,
        np.concatenate(scores),
        offsets_of(np.concatenate(id_sizes)),
        np.concatenate(ids),
        numbers_of_texts,
    )
    size = write_segment(folder / stored.name, layout, kernels)
    return StoredSegment(number, stored.first_rank, stored.documents, size, text_size)


def _entries(part: Run | Segment, numbers: TableNumbers) -> list[U64]:
    """The tables of a part."""
    return [part.layout.section(f"entries {number}").view(np.uint64) for number in range(numbers.count)]


def _layout(tables: Iterable[U64], rows: Rows, scores: F64, id_offsets: I64, ids: U8, text_numbers: I64) -> Layout:
    """The sections of a segment."""
    builder = LayoutBuilder()
    for number, entries in enumerate(tables):
        builder.add_table(number, entries)
    columns = np.zeros(rows.size, dtype=SEGMENT_ROW)
    for name in COMMON:
        columns[name] = rows[name]
    dropped = rows["representative"] != NONE
    columns["score_number"] = np.where(dropped, np.cumsum(dropped) - 1, NONE)
    columns["id_end"] = id_offsets[1:]
    columns["text_number"] = text_numbers
    builder.add("rows", columns.view(np.uint64))
    builder.add("scores", np.ascontiguousarray(scores[dropped]).reshape(-1))
    builder.add("ids", ids)
    return builder.build()


def _take(data: U8, offsets: I64, chosen: Bool) -> tuple[U8, I64]:
    """The pieces chosen of what stands one after the other, and where they begin and end then."""
    if chosen.all():
        return data, offsets
    sizes = np.diff(offsets)
    return data[np.repeat(chosen, sizes)], offsets_of(sizes[chosen])


def _rewrite_texts(path: Path, segments: Sequence[Segment], living: Sequence[Bool], every: Sequence[Rows]) -> int:
    """Write the texts of the living documents anew."""
    pieces: list[bytes] = []
    for segment, mask, rows in zip(segments, living, every, strict=True):
        pieces += segment.text_file.read(rows["text_number"][mask].astype(np.int64)).pieces() if mask.any() else []
    offsets = offsets_of(np.array([len(piece) for piece in pieces], dtype=np.uint64))
    return write_texts(path, np.frombuffer(b"".join(pieces), dtype=np.uint8), offsets)
