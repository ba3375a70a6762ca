"""The index on a Redis server decides as the one on the disk does, and as a batch scan, however many clients it has."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
import redis
from hypothesis import given, settings
from redis.exceptions import ConnectionError as LostError

from dedup import Config, ConfigError, Decision, Document, Index, Relation, StoreError, scan
from dedup.index import shared
from dedup.index.server import Server, Value, forget, parse_address
from dedup.index.shared import SharedIndex
from dedup.model import IdColumn, TextColumn
from dedup.verifying import Background
from tests.index.conftest import RedisServer
from tests.index.shared_client import COPIES, STORIES, story
from tests.index.test_one_answer import admitted, configs, in_batch, some, without_hindsight
from tests.scanning.snapshot import background_of


def keys_of(server: RedisServer, url: str) -> list[bytes]:
    """The keys of an index."""
    client = redis.Redis(port=server.port)
    with client:
        return sorted(key for key in client.scan_iter(match=f"{{{parse_address(url).prefix}}}:*", count=1000))


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
    assert keys_of(redis_server, url) == [f"{{{name}}}:facts".encode(), f"{{{name}}}:state".encode()]


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
    assert len(keys_of(redis_server, url)) == 2


# Several clients


def before_inserting(patch: pytest.MonkeyPatch, index: Index, act: Callable[[], object]) -> list[int]:
    """Have something done, once, between what an index fetches and what it inserts; what its insertions gave."""
    assert isinstance(index, SharedIndex)
    server = index._server
    gave: list[int] = []
    insert = server.insert

    def interrupted(arguments: Sequence[Value], *, repeatable: bool) -> int:
        if not gave:
            act()
        gave.append(insert(arguments, repeatable=repeatable))
        return gave[-1]

    patch.setattr(server, "insert", interrupted)
    return gave


def test_a_copy_that_comes_in_between_is_seen(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        gave = before_inserting(monkeypatch, one, lambda: other.admit(Document("b", story(1, 2))))
        decision = one.admit(Document("a", story(1)))
        assert (decision.keep, decision.representative, decision.relation) == (False, "b", Relation.NEAR)
        assert gave == [-1, 1]
        assert one.explain("b") == other.explain("b")


def test_what_has_nothing_to_do_with_a_document_does_not_hold_it_up(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        gave = before_inserting(monkeypatch, one, lambda: other.admit_batch([Document("b", story(2))] * 2))
        assert one.admit(Document("a", story(1))).keep
        assert gave == [1]


def test_a_representative_that_is_removed_in_between_is_none(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        one.admit_batch([Document("a", story(1)), Document("b", story(1, 2))])
        # An exact copy of "b" shares its representative, with which it need not have anything in common.
        before_inserting(monkeypatch, one, lambda: other.remove("a"))
        assert one.admit(Document("c", story(1, 2))).representative != "a"


def test_one_id_has_one_text_however_many_bring_it_at_once(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        before_inserting(monkeypatch, one, lambda: other.admit(Document("a", story(2))))
        one.admit(Document("a", story(1)))
        assert len(one) == 1
        explained = one.explain("a")
        assert explained is not None
        assert explained.text == story(1)


def test_a_document_replaced_in_between_is_replaced_once(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        one.admit(Document("a", story(1)))
        gave = before_inserting(monkeypatch, one, lambda: other.admit(Document("a", story(2))))
        one.admit(Document("a", story(3)))
        assert gave[0] == -1
        assert len(one) == 1
        assert one.query(Document("b", story(2))).keep


def test_a_text_that_is_removed_while_it_is_asked_for_is_asked_for_no_more(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_server.url()
    with Index.open(url) as one, Index.open(url) as other:
        one.admit(Document("a", story(1)))
        assert isinstance(one, SharedIndex)
        texts = one._server.texts

        def removed_before(ranks: Sequence[bytes]) -> list[bytes | None]:
            other.remove("a")
            return texts(ranks)

        monkeypatch.setattr(one._server, "texts", removed_before)
        assert one.query(Document("b", story(1, 2))).keep
        other.admit(Document("a", story(1)))
        assert one.admit(Document("b", story(1, 2))).keep
        assert one.explain("a") is None


def test_a_batch_that_is_overtaken_again_and_again_goes_in_by_halves(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index.open(redis_server.url()) as index:
        assert isinstance(index, SharedIndex)
        insert, sizes = index._server.insert, []

        def overtaken(arguments: Sequence[Value], *, repeatable: bool) -> int:
            sizes.append((len(arguments) - 15) // 2)
            return insert(arguments, repeatable=repeatable) if sizes[-1] <= 2 else -1

        monkeypatch.setattr(index._server, "insert", overtaken)
        documents = [Document(number, story(number % 3)) for number in range(7)]
        expected = [(number, number < 3) for number in range(7)]
        assert [(each.document, each.keep) for each in index.admit_batch(documents)] == expected
        assert max(sizes) == 7
        monkeypatch.setattr(shared, "_MOST_TRIES", 9)
        with pytest.raises(StoreError, match="other clients write to the same lists"):
            index.admit_batch([Document(f"again{number}", story(number)) for number in range(3)], mark=("at", b"1"))
        assert index.mark("at") is None


def test_what_four_processes_bring_at_once_is_kept_once(redis_server: RedisServer) -> None:
    url = redis_server.url()
    command = [sys.executable, "-m", "tests.index.shared_client", url]
    clients = [subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE) for seed in range(4)]
    said = [json.loads(client.communicate()[0]) for client in clients]
    assert [client.returncode for client in clients] == [0] * 4
    decisions = [decision for several in said for decision in several]

    def story_of(document: str) -> int:
        return int(document.partition("-")[2]) % STORIES

    assert sorted(story_of(document) for document, keep, _ in decisions if keep) == list(range(STORIES))
    assert all(keep or story_of(document) == story_of(of) for document, keep, of in decisions)
    with Index.open(url, create=False) as index:
        assert len(index) == len(decisions) == 4 * STORIES * COPIES
        explained = [index.explain(document) for document, _, _ in decisions]
        assert [each.decision.keep for each in explained if each is not None] == [keep for _, keep, _ in decisions]
        assert sum(each.represents for each in explained if each is not None) == (4 * COPIES - 1) * STORIES


# What is fixed when an index is made


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"config": Config(threshold=0.8)}, "was made with threshold 0.7, not 0.8"),
        ({"background": Background(documents=7)}, r"of 0 documents\), not .* \(of 7\)"),
        ({"text": False}, "was made with text True, not False"),
        ({"durability": "full"}, "loss of power is for the server to say"),
    ],
)
def test_an_index_is_opened_as_it_was_made(
    redis_server: RedisServer, settings: dict[str, object], message: str
) -> None:
    url = redis_server.url()
    with Index.open(url):
        pass
    with pytest.raises(ConfigError, match=message) as raised:
        Index.open(url, **settings)  # type: ignore[arg-type]
    assert "redis://127.0.0.1" in str(raised.value)


@pytest.mark.parametrize(
    "asked", [{"config": Config(relations=(Relation.NEAR, Relation.REWRITE))}, {"drop_rewrites": True}]
)
def test_rewrites_are_not_looked_for_on_a_server_and_that_is_said(
    redis_server: RedisServer, asked: dict[str, object]
) -> None:
    url = redis_server.url()
    with pytest.raises(ConfigError, match="an index on a server does not look for rewrites"):
        Index.open(url, **asked)  # type: ignore[arg-type]
    assert not Index.exists(url)


def test_an_index_is_read_as_it_was_made(redis_server: RedisServer) -> None:
    url = redis_server.url()
    config = Config(threshold=0.8, relations=(Relation.NEAR,))
    documents = [Document(number, story(number)) for number in range(5)]
    background = background_of(documents, config)
    with Index.open(url, config, background=background) as made, Index.open(url) as opened:
        assert opened.config == made.config
        assert opened.config.threshold == 0.8
        assert opened.background.fingerprint == background.fingerprint
    with Index.open(redis_server.url()) as another:
        assert len(another) == 0


def test_an_index_that_is_not_there_is_made_on_purpose_alone(redis_server: RedisServer) -> None:
    with pytest.raises(StoreError, match="there is no index"):
        Index.open(redis_server.url(), read_only=True)
    with pytest.raises(StoreError, match="there is no index"):
        Index.open(redis_server.url(), create=False)


def test_a_reader_and_a_closed_index_take_nothing(redis_server: RedisServer) -> None:
    url = redis_server.url()
    with Index.open(url) as index, Index.open(url, read_only=True) as reader:
        several: list[Callable[[], object]] = [
            lambda: reader.admit(Document("a", "text")),
            lambda: reader.remove("a"),
            lambda: reader.expire(datetime.now(UTC)),
            reader.compact,
        ]
        for refused in several:
            with pytest.raises(StoreError, match="was opened read-only"):
                refused()
    index.close()
    with pytest.raises(StoreError, match="is closed"):
        index.query(Document("a", "text"))


def test_a_mark_is_stored_with_its_batch_however_large(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "DOCUMENTS_AT_ONCE", 3)
    with Index.open(redis_server.url()) as index:
        gave = before_inserting(monkeypatch, index, lambda: None)
        documents = [Document(number, story(number // 2)) for number in range(10)]
        decisions = index.admit_batch(documents, mark=("at", b"\x00ten"))
        assert gave == [0]
        assert [each.keep for each in decisions] == [True, False] * 5
        assert (index.mark("at"), index.mark("elsewhere")) == (b"\x00ten", None)
        assert index.admit_batch([], mark=("at", b"none")) == []
        assert index.mark("at") == b"none"
        more = index.admit_batch([Document(number, story(number // 2)) for number in range(10, 18)] + documents[:2])
        assert [each.representative for each in more] == [None, 10, None, 12, None, 14, None, 16, None, 0]
        assert len(gave) == 2 + 3


def test_an_index_is_forgotten_with_all_its_keys(redis_server: RedisServer) -> None:
    url, other = redis_server.url(), redis_server.url(prefix="[odd*]?")
    with Index.open(url) as index, Index.open(other) as kept:
        index.admit(Document("a", story(1)))
        kept.admit(Document("a", story(1)))
        forget(url)
        assert keys_of(redis_server, url) == []
        with pytest.raises(StoreError, match="deleted or made anew since it was opened"):
            index.admit(Document("b", story(2)))
        with pytest.raises(StoreError, match="deleted or made anew since it was opened"):
            index.query(Document("b", story(2)))
        with Index.open(url, Config(threshold=0.9)), pytest.raises(StoreError, match="deleted or made anew"):
            index.remove("a")
        assert not kept.admit(Document("b", story(1))).keep
        forget(other)


def test_an_index_tells_what_is_in_it_and_what_it_does_not_do(redis_server: RedisServer) -> None:
    url = redis_server.url()
    assert not Index.exists(url)
    with Index.open(url, text=False) as index:
        index.admit_batch([Document(number, story(number % 3)) for number in range(5)], mark=("at", b"5"))
        info = index.info()
        assert (info.documents, info.kept, info.dropped, info.keeps_text) == (5, 3, 2, False)
        assert (info.marks, info.config) == (("at",), index.config.fingerprint)
        assert info.bytes > 0
        with pytest.raises(StoreError, match="keeps its background"):
            index.refit()
        with pytest.raises(StoreError, match="nothing to check"):
            index.check()
    assert Index.exists(url)


# What goes wrong


def test_an_answer_that_is_lost_on_its_way_changes_nothing(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index.open(redis_server.url()) as index:
        assert isinstance(index, SharedIndex)
        client = index._server._client
        execute = client.execute_command
        lost: list[Value] = []

        def losing(*command: Value) -> object:
            answer = execute(*command)
            # An insertion has seventeen arguments and more.
            if len(command) > 17 and not lost:
                lost.append(command[0])
                raise LostError("reset")
            return answer

        index.admit(Document("a", story(1)))
        monkeypatch.setattr(client, "execute_command", losing)
        assert index.admit(Document("b", story(2))).keep
        assert not index.admit(Document("c", story(2))).keep
        assert (len(index), lost) == (3, ["EVALSHA"])
        lost.clear()
        texts, ids = TextColumn.from_strings([story(3)]), IdColumn.from_ids(["d"])
        with pytest.raises(StoreError, match="cannot be reached: reset"):
            index.admit_columns(texts, ids, same_id="new")


def test_a_server_that_is_not_there_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.index.server._PAUSE", 0.0)
    with pytest.raises(StoreError, match="cannot be reached") as raised:
        Index.open("redis://user:secret@127.0.0.1:1/0?prefix=crawl&socket_connect_timeout=1")
    assert str(raised.value).startswith("redis://127.0.0.1:1/0?prefix=crawl: ")
    assert "secret" not in str(raised.value)


def test_a_server_that_would_lose_documents_is_refused(own_redis_server: RedisServer) -> None:
    with redis.Redis(port=own_redis_server.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreError, match="maxmemory-policy allkeys-lru"):
        Index.open(own_redis_server.url())


def test_a_server_whose_memory_is_full_stores_nothing_of_a_batch(own_redis_server: RedisServer) -> None:
    with Index.open(own_redis_server.url()) as index, redis.Redis(port=own_redis_server.port) as client:
        index.admit(Document("a", story(1)))
        client.config_set("maxmemory", "1mb")
        with pytest.raises(StoreError, match="memory is full; nothing was stored"):
            index.admit_batch([Document(number, story(number)) for number in range(5)])
        assert len(index) == 1
        client.config_set("maxmemory", "0")
        assert [each.keep for each in index.admit_batch([Document(1, story(1)), Document(2, story(2))])] == [
            False,
            True,
        ]


def test_a_server_that_was_emptied_and_started_again_is_noticed(own_redis_server: RedisServer) -> None:
    url = own_redis_server.url()
    with Index.open(url) as index:
        index.admit(Document("a", story(1)))
        own_redis_server.stop()
        own_redis_server.start()
        with pytest.raises(StoreError, match="deleted or made anew"):
            index.admit(Document("b", story(2)))


def test_keys_that_vanished_are_noticed(redis_server: RedisServer) -> None:
    url = redis_server.url()
    with Index.open(url) as index, redis.Redis(port=redis_server.port) as client:
        index.admit(Document("a", story(1)))
        client.delete(f"{{{parse_address(url).prefix}}}:rows")
        with pytest.raises(StoreError, match="keys of the index are missing"):
            index.admit(Document("b", story(1, 2)))


def test_a_text_that_is_damaged_is_noticed(redis_server: RedisServer) -> None:
    url = redis_server.url()
    with Index.open(url) as index, redis.Redis(port=redis_server.port) as client:
        index.admit(Document("a", story(1)))
        client.hset(f"{{{parse_address(url).prefix}}}:texts", b"\0\0\0\0", b"nothing")
        with pytest.raises(StoreError, match="text of a document on the server is damaged"):
            index.admit(Document("b", story(1, 2)))


def test_a_server_that_refuses_says_so(own_redis_server: RedisServer) -> None:
    with redis.Redis(port=own_redis_server.port) as client:
        client.config_set("requirepass", "secret")
    with pytest.raises(StoreError, match="the server refuses"):
        Index.open(own_redis_server.url())
    url = own_redis_server.url().replace("127", ":secret@127")
    with Index.open(url) as index:
        assert index.admit(Document("a", "text")).keep


def test_the_package_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"pip install 'neardup\[redis\]'"):
        Index.open("redis://127.0.0.1/0")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://host", ("redis://host", "dedup", "redis://host?prefix=dedup")),
        (
            "redis://host:1/2?prefix=a&socket_timeout=3",
            ("redis://host:1/2?socket_timeout=3", "a", "redis://host:1/2?prefix=a"),
        ),
        ("rediss://u:p@host/0", ("rediss://u:p@host/0", "dedup", "rediss://host/0?prefix=dedup")),
        ("unix:///run/redis?db=1&prefix=é", ("unix:///run/redis?db=1", "é", "unix:///run/redis?prefix=é")),
    ],
)
def test_an_address_names_a_server_and_an_index(url: str, expected: tuple[str, str, str]) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize("query", ["prefix=", "prefix={a}", "prefix=a%0Ab", "decode_responses=1", "protocol=3"])
def test_an_address_with_what_has_no_place_in_it_is_refused(query: str) -> None:
    with pytest.raises(ConfigError, match=r"redis://host/0\?prefix="):
        parse_address(f"redis://u:secret@host/0?{query}")


def test_answers_that_make_no_sense_are_refused(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(parse_address(redis_server.url()))
    for answer, act in ((b"", server.count), (7, lambda: server.texts([b"1234"])), (["a"], server.next_rank)):
        monkeypatch.setattr(server._client, "execute_command", lambda *_, answer=answer: answer)
        with pytest.raises(StoreError, match="makes no sense"):
            act()
    server.close()


def test_the_decisions_on_an_ordinary_corpus_are_the_same_in_large_batches(redis_server: RedisServer) -> None:
    documents = [Document(number, story(number % 400, number // 400)) for number in range(700)]
    expected: list[Decision] = list(scan(documents, background=Background()).decisions)
    with Index.open(redis_server.url()) as index:
        assert without_hindsight(index.admit_batch(documents)) == without_hindsight(expected)
