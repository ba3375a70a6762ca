"""Several clients of an index on a Redis server: what one does while another is at it, and what goes in at once."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from dedup import Document, Index, Relation, StoreError
from dedup.index import shared
from dedup.index.server import Value
from dedup.index.shared import SharedIndex
from tests.index.conftest import RedisServer
from tests.index.shared_client import COPIES, STORIES, story


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
