"""What is fixed when an index on a Redis server is made, what it does not do, and how it is addressed."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dedup import Config, ConfigError, Document, Index, Relation, StoreError
from dedup.cli import main
from dedup.filtering import filter_records
from dedup.index import shared
from dedup.index.server import DOCUMENTS_AT_ONCE, Server, Value, forget, parse_address
from dedup.verifying import Background
from tests.index.conftest import RedisServer
from tests.index.shared_client import story
from tests.scanning.snapshot import background_of


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


def test_an_index_is_forgotten_with_all_its_keys(redis_server: RedisServer) -> None:
    url, other = redis_server.url(), redis_server.url(prefix="[odd*]?")
    with Index.open(url) as index, Index.open(other) as kept:
        index.admit(Document("a", story(1)))
        kept.admit(Document("a", story(1)))
        forget(url)
        assert redis_server.keys_of(url) == []
        with pytest.raises(StoreError, match="deleted or made anew since it was opened"):
            index.admit(Document("b", story(2)))
        with pytest.raises(StoreError, match="deleted or made anew since it was opened"):
            index.query(Document("b", story(2)))
        asked: list[Callable[[], object]] = [index.info, lambda: len(index), lambda: index.mark("at")]
        asked += [lambda: list(index.kept_tokens()), lambda: index.expire(datetime.now(UTC))]
        for ask in asked:
            with pytest.raises(StoreError, match="deleted or made anew since it was opened"):
                ask()
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://[::1", "cannot be read"),
        ("redis://user:sec/ret@host/0", "cannot be read"),
        ("redis://host:99999/0", "cannot be read"),
        ("redis://host:1/crawl", "no database of that number"),
        ("redis://host:1/-1", "no database of that number"),
        ("unix://", "names no socket"),
        ("redis://host:1/0?db=x", "a setting that cannot be"),
        ("redis://host:1/0?socket_timeout=soon", "a setting that cannot be"),
        ("redis://host:1/0?ssl_keyfile=key", "a setting that cannot be"),
        ("rediss://host:1/0?ssl_cert_reqs=perhaps", "a setting that cannot be"),
    ],
)
def test_an_address_that_cannot_be_is_refused_and_no_password_is_shown(url: str, said: str) -> None:
    for use in (Index.open, Index.exists, forget):
        with pytest.raises(ConfigError, match=said) as refused:
            use(url)
        assert "ret" not in str(refused.value)


def test_a_shared_index_has_nothing_to_check_and_no_damage(
    redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url = redis_server.url()
    Index.open(url).close()
    assert main(["index", "check", url]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "there is nothing to check" in said.err


def test_a_filter_gives_a_server_no_more_than_it_takes_at_once(redis_server: RedisServer, tmp_path: Path) -> None:
    lines = [json.dumps({"id": number, "text": story(number // 2)}).encode() + b"\n" for number in range(1100)]
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines))
    batches: list[int] = []

    class Watched(Server):
        def insert(self, arguments: Sequence[Value], *, repeatable: bool) -> int:
            batches.append(len(arguments) // 2)
            return super().insert(arguments, repeatable=repeatable)

    url = redis_server.url()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "Server", Watched)
        filter_records(str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), index=url)
    assert (tmp_path / "out.jsonl").read_bytes() == b"".join(lines[::2])
    assert max(batches) < DOCUMENTS_AT_ONCE + 16
    with pytest.raises(ConfigError, match="an index on a server has none"):
        filter_records(str(tmp_path / "in.parquet"), "-", index=url)
