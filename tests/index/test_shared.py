"""The index on a Redis server decides as the one on the disk does, and as a batch scan, however many clients it has."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup import Config, Decision, Document, Index, Relation, scan
from dedup.index.server import parse_address
from dedup.model import IdColumn, TextColumn
from dedup.verifying import Background
from tests.index.conftest import RedisServer
from tests.index.shared_client import story
from tests.index.test_one_answer import admitted, configs, in_batch, some, without_hindsight
from tests.scanning.snapshot import background_of


@given(some, configs, st.lists(st.integers(1, 5), min_size=1, max_size=4), st.booleans())
@settings(max_examples=15)
def test_decisions_are_those_of_a_batch_scan(
    redis_server: RedisServer, documents: list[Document], config: Config, cuts: list[int], text: bool
) -> None:
    background = background_of(documents, config)
    expected = in_batch(documents, config, background)
    url = redis_server.url()
    with Index.open(url, config, background=background, text=text) as index:
        found = admitted(index, documents, cuts)
        assert without_hindsight(found) == without_hindsight(expected)
        explained = [index.explain(document.id) for document in documents]
        assert [each.decision for each in explained if each is not None] == expected
        with Index.open(url, read_only=True) as reader:
            assert [reader.explain(document.id) for document in documents] == explained
            assert reader.query_batch(documents) == found
            assert [reader.query(document) for document in documents[:3]] == found[:3]


@pytest.mark.parametrize(("cap", "links", "postings"), [(3, 2, 2), (20, 18, 17), (24, 1, 30), (256, 16, 16)])
def test_caps_count_members_beyond_what_stands_in_the_head_of_a_list(
    redis_server: RedisServer, cap: int, links: int, postings: int
) -> None:
    config = Config(
        relations=(Relation.NEAR, Relation.CONTAINS), bucket_cap=cap, bucket_links=links, posting_cap=postings,
        containment_sample=1, cosine=0.0,
    )  # fmt: skip
    # Each shares much with those before it, and few are near enough to be dropped.
    documents = [
        Document(number, story(1).replace("a", f"s{number % 5}").replace("b", f"o{number % 7}") + f" {number}")
        for number in range(60)
    ]
    expected = in_batch(documents, config, Background())
    assert {each.keep for each in expected} == {True, False}
    with Index.open(redis_server.url(), config) as index:
        assert without_hindsight(admitted(index, documents, [25, 1, 7])) == without_hindsight(expected)


Step = tuple[str, list[tuple[int, int]]]
"""What to do, and pairs of an id and a text."""

texts_of_steps = (
    ["", "short", "two words", story(1), story(1).upper(), story(2), story(3)]
    + [story(1, changed) for changed in range(1, 9)]
    + [story(1, 2) + " " + story(4), story(4)]
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["admit", "admit", "admit", "new", "remove", "expire", "query"]),
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from(range(len(texts_of_steps)))), min_size=1, max_size=6),
    ),
    max_size=10,
)


def do(index: Index, step: Step, number: int) -> object:
    """Do a step, at a moment of its own; what the index says."""
    kind, several = step
    documents = [Document(each, texts_of_steps[text]) for each, text in several]
    moment = datetime.fromtimestamp(1000 + number, UTC)
    if kind == "admit" and len(documents) == 1:
        return index.admit(documents[0], admitted=moment)
    if kind == "admit":
        return index.admit_batch(documents, admitted=moment)
    if kind == "new":
        texts = TextColumn.from_strings([document.text for document in documents])
        ids = IdColumn.from_ids([document.id for document in documents])
        return list(index.admit_columns(texts, ids, admitted=moment, same_id="new").decisions())
    if kind == "remove":
        return [index.remove(document.id) for document in documents]
    if kind == "expire":
        return index.expire(datetime.fromtimestamp(1000 + number - several[0][0], UTC))
    return index.query_batch(documents)


@given(steps, st.sampled_from([1, 2, 256]), st.sampled_from([1, 2, 16]))
@settings(max_examples=25)
def test_whatever_is_done_the_answers_are_those_of_the_index_on_the_disk(
    redis_server: RedisServer, several: list[Step], bucket_cap: int, posting_cap: int
) -> None:
    config = Config(bucket_cap=bucket_cap, bucket_links=1, posting_cap=posting_cap, shingle_size=2, cosine=0.1)
    url = redis_server.url()
    with (
        TemporaryDirectory() as folder,
        Index.open(Path(folder) / "seen", config, merge="never") as embedded,
        Index.open(url, config) as index,
    ):
        for number, step in enumerate(several):
            assert do(index, step, number) == do(embedded, step, number)
            assert len(index) == len(embedded)
        for document in range(10):
            assert index.explain(document) == embedded.explain(document)
        one, other = index.info(), embedded.info()
        assert (one.documents, one.kept, one.dropped) == (other.documents, other.kept, other.dropped)
        index.expire(datetime.fromtimestamp(5000, UTC))
        assert len(index) == 0
        index.compact()
    name = parse_address(url).prefix
    assert redis_server.keys_of(url) == [f"{{{name}}}:facts".encode(), f"{{{name}}}:state".encode()]


def test_long_lists_are_shortened_from_their_beginning_and_anywhere_else(redis_server: RedisServer) -> None:
    url = redis_server.url()
    config = Config(cosine=0.0, relations=(Relation.NEAR, Relation.CONTAINS))
    with TemporaryDirectory() as folder, Index.open(url, config) as index, Index.open(folder, config) as embedded:
        for each in (index, embedded):
            for number in range(45):
                each.admit(
                    Document(number, story(1, 9) + f" {story(100 + number)}"),
                    admitted=datetime.fromtimestamp(number, UTC),
                )
        for removed in (44, 3, 35, 17, 16, 0, 20):
            assert index.remove(removed) == embedded.remove(removed)
        assert index.expire(datetime.fromtimestamp(30, UTC)) == embedded.expire(datetime.fromtimestamp(30, UTC))
        asked = Document("asked", story(1, 9) + f" {story(140)}")
        assert index.query(asked) == embedded.query(asked)
        assert index.admit(asked) == embedded.admit(asked)
        assert len(index) == len(embedded) == 14
        for number in range(45):
            index.remove(number)
        index.remove("asked")
    assert len(redis_server.keys_of(url)) == 2


def test_the_decisions_on_an_ordinary_corpus_are_the_same_in_large_batches(redis_server: RedisServer) -> None:
    documents = [Document(number, story(number % 400, number // 400)) for number in range(700)]
    expected: list[Decision] = list(scan(documents, background=Background()).decisions)
    with Index.open(redis_server.url()) as index:
        assert without_hindsight(index.admit_batch(documents)) == without_hindsight(expected)
