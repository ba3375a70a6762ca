"""Verdicts: the first relation that holds."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.config import PAIR_RELATIONS, Config
from dedup.model import Relation
from dedup.verifying import CODES, Scores, Verdict, verdict_on, verdicts

shares = st.sampled_from([0.0, 0.49, 0.5, 0.69, 0.7, 0.89, 0.9, 1.0])
lengths = st.sampled_from([0, 1, 4, 5, 9, 10, 100])
pairs = st.tuples(st.booleans(), shares, shares, shares, shares, lengths, lengths)
Pair = tuple[bool, float, float, float, float, int, int]


def verdicts_on(several: list[Pair], config: Config, least_contained: int = 0) -> list[Verdict]:
    columns = list(zip(*several, strict=True))
    exact = np.array(columns[0], dtype=np.bool_)
    scores = Scores(exact, *(np.array(column, dtype=np.float64) for column in columns[1:5]))
    left, right = (np.array(column, dtype=np.int64) for column in columns[5:])
    found = verdicts(scores, left, right, config, least_contained)
    assert found.dtype == np.int8
    return [Verdict(code) for code in found.tolist()]


def textbook(pair: Pair, config: Config, least_contained: int) -> Verdict:
    exact, resemblance, left_containment, right_containment, cosine, left, right = pair
    if exact and min(left, right) > 0:
        return Verdict.EXACT
    if min(left, right) < config.shingle_size:
        return Verdict.NONE
    if resemblance >= config.threshold:
        return Verdict.NEAR if cosine >= config.cosine else Verdict.VETOED
    for containment, length in ((left_containment, left), (right_containment, right)):
        if containment >= config.containment and length >= max(least_contained, 5):
            return Verdict.CONTAINS
    return Verdict.NONE


@given(st.lists(pairs, min_size=1), st.sampled_from([1, 3, 5]), st.sampled_from([0, 5, 10]))
@settings(max_examples=50)
def test_verdicts_are_those_of_the_textbook(several: list[Pair], size: int, least_contained: int) -> None:
    config = Config(shingle_size=size)
    expected = [textbook(pair, config, least_contained) for pair in several]
    assert verdicts_on(several, config, least_contained) == expected


@given(
    pairs, st.sampled_from([1, 5]), st.sampled_from([0, 5, 10]), st.sets(st.sampled_from(PAIR_RELATIONS), min_size=1)
)
@settings(max_examples=200)
def test_the_verdict_on_one_pair_is_that_of_many(
    pair: Pair, size: int, least_contained: int, relations: set[Relation]
) -> None:
    config = Config(shingle_size=size, relations=tuple(each for each in PAIR_RELATIONS if each in relations))
    exact, *scores, left, right = pair
    found = verdict_on(bool(exact), scores, int(left), int(right), config, least_contained)
    assert [found] == verdicts_on([pair], config, least_contained)


def pair_of(
    exact: bool = False,
    resemblance: float = 0.0,
    left: float = 0.0,
    right: float = 0.0,
    cosine: float = 0.0,
    lengths: tuple[int, int] = (100, 100),
) -> Pair:
    return exact, resemblance, left, right, cosine, *lengths


def test_the_first_relation_in_order_holds() -> None:
    several = [
        pair_of(exact=True, resemblance=1.0, left=1.0, right=1.0, cosine=1.0),
        pair_of(resemblance=0.95, left=0.97, right=0.97, cosine=0.9),
        pair_of(resemblance=0.4, left=1.0, right=0.4, cosine=0.6),
        pair_of(resemblance=0.4, left=0.4, right=1.0, cosine=0.6),
        pair_of(resemblance=0.4, left=0.6, right=0.6, cosine=0.6),
    ]
    expected = [Verdict.EXACT, Verdict.NEAR, Verdict.CONTAINS, Verdict.CONTAINS, Verdict.NONE]
    assert verdicts_on(several, Config()) == expected


def test_the_thresholds_themselves_suffice_and_less_does_not() -> None:
    config = Config(threshold=0.6, cosine=0.3, containment=0.8)
    at, under = 1.0, np.nextafter(1.0, 0.0)
    several = [
        pair_of(resemblance=0.6 * factor, cosine=0.3 * other, left=0.8 * third)
        for factor, other, third in ((at, at, 0), (under, at, 0), (at, under, 0), (0, 0, at), (0, 0, under))
    ]
    expected = [Verdict.NEAR, Verdict.NONE, Verdict.VETOED, Verdict.CONTAINS, Verdict.NONE]
    assert verdicts_on(several, config) == expected


def test_a_pair_that_the_cosine_alone_stands_against_is_marked_as_vetoed() -> None:
    assert verdicts_on([pair_of(resemblance=0.8, cosine=0.49)], Config()) == [Verdict.VETOED]
    assert verdicts_on([pair_of(resemblance=0.8, cosine=0.49)], Config(cosine=0.0)) == [Verdict.NEAR]


def test_texts_under_a_shingle_can_only_be_exact_copies() -> None:
    alike = pair_of(resemblance=1.0, left=1.0, right=1.0, cosine=1.0, lengths=(4, 100))
    copies = pair_of(exact=True, resemblance=1.0, left=1.0, right=1.0, cosine=1.0, lengths=(1, 1))
    assert verdicts_on([alike, copies], Config()) == [Verdict.NONE, Verdict.EXACT]


def test_texts_without_tokens_are_not_copies_of_each_other() -> None:
    assert verdicts_on([pair_of(exact=True, lengths=(0, 0))], Config()) == [Verdict.NONE]


@pytest.mark.parametrize(("contained", "least", "expected"), [(4, 0, 0), (5, 0, 3), (9, 10, 0), (10, 10, 3)])
def test_a_contained_text_has_five_tokens_or_the_number_asked_for(contained: int, least: int, expected: int) -> None:
    config = Config(shingle_size=2)
    left = pair_of(left=1.0, lengths=(contained, 100))
    right = pair_of(right=1.0, lengths=(100, contained))
    assert verdicts_on([left, right], config, least) == [Verdict(expected)] * 2


@given(st.lists(pairs, min_size=1), st.sets(st.sampled_from(PAIR_RELATIONS), min_size=1))
@settings(max_examples=50)
def test_a_relation_that_is_not_asked_for_is_not_given_and_others_stay(
    several: list[Pair], relations: set[Relation]
) -> None:
    every = verdicts_on(several, Config())
    some = verdicts_on(several, Config(relations=tuple(relations)))
    for before, after in zip(every, some, strict=True):
        kept = before not in CODES or CODES[before] in relations
        assert after == (before if kept else Verdict.NONE)


def test_codes_name_the_relations_in_their_order() -> None:
    assert list(CODES.values()) == [*PAIR_RELATIONS, Relation.REWRITE]
    assert sorted(CODES) == list(CODES)
    assert all(code > Verdict.NONE > Verdict.VETOED for code in CODES)
