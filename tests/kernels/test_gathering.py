"""Documents near others by lists of several tables: as told one by one, and the same in both implementations."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import I64, Bool, compiled_rewriting, reference, reference_rewriting
from dedup.kernels.gathering import (
    POSTING,
    AnchorColumns,
    AnchorStack,
    ScoreRoom,
    pack_postings,
    placed,
    rows_of,
    stack_rows,
    units_of,
)
from dedup.kernels.hashing import BLOCK_WORDS
from dedup.kernels.rewriting import Anchors, Nearest, Postings, Queries
from tests.kernels.twins import assert_same, examples

KEYS = np.sort(np.random.default_rng(3).choice(2**32, 25, replace=False)).astype(np.uint32)


def table(generator: np.random.Generator, first_rank: int, *, windows: bool, in_file: bool) -> AnchorColumns:
    """Some documents with anchors of `KEYS`."""
    count = int(generator.integers(1, 12))
    n_units = generator.integers(1, 4, count) if windows else np.ones(count, dtype=np.int64)
    owners = np.repeat(np.arange(count, dtype=np.uint32), n_units)
    sizes = generator.integers(1, 8, owners.size)
    keys = np.concatenate([np.sort(generator.choice(KEYS, size, replace=False)) for size in sizes])
    # A weight that is small beside the others' has a strength of 0.
    strengths = (generator.integers(1, 2**15, keys.size) * (generator.random(keys.size) < 0.9)).astype(np.uint16)
    units = np.repeat(np.arange(owners.size), sizes).astype(np.uint32)
    order = np.lexsort((units, keys))
    list_keys, list_begins = np.unique(keys[order], return_index=True)
    columns = [
        list_keys, np.append(list_begins, keys.size).astype(np.uint32), pack_postings(units[order], strengths[order]),
        keys, strengths,
    ]  # fmt: skip
    words = sums = np.zeros(0, dtype=np.uint64)
    if in_file:
        ends = np.cumsum([-(-column.nbytes // 8) for column in columns])
        words = np.zeros(int(ends[-1]), dtype=np.uint64)
        for place, column in enumerate(columns):
            start = int(ends[place - 1]) if place else 0
            part = words[start:].view(column.dtype)[: column.size]
            part[:] = column
            columns[place] = part
        sums = reference.sum_blocks(words)
    return AnchorColumns(
        columns[0],
        columns[1],
        columns[2],
        np.append(0, np.cumsum(n_units)),
        owners if windows else owners[:0],
        np.append(0, np.cumsum(sizes)),
        columns[3],
        columns[4],
        (first_rank + np.sort(generator.choice(20, count, replace=False))).astype(np.uint32),
        generator.random(count),
        words,
        sums,
        np.zeros(sums.size, dtype=np.uint8),
    )


def tables(generator: np.random.Generator) -> tuple[list[AnchorColumns], Bool]:
    """Tables in the order of ranks, and which ranks are there."""
    count = int(generator.integers(0, 5))
    kinds = generator.random((count, 2)) < 0.4
    several = [
        table(generator, 20 * place, windows=bool(kind[0]), in_file=bool(kind[1])) for place, kind in enumerate(kinds)
    ]
    return several, generator.random(20 * count) < generator.choice([0.7, 1.0])


def stacked(several: list[AnchorColumns], alive: Bool) -> AnchorStack:
    rows = [rows_of([placed(each)], [not alive[each.ranks].all()]) for each in several]
    return stack_rows(rows_of([], []), *rows)


class Flat(NamedTuple):
    """The living documents of tables as one inverted index: its postings, the owner of each unit, and which they are.

    `numbers`: of each living document, that among all; `units_before`: how many units those before each of all have.
    """

    postings: Postings
    owners: I64
    numbers: I64
    units_before: I64


def flattened(several: list[AnchorColumns], alive: Bool, keys: I64) -> Flat:
    """Lists of all tables together, by the slow way: unit by unit."""
    members: list[list[tuple[int, int]]] = [[] for _ in keys]
    owners: list[int] = []
    numbers: list[int] = []
    before = [0]
    number = 0
    for each in several:
        for document, rank in enumerate(each.ranks.tolist()):
            if alive[rank]:
                for unit in range(*each.first_units[document : document + 2].tolist()):
                    for anchor in range(*each.unit_begins[unit : unit + 2].tolist()):
                        for key in np.flatnonzero(keys == each.keys[anchor]).tolist():
                            members[key].append((len(owners), int(each.strengths[anchor])))
                    owners.append(len(numbers))
                numbers.append(number)
            number += 1
            before.append(len(owners))
    columns = np.array([pair for each in members for pair in each], dtype=np.int64).reshape(-1, 2).T
    offsets = np.append(0, np.cumsum([len(each) for each in members]))
    postings = Postings(columns[0].astype(np.uint32), columns[1].astype(np.uint16), offsets)
    return Flat(postings, np.array(owners, dtype=np.int64), np.array(numbers, dtype=np.int64), np.array(before))


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(1, 6), st.booleans())
@settings(max_examples=examples(120))
def test_what_is_near_in_several_tables_is_what_is_near_in_one_index(
    seed: int, budget: int, most: int, last_arrives: bool
) -> None:
    generator = np.random.default_rng(seed)
    several, alive = tables(generator)
    fixed = len(several)
    if last_arrives and several:
        alive[20 * (fixed - 1) :] = True
        fixed -= 1
    stack = stacked(several, alive)
    keys = np.sort(generator.choice(np.append(KEYS, [0, 2**32 - 1]), 14, replace=False)).astype(np.uint32)
    found = compiled_rewriting.find_lists(stack, keys, fixed, alive, budget)
    of_reference = reference_rewriting.find_lists(stack, keys, fixed, alive, budget)
    assert np.minimum(of_reference.totals, budget + 1).tolist() == np.minimum(found.totals, budget + 1).tolist()
    assert_same(of_reference._replace(totals=found.totals), found)

    n_units = generator.integers(1, 3, 4)
    sizes = generator.integers(0, 9, n_units.sum())
    lists = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(np.sort(generator.permutation(14)[:size]) for size in sizes)]
    )
    strengths = generator.integers(1, 2**15, lists.size).astype(np.uint16)
    anchors = Anchors(keys[lists], strengths, np.append(0, np.cumsum(sizes)))
    first = int(stack.firsts[fixed])
    before = np.sort(generator.integers(first, int(stack.firsts[-1]) + 1, n_units.size))
    least = generator.choice([0, 1 << 20, 1 << 28, 1 << 30], n_units.size).astype(np.uint32)
    queries = Queries(anchors, lists, np.append(0, np.cumsum(n_units)), before, least)
    room = ScoreRoom()
    near = compiled_rewriting.nearest_posted(stack, found, queries, alive, budget, most, 5000, room)
    assert_same(reference_rewriting.nearest_posted(stack, found, queries, alive, budget, most, 5000, room), near)
    assert not room.scores.any()
    assert not room.met.any()
    scored = compiled_rewriting.rescore_posted(stack, near[0], anchors, queries.firsts, most, least)
    assert_same(reference_rewriting.rescore_posted(stack, near[0], anchors, queries.firsts, most, least), scored)

    flat = flattened(several, alive, keys.astype(np.int64))
    of_flat = queries._replace(before=flat.units_before[before])
    expected = reference_rewriting.nearest(of_flat, flat.postings, flat.owners, budget, most, 5000)
    firsts = np.searchsorted(flat.owners, np.arange(flat.numbers.size))
    assert_same(
        expected._replace(
            documents=flat.numbers[expected.documents], units=expected.units - firsts[expected.documents]
        ),
        near[0],
    )


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=examples(60))
def test_anchors_of_documents_are_taken_from_all_tables(seed: int) -> None:
    generator = np.random.default_rng(seed)
    several, alive = tables(generator)
    stack = stacked(several, alive)
    chosen = np.flatnonzero(generator.random(int(stack.firsts[-1])) < 0.5)
    taken = compiled_rewriting.take_anchors(stack, chosen)
    assert_same(reference_rewriting.take_anchors(stack, chosen), taken)
    every = [(each, place) for each in several for place in range(each.ranks.size)]
    of_chosen = [every[each] for each in chosen.tolist()]
    assert taken.ranks.tolist() == [each.ranks[place] for each, place in of_chosen]
    assert taken.elsewhere.tolist() == [each.elsewhere[place] for each, place in of_chosen]
    bounds = [each.unit_begins[each.first_units[place : place + 2]].tolist() for each, place in of_chosen]
    assert taken.keys.tolist() == [
        key for (each, _), (begin, end) in zip(of_chosen, bounds, strict=True) for key in each.keys[begin:end].tolist()
    ]
    assert np.diff(taken.firsts).tolist() == [np.diff(each.first_units)[place] for each, place in of_chosen]
    assert int(taken.sizes.sum()) == taken.strengths.size == taken.keys.size


def test_postings_hold_any_unit_and_strength() -> None:
    units = np.array([0, 0xFFFF, 0x10000, 0xFFFFFFFF], dtype=np.uint32)
    packed = pack_postings(units, np.array([0, 1, 0x8000, 0xFFFF], dtype=np.uint16))
    assert units_of(packed).tolist() == units.tolist()
    assert packed[POSTING - 1 :: POSTING].tolist() == [0, 1, 0x8000, 0xFFFF]


@pytest.mark.parametrize("column", ["postings", "strengths", "keys"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_damaged_block_is_told(column: str, *, gone: bool) -> None:
    generator = np.random.default_rng(5)
    whole = table(generator, 0, windows=False, in_file=False)
    damaged = table(generator, 20, windows=True, in_file=True)
    # Each column begins a block, so that no other one is in the damaged one.
    names = ("list_keys", "list_begins", "postings", "keys", "strengths")
    words = np.zeros(BLOCK_WORDS * len(names), dtype=np.uint64)
    moved = {}
    for place, name in enumerate(names):
        held = getattr(damaged, name)
        moved[name] = words[place * BLOCK_WORDS :].view(held.dtype)[: held.size]
        moved[name][:] = held
    sums = reference.sum_blocks(words)
    moved[column][0] ^= 1
    damaged = damaged._replace(**moved, words=words, sums=sums, checked=np.zeros(sums.size, dtype=np.uint8))
    alive = np.ones(40, dtype=np.bool_)
    alive[damaged.ranks[0]] = not gone
    anchors = Anchors(KEYS, np.full(KEYS.size, 5000, dtype=np.uint16), np.array([0, KEYS.size]))
    for kernels in (compiled_rewriting, reference_rewriting):
        damaged.checked[:] = 0
        stack = stacked([whole, damaged], alive)
        lists = kernels.find_lists(stack, KEYS, 2, alive, 100)
        one = np.zeros(1, dtype=np.int64)
        queries = Queries(anchors, np.arange(KEYS.size), np.array([0, 1]), one, one.astype(np.uint32))
        room = ScoreRoom()
        found = kernels.nearest_posted(stack, lists, queries, alive, 1000, 5, 1, room)
        taken = kernels.take_anchors(stack, np.arange(int(stack.firsts[-1])))
        damaged.checked[:] = 0
        every = np.arange(int(stack.firsts[-1]))
        nearest = Nearest(every, 0 * every, 0 * every, every.astype(np.uint32), every, np.array([0, every.size]))
        scored = kernels.rescore_posted(stack, nearest, anchors, np.array([0, 1]), 5, np.ones(1, dtype=np.uint32))
        told = names.index(column), 1
        if column == "postings":
            assert ((lists.damaged, lists.part) == told) == gone
            assert found[1:] == told
            assert not room.scores.any()
        else:
            assert (lists.damaged, found[1]) == (-1, -1)
            assert (taken.damaged, taken.part) == told
            assert (scored.damaged, scored.part) == told
            assert not scored.nearest.documents.size
