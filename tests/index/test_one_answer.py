"""Contract 3: the index decides as the batch scan does, however the documents are cut into calls."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup import Config, Decision, Document, Index, Relation, scan
from dedup.index import storage
from dedup.model import Level
from dedup.verifying import Background
from tests.corpora import corpora, odd_corpora
from tests.scanning.snapshot import background_of

some = st.one_of(corpora(14), odd_corpora())
configs = st.builds(
    Config,
    level=st.just(Level.DOCUMENT),
    threshold=st.sampled_from([0.4, 0.7]),
    shingle_size=st.sampled_from([2, 5]),
    bucket_cap=st.sampled_from([2, 3, 256]),
    bucket_links=st.sampled_from([1, 2, 16]),
    posting_cap=st.sampled_from([1, 2, 16]),
    containment_sample=st.sampled_from([1, 8]),
    relations=st.sampled_from(
        [
            (Relation.EXACT, Relation.NEAR, Relation.CONTAINS),
            (Relation.NEAR,),
            (Relation.CONTAINS, Relation.EXACT),
            (Relation.NEAR, Relation.CONTAINS),
        ]
    ),
)


def cut(documents: Sequence[Document], cuts: Sequence[int]) -> Iterator[list[Document]]:
    """The documents in calls of these sizes, over and over."""
    place = turn = 0
    while place < len(documents):
        size = cuts[turn % len(cuts)]
        yield list(documents[place : place + size])
        place, turn = place + size, turn + 1


def admitted(index: Index, documents: Sequence[Document], cuts: Sequence[int]) -> list[Decision]:
    """The decisions on the documents, admitted so; a call of one is `admit`."""
    return [
        decision
        for call in cut(documents, cuts)
        for decision in ([index.admit(call[0])] if len(call) == 1 else index.admit_batch(call))
    ]


def in_batch(documents: Sequence[Document], config: Config, background: Background) -> list[Decision]:
    return list(scan(documents, config, background=background).decisions)


def without_hindsight(decisions: Sequence[Decision]) -> list[Decision]:
    """A stream does not know yet that a document will represent another one."""
    return [Decision(each.document, keep=True, reason="kept") if each.keep else each for each in decisions]


@given(some, configs, st.lists(st.integers(1, 5), min_size=1, max_size=4), st.booleans(), st.sampled_from([1, 3, 100]))
@settings(max_examples=60)
def test_decisions_are_those_of_a_batch_scan(
    documents: list[Document], config: Config, cuts: list[int], text: bool, flush: int
) -> None:
    background = background_of(documents, config)
    expected = in_batch(documents, config, background)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "FLUSH_DOCUMENTS", flush)
        with Index.open(Path(folder) / "seen", config, background=background, text=text, merge="now") as index:
            found = admitted(index, documents, cuts)
            assert without_hindsight(found) == without_hindsight(expected)
            explained = [index.explain(document.id) for document in documents]
        assert [each.decision for each in explained if each is not None] == expected
        with Index.open(Path(folder) / "seen", read_only=True) as reader:
            assert [reader.explain(document.id) for document in documents] == explained
            assert [reader.query(document) for document in documents] == found
