"""Boilerplate within a document: repeated lines, and lines with a repeated part."""

from collections import defaultdict

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.labelling.boilerplate import (
    Repetition,
    common_beginning,
    common_ending,
    repeated_lines,
    templated_lines,
)
from tests import oracles

Line = tuple[int, int, int, int, bool]
line = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.booleans())


def columns(lines: list[Line]) -> tuple[list[int], list[int], list[int], list[int], list[bool]]:
    """Documents (in reading order), digests, edges, lengths and eligibility of the lines."""
    ordered = sorted(lines, key=lambda each: each[0])
    documents, digests, edges, lengths, eligible = ([each[place] for each in ordered] for place in range(5))
    return documents, digests, edges, lengths, [bool(each) for each in eligible]


def uint64(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, dtype=np.uint64)


def int64(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def members(repetitions: list[Repetition]) -> list[list[int]]:
    return [repetition.members.tolist() for repetition in repetitions]


@given(st.lists(line, max_size=20), st.integers(2, 4))
@settings(max_examples=50)
def test_repeated_lines_are_those_that_stand_often_in_one_document(lines: list[Line], least: int) -> None:
    documents, digests, _, lengths, _ = columns(lines)
    groups = defaultdict(list)
    for place, key in enumerate(zip(documents, digests, strict=True)):
        if lengths[place] > 0:
            groups[key].append(place)
    found = list(repeated_lines(int64(documents), uint64(digests), int64(lengths), least))
    assert members(found) == sorted(group for group in groups.values() if len(group) >= least)
    assert all(repetition.part == "line" for repetition in found)


@pytest.mark.parametrize("part", ["beginning", "ending"])
@given(lines=st.lists(line, max_size=20), least=st.integers(2, 4))
@settings(max_examples=50)
def test_templated_lines_share_an_edge_and_differ_elsewhere(part: str, lines: list[Line], least: int) -> None:
    documents, digests, edges, _, eligible = columns(lines)
    groups = defaultdict(list)
    for place, key in enumerate(zip(documents, edges, strict=True)):
        if eligible[place]:
            groups[key].append(place)
    found = list(
        templated_lines(
            int64(documents),
            uint64(digests),
            uint64(edges),
            np.array(eligible, dtype=np.bool_),
            least,
            "beginning" if part == "beginning" else "ending",
        )
    )
    varying = (group for group in groups.values() if len({digests[place] for place in group}) > 1)
    assert members(found) == sorted(group for group in varying if len(group) >= least)
    assert all(repetition.part == part for repetition in found)


texts_with_common_parts = st.tuples(
    st.sampled_from(["", "The ", " a  b", "é\ud83d", "中文 "]),
    st.lists(st.text(st.sampled_from("ab é中\n"), max_size=6), min_size=1, max_size=4),
    st.sampled_from(["", " end", "b  ", "\u00a0x", "文"]),
).map(lambda parts: [parts[0] + middle + parts[2] for middle in parts[1]])


@given(texts_with_common_parts)
@settings(max_examples=50)
def test_the_common_beginning_and_ending_are_the_longest(texts: list[str]) -> None:
    assert common_beginning(texts) == oracles.common_beginning(texts)
    backwards = oracles.common_beginning([text[::-1] for text in texts])[::-1]
    assert common_ending(texts) == backwards


@given(texts_with_common_parts)
@settings(max_examples=50)
def test_the_common_parts_are_in_every_text(texts: list[str]) -> None:
    for part in (common_beginning(texts), common_ending(texts)):
        assert part == part.strip()
        assert all(part in text for text in texts)


def test_the_common_ending_of_paywall_lines_is_the_notice() -> None:
    notice = "The material is available only to POZIRK+"
    headlines = ("Minsk court jails four", "New border rules", "Prices rise again!")
    assert common_ending([f"{headline} \u00a0{notice} " for headline in headlines]) == notice
