"""What goes wrong with an index on a Redis server, and how it is said."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import redis
from redis.exceptions import ConnectionError as LostError

from dedup import Document, Index, StoreError
from dedup.index.server import Server, Value, parse_address
from dedup.index.shared import SharedIndex
from dedup.index.snapshot import STORED_ROW
from dedup.model import IdColumn, TextColumn
from tests.index.conftest import RedisServer
from tests.index.shared_client import story


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


@pytest.mark.parametrize("timeout", [float("nan"), 1e12])
def test_a_timeout_that_no_clock_reaches_is_no_fault_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, timeout: float
) -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += 1e12
        assert len(slept) < 20

    monkeypatch.setattr("dedup.index.server.time.sleep", sleep)
    monkeypatch.setattr("dedup.index.server.time.monotonic", lambda: now[0])
    with pytest.raises(StoreError, match="cannot be reached"):
        Index.open("redis://127.0.0.1:1/0?prefix=crawl", timeout=timeout)


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
        with pytest.raises(StoreError, match="what is stored there is damaged"):
            index.admit(Document("b", story(1, 2)))


def test_a_text_that_is_damaged_is_noticed(redis_server: RedisServer) -> None:
    url = redis_server.url()
    with Index.open(url) as index, redis.Redis(port=redis_server.port) as client:
        index.admit(Document("a", story(1)))
        client.hset(f"{{{parse_address(url).prefix}}}:texts", b"\0\0\0\0", b"nothing")
        with pytest.raises(StoreError, match="text of a document on the server is damaged"):
            index.admit(Document("b", story(1, 2)))


def test_rows_and_numbers_that_are_damaged_are_told(redis_server: RedisServer) -> None:
    url = redis_server.url()
    name = f"{{{parse_address(url).prefix}}}"
    with Index.open(url) as index, redis.Redis(port=redis_server.port) as client:
        index.admit_batch([Document(number, story(number)) for number in range(3)])
        spoils: list[tuple[str, bytes | str, bytes, Callable[[], object]]] = [
            ("rows", b"\0\0\0\0", b"short", lambda: list(index.kept_tokens())),
            ("rows", b"\0\0\0\0", b"\xff" * 4 + bytes(70), lambda: list(index.kept_tokens())),
            ("state", "dropped", b"\xb1", index.info),
            ("state", "next", b"#0", lambda: list(index.kept_tokens())),
            ("facts", "format", b"\xb1", lambda: Index.open(url)),
        ]
        for key, field, spoilt, ask in spoils:
            whole = client.hget(f"{name}:{key}", field)
            client.hset(f"{name}:{key}", field, spoilt)
            with pytest.raises(StoreError, match=r"damaged|is no index"):
                ask()
            client.hset(f"{name}:{key}", field, b"0" if whole is None else whole)
        assert len(list(index.kept_tokens())) == 3


def test_a_damaged_number_of_entries_keeps_no_server_busy(own_redis_server: RedisServer) -> None:
    assert STORED_ROW.itemsize == 52, "the scripts know it"
    url = own_redis_server.url()
    rows = f"{{{parse_address(url).prefix}}}:rows"
    with Index.open(url) as index, redis.Redis(port=own_redis_server.port) as client:
        index.admit(Document("a", story(1)))
        row = client.hget(rows, b"\0\0\0\0")
        assert row is not None
        client.hset(rows, b"\0\0\0\0", row[:4] + (2**24).to_bytes(4, "little") + row[8:])
        with pytest.raises(StoreError, match="a row is cut off"):
            index.explain("a")
        with pytest.raises(StoreError, match="a row names more entries than it has"):
            index.expire(datetime(2100, 1, 1, tzinfo=UTC))
        client.hset(rows, b"\0\0\0\0", row)
        assert index.expire(datetime(2100, 1, 1, tzinfo=UTC)) == 1


def test_a_server_that_refuses_says_so(own_redis_server: RedisServer) -> None:
    with redis.Redis(port=own_redis_server.port) as client:
        client.config_set("requirepass", "secret")
    with pytest.raises(StoreError, match="the server refuses"):
        Index.open(own_redis_server.url())
    url = own_redis_server.url().replace("127", ":secret@127")
    with Index.open(url) as index:
        assert index.admit(Document("a", "text")).keep


def test_answers_that_make_no_sense_are_refused(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(parse_address(redis_server.url()))
    for answer, act in ((b"", server.count), (7, lambda: server.texts([b"1234"])), (["a"], server.next_rank)):
        monkeypatch.setattr(server._client, "execute_command", lambda *_, answer=answer: answer)
        with pytest.raises(StoreError, match="makes no sense"):
            act()
    server.close()
