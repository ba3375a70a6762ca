"""Columns of units: band keys and samples stay with their units, in whatever batches and parts they come."""

from collections import Counter
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.config import Config
from dedup.kernels import I64, U64, Kernels, Samples, Sketches, reference
from dedup.kernels.hashing import no_triggers
from dedup.model import TextColumn
from dedup.scanning import units as columns
from dedup.scanning.units import Units, UnitsBuilder
from dedup.sketching import sketch_plan
from dedup.tokenising import codepoint_table
from tests.scanning.shelves import EVERYTHING, NOTHING, shelf_with
from tests.strategies import token_rows, written

CONFIG = Config(shingle_size=2, containment_sample=1, num_perm=32)
batches = st.lists(st.one_of(st.just([]), token_rows(max_rows=4, max_length=14)), min_size=1, max_size=4)
rooms = st.sampled_from([NOTHING, 500, EVERYTHING])


def sketch(texts: list[str], kernels: Kernels, near: bool = True, contains: bool = True) -> tuple[TextColumn, Sketches]:
    column = TextColumn.from_strings(texts)
    plan = sketch_plan(CONFIG, no_triggers(), near=near, contains=contains)
    return column, kernels.sketch(column.data, column.offsets[:-1], column.offsets[1:], *codepoint_table(), plan)


def built(several: list[list[list[int]]], room: int, kernels: Kernels) -> tuple[Units, Sketches]:
    """Units that came in batches, and the sketches of all of them at once."""
    builder = UnitsBuilder(shelf_with(room), edges=True)
    base = 0
    for rows in several:
        column, sketches = sketch(written(rows), kernels)
        builder.add(column.offsets[:-1] + base, column.offsets[1:] + base, sketches)
        base += column.n_bytes
    return builder.build(), sketch(written([row for rows in several for row in rows]), kernels)[1]


@given(batches, rooms, st.data())
@settings(max_examples=60)
def test_units_are_those_of_all_batches_and_keep_what_is_theirs_in_any_order(
    kernels: Kernels, several: list[list[list[int]]], room: int, data: st.DataObject
) -> None:
    units, sketches = built(several, room, kernels)
    n_units = sum(map(len, several))
    order = np.array(data.draw(st.permutations(range(n_units))), dtype=np.int64)
    for taken, places in (
        (units, np.arange(n_units)),
        (units.take(order), order),
        (units.take(order).take(order), order[order]),
    ):
        assert len(taken) == n_units
        assert (np.arange(n_units) if taken.places is None else taken.places).tolist() == places.tolist()
        for name in ("digests", "lengths", "firsts", "lasts", "levels", "level_sizes"):
            ours, theirs = getattr(taken, name), getattr(sketches, name)
            assert ours.dtype == theirs.dtype
            assert ours.tolist() == theirs[places].tolist()
        chosen = np.array(sorted(data.draw(st.sets(st.sampled_from(range(n_units))) if n_units else st.just(set()))))
        chosen = chosen.astype(np.int64)
        keys = [taken.band_keys(number, chosen) for number in range(taken.bulk.bands)]
        assert [band.tolist() for band in keys] == (sketches.keys[:, places[chosen]].tolist() if keys else [])
        assert len(keys) == (CONFIG.banding[0] if n_units else 0)
        expected = sorted(
            (value, int(rank))
            for rank in chosen
            for value in sketches.samples.values[
                sketches.samples.offsets[places[rank]] : sketches.samples.offsets[places[rank] + 1]
            ].tolist()
        )
        mask = np.zeros(n_units, dtype=np.bool_)
        mask[chosen] = True
        entries = [entry for part in postings(taken.bulk, taken.ranks(mask), kernels) for entry in part.tolist()]
        found = sorted((entry >> 32, entry % 2**32) for entry in entries)
        assert set(found) <= set(expected)
        holders = Counter(value for value, _ in expected)
        assert [entry for entry in found if holders[entry[0]] > 1] == [
            each for each in expected if holders[each[0]] > 1
        ]
    ends = np.cumsum([0, *(len(text.encode()) for rows in several for text in written(rows))])
    assert units.starts.tolist() == ends[:-1].tolist()
    assert units.ends.tolist() == ends[1:].tolist()


def postings(bulk: columns.Bulk, ranks: I64, kernels: Kernels) -> list[U64]:
    """All parts, with every shingle looked for."""
    levels = np.zeros(ranks.max(initial=0) + 1, dtype=np.uint8)
    return [bulk.postings(part, ranks, levels, kernels) for part in range(bulk.parts)]


def repeated(entries: list[int]) -> list[int]:
    """Those that share their shingle with another."""
    holders = Counter(entry >> 32 for entry in entries)
    return sorted(entry for entry in entries if holders[entry >> 32] > 1)


@given(batches, rooms, st.sampled_from([1, 3, 20]), st.data())
@settings(max_examples=60)
def test_postings_in_several_parts_are_those_in_one(
    kernels: Kernels, several: list[list[list[int]]], room: int, at_once: int, data: st.DataObject
) -> None:
    units, _ = built(several, room, kernels)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(units), max_size=len(units))), dtype=np.bool_)
    (whole,) = postings(units.bulk, units.ranks(chosen), kernels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_SAMPLES_AT_ONCE", at_once)
        parts = postings(units.bulk, units.ranks(chosen), kernels)
    assert len(parts) == max(1, -(-units.bulk.n_samples // at_once))
    assert all(part.dtype == np.uint64 for part in parts)
    assert repeated([entry for part in parts for entry in part.tolist()]) == repeated(whole.tolist())
    # All entries of a shingle are in one part, and parts ascend.
    ranges = [(part.min() >> np.uint64(32), part.max() >> np.uint64(32)) for part in parts if part.size]
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))


@pytest.mark.parametrize("at_once", [1, 2, 3, 8 << 20])
def test_the_least_and_the_greatest_shingle_are_in_some_part(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_SAMPLES_AT_ONCE", at_once)
    bulk = columns.Bulk(shelf_with(NOTHING))
    extremes = [0, 2**31 - 1, 2**31, 2**32 - 1]
    values = np.array([*extremes, 7, *extremes], dtype=np.uint32)
    offsets = np.array([0, 4, 5, 9], dtype=np.int64)
    nothing = np.zeros(3, dtype=np.int64)
    bulk.add(
        Sketches(
            nothing.astype(np.uint64), nothing, np.zeros((0, 3), dtype=np.uint32), Samples(values, offsets),
            nothing.astype(np.uint8), nothing, nothing.astype(np.uint64), nothing.astype(np.uint64),
            nothing.astype(np.bool_),
        )
    )  # fmt: skip
    entries = [entry for part in postings(bulk, np.array([7, -1, 0]), reference) for entry in part.tolist()]
    assert sorted(entries) == sorted(value << 32 | rank for value in extremes for rank in (7, 0))
    assert sorted(entry for part in postings(bulk, np.array([-1, 3, -1]), reference) for entry in part.tolist()) == []
    assert bulk.bands == 0


def test_units_sketched_for_one_purpose_have_nothing_for_the_other(kernels: Kernels) -> None:
    texts = ["one two three four", "", "five six seven"]
    for near, contains in ((False, True), (True, False), (False, False)):
        builder = UnitsBuilder(shelf_with(NOTHING))
        column, sketches = sketch(texts, kernels, near, contains)
        builder.add(column.offsets[:-1], column.offsets[1:], sketches)
        units = builder.build()
        assert units.bulk.bands == (CONFIG.banding[0] if near else 0)
        assert (units.bulk.n_samples > 0) == contains


def test_what_the_columns_take_is_counted(kernels: Kernels) -> None:
    column, sketches = sketch(["one two three four", "five"], kernels)
    shelf = shelf_with(EVERYTHING)
    builder = UnitsBuilder(shelf)
    builder.add(column.offsets[:-1], column.offsets[1:], sketches)
    bulk = sketches.keys.nbytes + sketches.samples.values.nbytes + 4 * 2
    # Five numbers of eight bytes and one of one byte.
    assert shelf._room == EVERYTHING - bulk - 2 * (5 * 8 + 1)
    edged = shelf_with(EVERYTHING)
    UnitsBuilder(edged, edges=True).add(column.offsets[:-1], column.offsets[1:], sketches)
    assert edged._room == shelf._room - 2 * (2 * 8)


def test_no_batches_are_no_units() -> None:
    units = UnitsBuilder(shelf_with(NOTHING)).build()
    assert len(units) == 0
    assert units.bulk.bands == 0
    assert [part.size for part in postings(units.bulk, np.zeros(0, dtype=np.int64), reference)] == [0]
