"""The kernels of anchors and of evidence: both implementations give the same bits, and what is asked for."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.candidates.anchors import AnchorIndex, build_index
from dedup.kernels import I64, Ragged, compiled_rewriting, compiled_term_types, reference, reference_rewriting
from dedup.kernels.gathering import WINDOW
from dedup.kernels.rewriting import (
    BINS,
    CAPITAL,
    NAME_TYPE,
    NUMBER,
    NUMBER_TYPE,
    REPEATED,
    STATES,
    STOP_TYPE,
    STRENGTH,
    TYPES,
    WORD_TYPE,
    Anchors,
    EvidenceTable,
    Nearest,
    NumberedTerms,
    Queries,
    RewriteKernels,
)
from tests.kernels.twins import assert_same, examples
from tests.strategies import to_ragged

BOTH = (reference_rewriting, compiled_rewriting)
seeds = st.integers(0, 2**32 - 1)
term_rows = st.lists(st.lists(st.integers(0, 30), max_size=40), min_size=1, max_size=6)


def spread(rows: list[list[int]]) -> Ragged:
    """Small numbers spread like hashes."""
    return to_ragged([[term * 0x9E3779B97F4A7C15 % 2**64 for term in row] for row in rows])


@given(term_rows, seeds)
@settings(max_examples=examples(60))
def test_evidence(rows: list[list[int]], seed: int) -> None:
    generator = np.random.default_rng(seed)
    terms = spread(rows)
    assert_same(reference_rewriting.number_terms(terms.values), compiled_rewriting.number_terms(terms.values))
    ids, distinct = compiled_rewriting.number_terms(terms.values)
    kinds = generator.integers(0, 5, ids.size).astype(np.uint8)
    stops = generator.random(distinct.size) < 0.2
    types = compiled_rewriting.classify_terms(ids, kinds, terms.offsets, stops)
    assert_same(reference_rewriting.classify_terms(ids, kinds, terms.offsets, stops), types)
    numbered = NumberedTerms(ids, types, distinct, terms.offsets)
    table = EvidenceTable(generator.normal(size=2 * TYPES * BINS * STATES), 0.3)
    left, right = generator.integers(0, len(rows), (2, 8))
    rarities, weights = generator.random(distinct.size) * 12, generator.random(distinct.size)
    for least, mass, both in ((0.0, None, True), (0.3, None, False), (0.1, generator.random(8), True)):
        arguments = (numbered, rarities, weights, left, right, table, least, mass, both)
        assert_same(reference_rewriting.weigh_evidence(*arguments), compiled_rewriting.weigh_evidence(*arguments))


@given(term_rows, seeds, st.sampled_from([1, 3, 10]), st.sampled_from([4, 1000]))
@settings(max_examples=examples(60))
def test_anchors_and_the_nearest(rows: list[list[int]], seed: int, most: int, budget: int) -> None:
    generator = np.random.default_rng(seed)
    counted = reference.count_rows(spread(rows))
    # Few weights, so that there are ties, and some that are no weight at all.
    weights = np.round(generator.normal(size=counted.values.size), 1)
    terms = Ragged(counted.values, counted.offsets)
    anchors = compiled_rewriting.choose_anchors(terms, weights, most)
    assert_same(reference_rewriting.choose_anchors(terms, weights, most), anchors)
    count = len(rows)
    firsts = np.unique(np.append(generator.integers(0, count + 1, 3), [0, count]))
    index = build_index(anchors, firsts)
    lists = np.searchsorted(index.keys, anchors.keys)
    lists[generator.random(lists.size) < 0.1] = -1
    least = generator.integers(0, 2**28, firsts.size - 1).astype(np.uint32)
    for before in (firsts[:-1], np.full(firsts.size - 1, count)):
        queries = Queries(anchors, lists, firsts, before, least)
        bonus = int(generator.integers(0, 2**13))
        found = compiled_rewriting.nearest(queries, index.postings, index.owners, budget, 2, bonus)
        assert_same(reference_rewriting.nearest(queries, index.postings, index.owners, budget, 2, bonus), found)
        rescored = compiled_rewriting.rescore(found, anchors, firsts, anchors, firsts, 1, least)
        assert_same(reference_rewriting.rescore(found, anchors, firsts, anchors, firsts, 1, least), rescored)


def anchors_of(*units: dict[int, int]) -> Anchors:
    """Units by key and strength."""
    keys = [key for unit in units for key in sorted(unit)]
    strengths = [unit[key] for unit in units for key in sorted(unit)]
    return Anchors(
        np.array(keys, dtype=np.uint32),
        np.array(strengths, dtype=np.uint16),
        np.append(0, np.cumsum([len(unit) for unit in units])),
    )


def queries_of(anchors: Anchors, index: AnchorIndex, firsts: list[int]) -> Queries:
    """Each document asks for those before it."""
    begins: I64 = np.array(firsts)
    nothing = np.zeros(begins.size - 1, dtype=np.uint32)
    lists = np.searchsorted(index.keys, anchors.keys)
    return Queries(anchors, lists, begins, begins[:-1], nothing)


def nearest_of(
    kernels: RewriteKernels, anchors: Anchors, firsts: list[int], budget: int = 1000, most: int = 10
) -> Nearest:
    index = build_index(anchors, np.array(firsts))
    return kernels.nearest(queries_of(anchors, index, firsts), index.postings, index.owners, budget, most)


@pytest.mark.parametrize("kernels", BOTH)
def test_a_document_finds_earlier_ones_by_their_best_units(kernels: RewriteKernels) -> None:
    # Document 0 has units 0 and 1, documents 1 and 2 one each.
    anchors = anchors_of({1: 10}, {1: 30, 2: 5}, {7: 9}, {1: 2, 2: 3})
    found = nearest_of(kernels, anchors, [0, 2, 3, 4])
    assert found.offsets.tolist() == [0, 0, 0, 1]
    assert (found.documents.tolist(), found.own_units.tolist(), found.units.tolist()) == ([0], [3], [1])
    assert found.scores.tolist() == [2 * 30 + 3 * 5]


@pytest.mark.parametrize("kernels", BOTH)
def test_the_budget_counts_earlier_units_alone(kernels: RewriteKernels) -> None:
    anchors = anchors_of({1: 1}, {1: 1}, {1: 1}, {1: 1})
    found = nearest_of(kernels, anchors, [0, 1, 2, 3, 4], budget=2)
    assert found.offsets.tolist() == [0, 0, 1, 3, 3]
    assert found.cut == 1


@pytest.mark.parametrize("kernels", BOTH)
def test_a_list_over_the_budget_is_counted_and_one_that_is_nowhere_is_not(kernels: RewriteKernels) -> None:
    anchors = anchors_of({1: 7}, {1: 7}, {1: 7, 2: 9}, {1: 7, 2: 5})
    index = build_index(anchors, np.arange(5))
    before = np.array([0, 0, 0, 3])
    queries = queries_of(anchors, index, [0, 1, 2, 3, 4])._replace(before=before)
    found = kernels.nearest(queries, index.postings, index.owners, 2, 10)
    assert (found.documents.tolist(), found.scores.tolist(), found.cut) == ([2], [45], 1)
    nowhere = np.where(queries.lists == 0, -1, queries.lists)
    assert kernels.nearest(queries._replace(lists=nowhere), index.postings, index.owners, 2, 10).cut == 0


@pytest.mark.parametrize("kernels", BOTH)
def test_of_equal_scores_the_first_document_is_taken(kernels: RewriteKernels) -> None:
    anchors = anchors_of({1: 2}, {1: 2}, {1: 3}, {1: 2}, {1: 1})
    found = nearest_of(kernels, anchors, [0, 1, 2, 3, 4, 5], most=3)
    assert found.documents[found.offsets[4] :].tolist() == [2, 0, 1]


@pytest.mark.parametrize("kernels", BOTH)
def test_frequent_anchors_count_when_what_was_found_is_scored_again(kernels: RewriteKernels) -> None:
    anchors = anchors_of({1: 5, 2: 1}, {1: 5}, {1: 5}, {1: 5, 2: 1})
    index = build_index(anchors, np.arange(5))
    queries = queries_of(anchors, index, [0, 1, 2, 3, 4])
    found = kernels.nearest(queries, index.postings, index.owners, 2, 10)
    assert found.scores.tolist()[-1] == 1
    again = kernels.rescore(found, anchors, queries.firsts, anchors, queries.firsts, 10, queries.least)
    assert (again.scores.tolist()[-1], again.shared.tolist()[-1]) == (26, 2)


@pytest.mark.parametrize("kernels", BOTH)
def test_many_shared_anchors_rank_before_a_single_strong_one(kernels: RewriteKernels) -> None:
    one, some = STRENGTH // 2, STRENGTH // 4
    anchors = anchors_of({1: one}, {2: some, 3: some, 4: some}, {1: one, 2: some, 3: some, 4: some})
    index = build_index(anchors, np.arange(4))
    queries = queries_of(anchors, index, [0, 1, 2, 3])
    found = kernels.nearest(queries, index.postings, index.owners, 1000, 10)
    assert found.documents[found.offsets[2] :].tolist() == [0, 1]
    by_number = kernels.nearest(queries, index.postings, index.owners, 1000, 10, STRENGTH // 2)
    assert by_number.documents[by_number.offsets[2] :].tolist() == [1, 0]
    again = kernels.rescore(found, anchors, queries.firsts, anchors, queries.firsts, 10, queries.least)
    assert again.documents[again.offsets[2] :].tolist() == [1, 0]
    assert again.scores[again.offsets[2] :].tolist() == [3 * some * some, one * one]


def test_more_units_than_a_block_holds_are_searched_block_by_block() -> None:
    """With ties on both sides of a block's end, and a query of two units."""
    generator = np.random.default_rng(3)
    count = 2 * WINDOW + 100
    anchors = Anchors(
        np.sort(generator.integers(0, 40, (count, 2)) * 2 + [0, 1], axis=1).astype(np.uint32).reshape(-1),
        generator.integers(1, 4, 2 * count).astype(np.uint16),
        2 * np.arange(count + 1),
    )
    index = build_index(anchors, np.arange(count + 1))
    asked, least = np.array([0, 2, 3]), np.zeros(2, dtype=np.uint32)
    units = [count - 1, WINDOW, 7]
    rows = [slice(2 * unit, 2 * unit + 2) for unit in units]
    some = Anchors(
        np.concatenate([anchors.keys[row] for row in rows]),
        np.concatenate([anchors.strengths[row] for row in rows]),
        np.array([0, 2, 4, 6]),
    )
    queries = Queries(some, np.searchsorted(index.keys, some.keys), asked, np.array([count, WINDOW + 1]), least)
    for most in (3, 40):
        arguments = (queries, index.postings, index.owners, 10**6, most, 2)
        assert_same(reference_rewriting.nearest(*arguments), compiled_rewriting.nearest(*arguments))


@pytest.mark.parametrize("held_at", [0, 400, 799])
def test_units_that_stand_unevenly_in_a_list_are_told_from_those_behind(held_at: int) -> None:
    """Where a list goes on is guessed as if its units stood evenly: here they stand about one place, and at the end."""
    count = 900
    holding = (np.abs(np.arange(count) - held_at) < 60) | (np.arange(count) == count - 1)
    keys = np.where(holding, 1, np.arange(count) + 2).astype(np.uint32)
    anchors = Anchors(keys, np.full(count, 7, dtype=np.uint16), np.arange(count + 1))
    index = build_index(anchors, np.arange(count + 1))
    before = np.arange(1, count + 1, 7)
    every = np.arange(before.size + 1)
    asked = Anchors(np.ones(before.size, dtype=np.uint32), np.full(before.size, 5, dtype=np.uint16), every)
    lists = np.zeros(before.size, dtype=np.int64)
    queries = Queries(asked, lists, every, before, np.zeros(before.size, dtype=np.uint32))
    found = compiled_rewriting.nearest(queries, index.postings, index.owners, 10**6, count)
    assert np.diff(found.offsets).tolist() == [int(holding[:end].sum()) for end in before.tolist()]


@pytest.mark.parametrize("kernels", BOTH)
def test_the_greatest_weights_become_anchors_of_length_one(kernels: RewriteKernels) -> None:
    terms = to_ragged([[value << 32 for value in (1, 2, 3, 4)], [5 << 32], []])
    anchors = kernels.choose_anchors(terms, np.array([3.0, 1.0, 4.0, 0.0, 2.0]), 2)
    assert anchors.keys.tolist() == [1, 3, 5]
    assert anchors.offsets.tolist() == [0, 2, 3, 3]
    assert anchors.strengths.tolist() == [round(0.6 * STRENGTH), round(0.8 * STRENGTH), STRENGTH]


@pytest.mark.parametrize("kernels", BOTH)
def test_types_of_terms(kernels: RewriteKernels) -> None:
    ids = np.array([0, 1, 0, 2, 3, 1], dtype=np.uint32)
    kinds = np.array([CAPITAL, CAPITAL, CAPITAL, NUMBER, 0, 0], dtype=np.uint8)
    stops = np.array([False, False, False, True])
    types = kernels.classify_terms(ids, kinds, np.array([0, 5, 6]), stops)
    assert types.tolist() == [NAME_TYPE, NAME_TYPE, NAME_TYPE | REPEATED, NUMBER_TYPE, STOP_TYPE, WORD_TYPE]


@pytest.mark.parametrize("kernels", BOTH)
def test_a_term_in_a_shared_skip_bigram_near_its_place_says_most(kernels: RewriteKernels) -> None:
    """The state of each term, read from a table that has its number as the value."""
    table = EvidenceTable(np.tile(np.arange(STATES, dtype=np.float64), 2 * TYPES * BINS), 0.5)
    rows = [[1, 2, 3, 9, 1], [2, 1, 7, 8, 3, 5]]
    ids = np.array([term for row in rows for term in row], dtype=np.uint32)
    types = np.array([0, 0, 0, 0, REPEATED, 0, 0, 0, 0, 0, 0], dtype=np.uint8)
    numbered = NumberedTerms(ids, types, np.arange(10, dtype=np.uint64), np.array([0, 5, 11]))
    ones = np.ones(10)
    sums, _ = kernels.weigh_evidence(numbered, ones, ones, np.array([0]), np.array([1]), table)
    # 1 and 2 stand together in both (4 each), 3 is in both (2) and so is 1 once more, by itself and at half weight (1).
    assert sums[0, 0, :2].tolist() == [4 + 4 + 2 + 0 + 1, 4.5]
    assert sums[0, 0, 4:6].tolist() == [4, 3]
    none, _ = kernels.weigh_evidence(numbered, ones, ones, np.array([0]), np.array([1]), table, 0.5)
    assert not none.any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 5, 15]))
@settings(max_examples=examples(30))
def test_terms_are_numbered_by_tables_that_grow(seed: int, bits: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 400, 3000).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_term_types, "_FIRST_BITS", bits)
        assert_same(compiled_rewriting.number_terms(values), reference_rewriting.number_terms(values))
