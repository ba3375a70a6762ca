"""Lists of anchors of several tables: as told one by one, and the same in both implementations."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Bool, compiled_rewriting, reference, reference_rewriting
from dedup.kernels.gathering import SLOT_BITS, AnchorColumns, AnchorStack, placed, stack_anchors
from dedup.kernels.hashing import BLOCK_WORDS
from tests.kernels.twins import assert_same, examples

KEYS = np.sort(np.random.default_rng(3).choice(2**32, 25, replace=False)).astype(np.uint32)


def table(generator: np.random.Generator, first_rank: int, *, windows: bool, in_file: bool) -> AnchorColumns:
    """Some documents with anchors of `KEYS`."""
    count = int(generator.integers(1, 12))
    n_units = generator.integers(1, 4, count) if windows else np.ones(count, dtype=np.int64)
    owners = np.repeat(np.arange(count, dtype=np.uint32), n_units)
    sizes = generator.integers(1, 8, owners.size)
    keys = np.concatenate([np.sort(generator.choice(KEYS, size, replace=False)) for size in sizes])
    strengths = generator.integers(1, 2**15, keys.size).astype(np.uint16)
    units = np.repeat(np.arange(owners.size), sizes)
    begins = np.append(0, np.cumsum(sizes))
    packed = units << SLOT_BITS | np.arange(keys.size) - begins[units]
    order = np.lexsort((packed, keys))
    list_keys, list_begins = np.unique(keys[order], return_index=True)
    columns = [
        list_keys, np.append(list_begins, keys.size).astype(np.uint32), packed[order].astype(np.uint32), keys, strengths
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
        begins,
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
    return stack_anchors([placed(each) for each in several], [not alive[each.ranks].all() for each in several])


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.one_of(st.none(), st.integers(0, 60)))
@settings(max_examples=examples(90))
def test_lists_are_gathered_from_all_tables(seed: int, cap: int, budget: int | None) -> None:
    generator = np.random.default_rng(seed)
    several, alive = tables(generator)
    stack = stacked(several, alive)
    keys = np.sort(generator.choice(np.append(KEYS, [0, 2**32 - 1]), 14, replace=False)).astype(np.uint32)
    found = compiled_rewriting.gather_lists(stack, keys, alive, cap, budget)
    assert_same(reference_rewriting.gather_lists(stack, keys, alive, cap, budget), found)

    lists: list[list[tuple[int, int, int]]] = [[] for _ in keys]
    for each in several:
        for unit, begin in enumerate(each.unit_begins[:-1].tolist()):
            document = int(np.searchsorted(each.first_units, unit, side="right")) - 1
            for place in range(begin, int(each.unit_begins[unit + 1])):
                number = int(np.searchsorted(keys, each.keys[place]))
                if number < keys.size and keys[number] == each.keys[place] and alive[each.ranks[document]]:
                    own = unit - int(each.first_units[document])
                    lists[number].append((int(each.ranks[document]), own, int(each.strengths[place])))
    lengths = [len(each) for each in lists]
    read = [number for number in range(keys.size) if lengths[number] <= cap]
    if budget is not None and all(alive[each.ranks].all() for each in several):
        total, by_length = 0, sorted(read, key=lambda number: lengths[number])
        read = []
        for number in by_length:
            total += lengths[number]
            read += [number] if total <= budget else []
    assert [number for number in range(keys.size) if not found.capped[number]] == (
        sorted(read) if several else [*range(14)]
    )
    of_found = [
        (several[number], place) for number, place in zip(found.tables.tolist(), found.places.tolist(), strict=True)
    ]
    ranks = np.array([each.ranks[place] for each, place in of_found], dtype=np.int64)
    for number in range(keys.size):
        part = slice(*found.offsets[number : number + 2].tolist())
        owners = np.searchsorted(found.first_units, found.units[part], side="right") - 1
        own_units = found.units[part] - found.first_units[owners]
        members = zip(ranks[owners].tolist(), own_units.tolist(), found.strengths[part].tolist(), strict=True)
        assert list(members) == (lists[number] if number in read else [])
    chosen = np.flatnonzero(generator.random(ranks.size) < 0.5)
    taken = compiled_rewriting.take_anchors(stack, found, chosen)
    assert_same(reference_rewriting.take_anchors(stack, found, chosen), taken)
    of_chosen = [of_found[each] for each in chosen.tolist()]
    assert taken.ranks.tolist() == ranks[chosen].tolist()
    assert taken.elsewhere.tolist() == [each.elsewhere[place] for each, place in of_chosen]
    bounds = [each.unit_begins[each.first_units[place : place + 2]].tolist() for each, place in of_chosen]
    assert taken.keys.tolist() == [
        key for (each, _), (begin, end) in zip(of_chosen, bounds, strict=True) for key in each.keys[begin:end].tolist()
    ]
    assert int(taken.sizes.sum()) == taken.strengths.size == taken.keys.size


@pytest.mark.parametrize("column", ["postings", "strengths", "keys"])
def test_a_damaged_block_is_told(column: str) -> None:
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
    for kernels in (compiled_rewriting, reference_rewriting):
        damaged.checked[:] = 0
        stack = stacked([whole, damaged], alive)
        found = kernels.gather_lists(stack, KEYS, alive, 100, None)
        if column == "keys":
            assert found.damaged == -1
            taken = kernels.take_anchors(stack, found, np.arange(found.places.size))
            assert (taken.damaged, taken.part) == (names.index(column), 1)
        else:
            assert (found.damaged, found.part) == (names.index(column), 1)
