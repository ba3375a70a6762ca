"""An index that knows paragraphs: what it tells of them, in which order whatever comes, and after what goes wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import Config, ConfigError, Decision, Document, Index, Match, Relation
from dedup.index import storage
from dedup.index.storage import Storage
from dedup.model import IdColumn, TextColumn
from tests.index.corpus import pages

BRIDGE = "The council met on Monday to decide about the copper bridge over the northern river."
HARVEST = "A harvest of yellow paper was brought to the island market by nine engines in winter."
SCHOOL = "Nobody had expected the school to open its doors before the first week of October."
LAST = "Later that year the ferry company sold two of its boats to a dealer from the south."


def admitted(index: Index, several: Sequence[Document], cuts: Sequence[int]) -> list[Decision]:
    """The decisions on documents that are admitted in calls which end at these places."""
    decisions = []
    begin = 0
    for end in [*sorted(cut % (len(several) + 1) for cut in cuts), len(several)]:
        part = several[begin:end]
        decisions += [index.admit(part[0])] if len(part) == 1 else index.admit_batch(part)
        begin = end
    return decisions


def spans(decision: Decision) -> list[tuple[Any, str, int, int]]:
    """Of each passage the earlier document, the relation, and the lines on both sides."""
    return [
        (passage.left.document, str(passage.relation), passage.left.line, passage.right.line)
        for passage in decision.passages
        if passage.right is not None
    ]


def said(passage: Match, texts: dict[str | int, str]) -> tuple[str, str]:
    """The texts on both sides."""
    left, right = passage.left, passage.right
    assert left.document is not None
    assert right is not None
    assert right.document is not None
    for span in (left, right):
        assert span.document is not None
        text = texts[span.document]
        assert span.line == text.count("\n", 0, span.start) + 1
        assert span.end_line == text.count("\n", 0, span.end) + 1
    return texts[left.document][left.start : left.end], texts[right.document][right.start : right.end]


def test_a_decision_tells_the_paragraphs_that_were_seen_before(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen", paragraphs=True) as index:
        assert index.admit(Document("a", f"{BRIDGE}\n{HARVEST}")).passages == ()
        decision = index.admit(Document("b", f"é {SCHOOL}\n\n{HARVEST}\ntwo words\n{LAST}"))
        assert (decision.keep, decision.reason) == (True, "unique")
        assert spans(decision) == [("a", "exact", 2, 3)]
        near = index.admit(Document("c", f"{LAST} Again.\n{BRIDGE.upper()}\n{SCHOOL} {SCHOOL}"))
        assert spans(near)[:2] == [("b", "near", 5, 1), ("a", "exact", 1, 2)]
        assert near.passages[0].resemblance == pytest.approx(13 / 14)
        assert near.passages[0].containment == pytest.approx((1.0, 13 / 14))
        # The second of two in one document repeats the first.
        assert spans(index.query(Document("d", "One two three four five six.\nOne two three four five six."))) == []
        own = index.admit(Document("d", "One two three four five six.\nOne two three four five six."))
        assert spans(own) == [("d", "exact", 1, 2)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, 100), max_size=4))
def test_offsets_slice_back_and_calls_cut_anywhere_tell_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int]
) -> None:
    several = pages(25, seed)
    folder = tmp_path_factory.mktemp("slices")
    with Index.open(folder / "whole", paragraphs=True) as index:
        decisions = index.admit_batch(several)
    with Index.open(folder / "sliced", paragraphs=True) as index:
        assert admitted(index, several, cuts) == decisions
        # What was recorded is told again.
        assert index.admit_batch(several) == decisions
        assert [index.query(each) for each in several] == decisions
        assert index.check() == []
    with Index.open(folder / "plain") as index:
        plain = index.admit_batch(several)
    assert [(each.keep, each.reason, each.representative) for each in decisions] == [
        (each.keep, each.reason, each.representative) for each in plain
    ]
    texts = {each.id: each.text for each in several}
    seen: dict[tuple[str, ...], bool] = {}
    for document, decision in zip(several, decisions, strict=True):
        told = {passage.right.line: said(passage, texts) for passage in decision.passages if passage.right is not None}
        for passage in decision.passages:
            left, right = said(passage, texts)
            if passage.relation is Relation.EXACT:
                assert tokens(left) == tokens(right)
        if decision.relation is Relation.EXACT:
            assert decision.passages == ()
            continue
        for number, line in enumerate(document.text.split("\n"), 1):
            own = tokens(line)
            if len(own) >= Config().shingle_size and own in seen:
                assert tokens(told[number][0]) == own or told[number][1] == line
            seen[own] = True


def tokens(text: str) -> tuple[str, ...]:
    return tuple(word.strip(".…é") for word in text.lower().split() if word.strip(".…")) if text else ()


def test_a_page_in_a_new_version_is_not_compared_with_its_old_one_and_holds_its_place(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen", paragraphs=True) as index:
        index.admit(Document("page", f"{BRIDGE}\n{HARVEST}"))
        index.admit(Document("other", f"{SCHOOL}\n{HARVEST}"))
        update = index.admit(Document("page", f"{BRIDGE}\n{LAST}"))
        assert spans(update) == []
        # The copy on the other page has become the first.
        assert spans(index.query(Document("new", f"{LAST}\n{HARVEST}\n{BRIDGE}"))) == [
            ("page", "exact", 2, 1),
            ("other", "exact", 2, 2),
            ("page", "exact", 1, 3),
        ]
        both = index.admit_batch([Document("x", f"{BRIDGE} One.\n{LAST}"), Document("x", f"{BRIDGE} One.\n{SCHOOL}")])
        assert spans(both[1])[0][0] == "page"
        assert index.check() == []


def test_what_is_removed_is_told_no_more(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen", paragraphs=True) as index:
        index.admit_batch([Document("a", f"{BRIDGE}\n{HARVEST}"), Document("b", f"{SCHOOL}\n{BRIDGE}\n{LAST}")])
        assert index.remove("a")
        assert spans(index.query(Document("c", f"{HARVEST}\nand\n{BRIDGE}\nmore"))) == [("b", "exact", 2, 3)]
        index.compact()
        assert spans(index.query(Document("c", f"{HARVEST}\nand\n{BRIDGE}\nmore"))) == [("b", "exact", 2, 3)]
        assert index.info().paragraphs == 3


class FullDiskError(Exception):
    """What goes wrong in these tests."""


def test_a_transaction_that_fails_leaves_no_paragraphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = pages(30, 3)
    with Index.open(tmp_path / "whole", paragraphs=True) as index:
        expected = index.admit_batch(several)
    commit = Storage.commit
    broken = [True]

    def failing(self: Storage, *arguments: Any) -> None:
        if broken[0] and self.folder.name == "seen" and self.state.ledger.count > 12:
            raise FullDiskError
        commit(self, *arguments)

    monkeypatch.setattr(storage.Storage, "commit", failing)
    index = Index.open(tmp_path / "seen", paragraphs=True)
    assert index.admit_batch(several[:12]) == expected[:12]
    with pytest.raises(FullDiskError):
        index.admit_batch([Document("page 5", "A text that takes the place of another one."), *several[12:20]])
    assert index.info().paragraphs is not None
    # The same process goes on where it was,
    broken[0] = False
    assert index.admit_batch(several[12:16]) == expected[12:16]
    broken[0] = True
    with pytest.raises(FullDiskError):
        index.admit_batch([Document("page 7", "A text that takes the place of another one."), *several[20:]])
    index.close()
    broken[0] = False
    # and so does one that opens the index after it has died.
    with Index.open(tmp_path / "seen", paragraphs=True) as index:
        assert index.admit_batch(several[16:]) == expected[16:]
        assert index.check() == []


def test_a_reader_sees_what_a_writer_adds(tmp_path: Path) -> None:
    with Index.open(tmp_path / "seen", paragraphs=True) as writer:
        writer.admit(Document("a", BRIDGE))
        with Index.open(tmp_path / "seen", read_only=True) as reader:
            assert spans(reader.query(Document("c", f"{HARVEST}\nand\n{BRIDGE}"))) == [("a", "exact", 1, 3)]
            writer.admit(Document("b", HARVEST))
            assert spans(reader.query(Document("c", f"{HARVEST}\nand\n{BRIDGE}"))) == [
                ("b", "exact", 1, 1),
                ("a", "exact", 1, 3),
            ]


def test_many_paragraphs_at_once_go_in_by_several_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = pages(40, 5)
    with Index.open(tmp_path / "whole", paragraphs=True) as index:
        expected = index.admit_batch(several)
    monkeypatch.setattr("dedup.index.paragraphs._AT_ONCE", 7)
    monkeypatch.setattr("dedup.index.paragraphs._RANKS_AT_ONCE", 3)
    monkeypatch.setattr(storage, "FLUSH_DOCUMENTS", 10)
    with Index.open(tmp_path / "seen", paragraphs=True, merge="now") as index:
        assert index.admit_batch(several) == expected
        assert index.expire(before=__import__("datetime").datetime.now().astimezone()) == len(several)
        assert index.info().paragraphs == 0


def test_columns_tell_the_same(tmp_path: Path) -> None:
    several = pages(12, 9)
    texts, ids = TextColumn.from_strings([each.text for each in several]), IdColumn.from_ids([e.id for e in several])
    with Index.open(tmp_path / "seen", paragraphs=True) as index:
        columns = index.admit_columns(texts, ids, same_id="new")
        assert columns.passages is not None
        assert len(columns.passages) > 0
        told = [decision.passages for decision in columns.decisions()]
    assert sum(map(len, told)) == len(columns.passages)


def test_opening_says_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keeps the texts"):
        Index.open(tmp_path / "seen", paragraphs=True, text=False)
    Index.open(tmp_path / "seen", paragraphs=True).close()
    with pytest.raises(ConfigError, match="was made with paragraphs"):
        Index.open(tmp_path / "seen", paragraphs=False)
    Index.open(tmp_path / "plain").close()
    with pytest.raises(ConfigError, match="was made without paragraphs"):
        Index.open(tmp_path / "plain", paragraphs=True)
