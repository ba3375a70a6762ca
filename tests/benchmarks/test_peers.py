import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.contenders import PEERS, installed_version, peers
from benchmarks.peers.texts import byte_shingles, find_words, pairs_of_groups, shingles, split_words
from benchmarks.process import ROOT


@given(st.text())
def test_both_ways_to_take_words_agree(text: str) -> None:
    assert split_words(text) == find_words(text)


@given(st.lists(st.text("abcé", min_size=1), max_size=12))
def test_shingles_in_bytes_are_those_in_characters(words: list[str]) -> None:
    assert byte_shingles(words) == [shingle.encode() for shingle in shingles(words)]
    assert len(shingles(words)) == (max(len(words) - 4, 1) if words else 0)


def test_any_two_of_a_group_are_a_pair_once() -> None:
    assert pairs_of_groups([[3, 1, 2], [2, 1]]) == {(1, 2), (1, 3), (2, 3)}


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_has_its_program(name: str) -> None:
    assert (ROOT / "benchmarks" / "peers" / f"{PEERS[name].module}.py").exists()


def test_a_missing_tool_is_named_and_none_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.contenders.installed_version", lambda *_: None)
    assert peers(["rensa", "gaoya"], "python", "findall") == ([], ["rensa", "gaoya"])


def test_versions_are_asked_of_the_python_that_runs_the_tool() -> None:
    assert installed_version(sys.executable, "numpy")
    assert installed_version(sys.executable, "no-such-distribution") is None
