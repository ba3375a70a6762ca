"""Frames: what stands in many documents of a corpus or of a site, and the frozen set of it."""

from collections import defaultdict

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.labelling import BoilerplateSet, in_many_documents, least_documents, least_on_sites, on_site
from dedup.labelling.frames import LEAST_ON_SITE
from tests.labelling.test_boilerplate import int64, uint64

paragraph = st.tuples(st.integers(0, 4), st.integers(0, 3), st.booleans(), st.integers(1, 3))


@given(st.lists(paragraph, max_size=25))
@settings(max_examples=80)
def test_frames_stand_in_many_distinct_documents(drawn: list[tuple[int, int, bool, int]]) -> None:
    ordered = sorted(drawn, key=lambda each: each[0])
    documents, keys, eligible, least = ([each[part] for each in ordered] for part in range(4))
    groups = defaultdict(list)
    for place, key in enumerate(keys):
        if eligible[place]:
            groups[key].append(place)
    expected = [
        places
        for places in groups.values()
        if len({documents[place] for place in places}) >= max(least[place] for place in places)
    ]
    found = in_many_documents(
        int64([int(each) for each in documents]),
        uint64([int(each) for each in keys]),
        np.array(eligible, dtype=np.bool_),
        int64([int(each) for each in least]),
    )
    assert sorted(group.tolist() for group in found) == sorted(expected)


def test_a_paragraph_repeated_in_one_document_is_no_frame() -> None:
    every = np.ones(9, dtype=np.bool_)
    assert in_many_documents(int64([0] * 9), uint64([7] * 9), every, int64([2] * 9)) == []


@pytest.mark.parametrize(
    ("documents", "expected"), [(0, 5), (1, 5), (10, 5), (17, 6), (20, 6), (100, 30), (333, 100), (10**6, 100)]
)
def test_a_frame_needs_a_share_of_few_documents_and_a_number_of_many(documents: int, expected: int) -> None:
    assert least_documents(documents, 100, 0.3, 5) == expected


@pytest.mark.parametrize(("pages", "expected"), [(1, 2), (2, 2), (6, 2), (7, 3), (100, 30), (1000, 100)])
def test_on_a_site_a_frame_needs_a_share_of_its_pages(pages: int, expected: int) -> None:
    sites = uint64([5] * pages + [9] * 4 + [5] * 50)
    stories = np.arange(sites.size) < pages + 4
    least = least_on_sites(sites, stories, 100, 0.3)
    assert least.tolist() == [expected] * pages + [LEAST_ON_SITE] * 4 + [expected] * 50


def test_a_paragraph_is_boilerplate_on_its_site_alone_or_everywhere() -> None:
    known = BoilerplateSet.of(uint64([3]), on_site(uint64([7, 8]), uint64([100, 200])))
    digests, sites = uint64([3, 3, 7, 7, 8, 7, 2**64 - 1]), uint64([0, 100, 100, 200, 200, 0, 100])
    assert known.holds(digests, sites).tolist() == [True, True, True, False, True, False, False]
    assert not BoilerplateSet().holds(digests, sites).any()


def test_the_set_has_a_fingerprint_of_its_own() -> None:
    one, other = BoilerplateSet.of(uint64([3, 1, 3]), uint64([])), BoilerplateSet.of(uint64([1, 3]), uint64([]))
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != BoilerplateSet.of(uint64([1]), uint64([3])).fingerprint
    assert one.fingerprint != BoilerplateSet().fingerprint
