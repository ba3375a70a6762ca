"""Rewrites in an index: the decisions of a batch scan, however documents are cut, ordered, removed and stored."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from dedup import Config, ConfigError, Decision, Document, Index, Relation, StoreError, scan
from dedup.candidates import anchors
from dedup.index import rewrite_pairs, storage
from dedup.scanning.rewrite_background import (
    background_from_bytes,
    background_to_bytes,
    shipped_background,
)
from tests.index.corpus import explained
from tests.index.rewordings import CONFIG, backgrounds, renamed, rephrased, stories
from tests.index.test_faults import answer_of
from tests.index.test_one_answer import admitted


def opened(path: Path, config: Config = CONFIG, *, drop: bool = False) -> Index:
    """An index that looks for rewrites."""
    background, rewrites = backgrounds()
    return Index.open(path, config, background=background, rewrites=rewrites, drop_rewrites=drop, merge="now")


def of_batch(documents: Sequence[Document], config: Config = CONFIG) -> list[Decision]:
    """The decisions of a batch scan, with the earliest document that each kept one rewords."""
    background, rewrites = backgrounds()
    report = scan(documents, config, background=background, rewrites=rewrites)
    order = {document.id: place for place, document in enumerate(documents)}
    earliest: dict[str | int, Decision] = {}
    for match in report.matches:
        if match.relation is not Relation.REWRITE:
            continue
        assert match.right is not None
        left, right = match.left.document, match.right.document
        assert left is not None
        assert right is not None
        known = earliest.get(right)
        if known is None or order[left] < order[known.representative]:  # type: ignore[index]
            earliest[right] = Decision(
                right, True, "rewrite", left, Relation.REWRITE, match.resemblance, match.containment, match.cosine,
                score=match.score,
            )  # fmt: skip
    kept = [Decision(each.document, keep=True, reason="unique") if each.keep else each for each in report.decisions]
    return [earliest.get(each.document, each) for each in kept]


def plainly(decisions: Sequence[Decision]) -> list[Decision]:
    """Numbers that need not agree in their last bits, to twelve places; all that are merely kept alike."""

    def near(value: float | None) -> float | None:
        return None if value is None else round(value, 11)

    return [
        replace(each, cosine=near(each.cosine), score=near(each.score))
        if each.relation is not None
        else Decision(each.document, keep=each.keep, reason="unique")
        for each in decisions
    ]


def count(decisions: Sequence[Decision]) -> int:
    """How many reword another."""
    return sum(each.relation is Relation.REWRITE for each in decisions)


@pytest.mark.parametrize(
    ("cuts", "flush", "cap", "seed"),
    [([100], 1000, 1000, 1), ([1], 7, 1000, 1), ([1, 30, 4], 20, 5, 2), ([40, 1, 1], 1, 12, 3), ([17, 3], 30, 20, 4)],
)
def test_decisions_are_those_of_a_batch_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: list[int], flush: int, cap: int, seed: int
) -> None:
    documents = stories(90, seed)
    Random(seed).shuffle(documents)  # noqa: S311 - no secret
    monkeypatch.setattr(storage, "FLUSH_DOCUMENTS", flush)
    monkeypatch.setattr(storage, "_SMALLEST", 4)
    for module in (anchors, rewrite_pairs):
        monkeypatch.setattr(module, "POSTINGS_READ", cap)
    expected = plainly(of_batch(documents))
    assert count(expected) > 5
    with opened(tmp_path / "seen") as index:
        found = admitted(index, documents, cuts)
        assert plainly(found) == expected
        # Told again as it was recorded, by whoever asks.
        assert index.admit_batch(documents) == found
        assert index.check() == []
        known = [index.explain(document.id) for document in documents]
        index.compact()
        assert [index.explain(document.id) for document in documents] == known
        asked = [index.query(document) for document in rephrased(documents[:20])]
    with Index.open(tmp_path / "seen", read_only=True) as reader:
        assert [reader.explain(document.id) for document in documents] == known
        assert [reader.query(document) for document in rephrased(documents[:20])] == asked
    for decision, explanation in zip(found, known, strict=True):
        assert explanation is not None
        if decision.relation is Relation.REWRITE:
            assert explanation.decision == decision
            assert explanation.representative_text is not None


def test_a_query_is_what_admit_would_say(tmp_path: Path) -> None:
    documents = stories(60)
    with opened(tmp_path / "seen") as index:
        for document in documents:
            asked = index.query(document)
            assert index.admit(document) == asked


@pytest.mark.parametrize("compacted", [False, True])
def test_what_is_removed_is_no_candidate_and_no_cap_counts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compacted: bool
) -> None:
    for module in (anchors, rewrite_pairs):
        monkeypatch.setattr(module, "POSTINGS_READ", 6)
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 25)
    documents = stories(120)
    first, gone, last = documents[:40], documents[40:70], documents[70:]
    with opened(tmp_path / "seen") as index:
        index.add(first)
        index.add(gone)
        for document in gone:
            index.remove(document.id)
        if compacted:
            index.compact()
        found = index.admit_batch(last)
        one_by_one = [index.query(document) for document in rephrased(last[:15])]
    with opened(tmp_path / "other") as other:
        other.add(first)
        assert other.admit_batch(last) == found
        assert [other.query(document) for document in rephrased(last[:15])] == one_by_one
    assert count(found) > 3
    names = {document.id for document in gone}
    assert not {each.representative for each in found} & names


def test_a_reworded_document_that_is_removed_is_gone_and_the_rewrite_says_so(tmp_path: Path) -> None:
    documents = stories(60)
    with opened(tmp_path / "seen") as index:
        rewrite = next(each for each in index.admit_batch(documents) if each.relation is Relation.REWRITE)
        assert rewrite.representative is not None
        index.remove(rewrite.representative)
        explanation = index.explain(rewrite.document)
        assert explanation is not None
        assert (explanation.representative_gone, explanation.representative_text) == (True, None)
        assert (explanation.decision.relation, explanation.decision.score) == (Relation.REWRITE, rewrite.score)
        again = index.admit(next(each for each in documents if each.id == rewrite.document))
        assert again == replace(rewrite, representative=None)


# Dropping


@pytest.mark.parametrize("cuts", [[1], [60], [7, 1, 20]])
def test_rewrites_are_dropped_for_kept_documents_alone_however_the_input_is_cut(
    tmp_path: Path, cuts: list[int]
) -> None:
    documents = [*stories(60, 2), *renamed(stories(60, 2))]
    with opened(tmp_path / "one", drop=True) as one:
        expected = [one.admit(document) for document in documents]
        known = explained(one, documents)
    with opened(tmp_path / "seen", drop=True) as index:
        found = admitted(index, documents, cuts)
        assert found == expected
        assert explained(index, documents) == known
        assert index.admit_batch(documents) == expected
    kept = {each.document for each in found if each.keep}
    assert {each.representative for each in found if not each.keep} <= kept
    assert not any(each.keep for each in found if each.relation is not None)
    # An exact copy of a dropped rewrite is dropped for the same document, as the same.
    dropped = {each.document: each for each in found if each.relation is Relation.REWRITE}
    copies = [each for each in dropped.values() if str(each.document).startswith("again")]
    assert len(dropped) > 10
    assert copies
    assert all(each.score is not None and each.score >= CONFIG.min_score for each in dropped.values())


def test_whether_rewrites_are_dropped_may_differ_from_one_opening_to_the_next(tmp_path: Path) -> None:
    documents = stories(60)
    with opened(tmp_path / "seen") as index:
        decisions = index.admit_batch(documents)
    with opened(tmp_path / "seen", drop=True) as index:
        again = index.admit_batch([Document(f"new {each.id}", each.text + " indeed so") for each in documents])
        assert explained(index, documents)[5] is not None
    assert {each.keep for each in decisions if each.relation is Relation.REWRITE} == {True}
    assert {each.keep for each in again if each.relation is Relation.REWRITE} <= {False}


# What is fixed when an index is made


def test_rewrites_are_looked_for_where_relations_name_them(tmp_path: Path) -> None:
    with Index.open(tmp_path / "default", Config()) as index:
        assert Relation.REWRITE not in index.config.relations
    with Index.open(tmp_path / "seen", CONFIG) as index:
        assert index.config.relations == CONFIG.relations
    with pytest.raises(ConfigError, match="relations exact, near, contains, rewrite, not exact, near, contains"):
        Index.open(tmp_path / "seen", Config(min_score=0.5))
    with pytest.raises(ConfigError, match="relations exact, near, contains, not exact, near, contains, rewrite"):
        Index.open(tmp_path / "default", replace(CONFIG, min_score=0.8))
    with pytest.raises(
        ConfigError, match="was made with relations exact, near, contains and finds no rewrites to drop"
    ):
        Index.open(tmp_path / "default", drop_rewrites=True)
    with pytest.raises(ConfigError, match="name the relation 'rewrite', too"):
        Index.open(tmp_path / "new", Config(), drop_rewrites=True)
    with pytest.raises(ConfigError, match="no background for rewrites"):
        Index.open(tmp_path / "default", rewrites=backgrounds()[1])
    with pytest.raises(ConfigError, match=f"has the background {shipped_background().fingerprint} for rewrites"):
        Index.open(tmp_path / "seen", rewrites=backgrounds()[1])
    assert not (tmp_path / "new").exists()


def test_an_index_without_texts_finds_no_rewrites_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rewrites are confirmed by the texts"):
        Index.open(tmp_path / "seen", CONFIG, text=False)
    assert not (tmp_path / "seen").exists()


def test_a_background_is_the_same_when_it_was_stored() -> None:
    _, rewrites = backgrounds()
    data = background_to_bytes(rewrites)
    assert background_from_bytes(data).fingerprint == rewrites.fingerprint
    assert rewrites.fingerprint != shipped_background().fingerprint


def test_the_shipped_background_serves_the_first_two_documents(tmp_path: Path) -> None:
    from tests.scanning.test_rewrites import REWRITE, SAME_EVENT, SOURCE

    with Index.open(tmp_path / "seen", replace(CONFIG, min_score=0.8)) as index:
        decisions = index.admit_batch([Document("a", SOURCE), Document("b", SAME_EVENT), Document("c", REWRITE)])
        explanation = index.explain("c")
    assert [(each.relation, each.representative) for each in decisions] == [
        (None, None), (None, None), (Relation.REWRITE, "a"),
    ]  # fmt: skip
    assert explanation is not None
    assert {"Ketterlin", "Adelheid", "Vassbotn"} <= set(explanation.anchors)


# Faults


@pytest.mark.parametrize("section", ["anchor ranks", "anchor elsewhere", "anchor strengths", "anchor keys", "postings"])
def test_a_flipped_bit_among_anchors_is_found_before_a_wrong_answer(tmp_path: Path, section: str) -> None:
    documents = stories(80)
    with opened(tmp_path / "seen") as index:
        index.admit_batch(documents)
        index.compact()
        expected = [index.query(document) for document in rephrased(documents)]
        (segment,) = index._storage.state.segments  # type: ignore[attr-defined]
        _, first, items = segment.layout.sections[section]
        name = segment.path.name
    assert items
    shutil.copytree(tmp_path / "seen", tmp_path / "spoilt")
    file = tmp_path / "spoilt" / name
    data = bytearray(file.read_bytes())
    data[8 * first + 5] ^= 4
    file.write_bytes(data)
    noticed = 0
    with Index.open(tmp_path / "spoilt", read_only=True) as index:
        for document, right in zip(rephrased(documents), expected, strict=True):
            answer = answer_of(index, document)
            assert answer in ([right], [])
            noticed += answer == []
        assert any(name in problem for problem in index.check())
    assert noticed


def test_what_is_not_committed_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = stories(60)
    with opened(tmp_path / "one") as one:
        expected = [*one.admit_batch(documents[:30]), *one.admit_batch(documents[30:])]

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with opened(tmp_path / "seen") as index:
        found = index.admit_batch(documents[:30])
        with monkeypatch.context() as patch:
            patch.setattr(storage, "FLUSH_AT_ONCE", 10)
            patch.setattr(os, "fsync", full)
            with pytest.raises(StoreError, match="the disk is full"):
                index.admit_batch(documents[30:])
        assert found + index.admit_batch(documents[30:]) == expected


def test_texts_of_odd_characters_are_judged_like_others(tmp_path: Path) -> None:
    odd = ["\0" * 40, "\ud800 " * 30, "a " * 3000, " ".join(map(chr, range(0x4E00, 0x4E80))), "ß" * 10_000, ""]
    generator = np.random.default_rng(3)
    odd += ["".join(map(chr, generator.integers(1, 0x3000, 200).tolist())) for _ in range(12)]
    documents = [Document(number, text) for number, text in enumerate([*odd, *reversed(odd)])]
    with opened(tmp_path / "seen") as index, opened(tmp_path / "other") as other:
        assert index.admit_batch(documents) == [other.admit(document) for document in documents]
