"""What an index does with documents: admit, ask, replace, remove, expire, and tell."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from dedup import Config, Document, Index, Relation, StoreError
from dedup.index import storage
from dedup.model import IdColumn, TextColumn
from tests.index.corpus import documents, explained, family, storage_of
from tests.scanning.snapshot import background_of

TEXT = "The council met on Monday to decide about the copper bridge over the northern river"
NEAR = TEXT + " again"
OTHER = "A harvest of yellow paper was brought to the island market by nine engines in winter"


def columns(several: list[Document]) -> tuple[TextColumn, IdColumn]:
    return TextColumn.from_strings([each.text for each in several]), IdColumn.from_ids([each.id for each in several])


PAIRS = Config(relations=(Relation.EXACT, Relation.NEAR, Relation.CONTAINS))


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "seen", PAIRS) as index:
        yield index


@pytest.fixture(params=["disk", "server"])
def index(request: pytest.FixtureRequest) -> Iterator[Index]:
    """An index on the disk, and one on a Redis server: what is said of the one holds for the other."""
    if request.param == "disk":
        yield request.getfixturevalue("on_disk")
        return
    with Index.open(request.getfixturevalue("redis_server").url(), PAIRS) as index:
        yield index


def test_a_decision_names_relation_representative_and_scores(index: Index) -> None:
    first = index.admit(Document("a", TEXT))
    assert (first.document, first.keep, first.reason, first.representative) == ("a", True, "unique", None)
    near = index.admit(Document(2, NEAR))
    assert (near.keep, near.reason, near.relation, near.representative) == (False, "near", Relation.NEAR, "a")
    assert near.resemblance == pytest.approx(11 / 12)
    assert near.containment == pytest.approx((1.0, 11 / 12))
    exact = index.admit(Document("c", TEXT.upper()))
    assert (exact.reason, exact.representative, exact.cosine) == ("exact", "a", 1.0)
    # A copy of a dropped document is dropped for what that one was dropped for.
    again = index.admit(Document("d", NEAR.upper()))
    assert (again.relation, again.representative, again.resemblance) == (Relation.NEAR, "a", near.resemblance)
    assert index.admit(Document("e", "two words")).reason == "short"
    assert index.admit(Document("f", "…")).reason == "empty"
    assert len(index) == 6


def test_the_same_id_with_the_same_text_has_the_decision_that_it_had(index: Index) -> None:
    several = documents(40)
    decisions = index.admit_batch(several)
    assert index.admit_batch(several[::-1]) == decisions[::-1]
    assert [index.admit(each) for each in several] == decisions
    result = index.admit_columns(*columns(several))
    assert result.again.all()
    assert list(result.decisions()) == decisions
    assert len(index) == len(several)


def test_the_same_id_with_another_text_takes_the_place_of_the_earlier(index: Index) -> None:
    index.admit(Document("a", TEXT))
    assert index.admit(Document("a", OTHER)).keep
    # What it was is no more: nobody is dropped for it.
    assert index.admit(Document("b", NEAR)).reason == "unique"
    assert index.admit(Document("c", OTHER)).representative == "a"
    assert len(index) == 3
    # A new version of a page is not dropped for the one whose place it takes.
    assert index.admit(Document("a", OTHER + " today")).keep


@pytest.mark.parametrize("cuts", [(1,), (2, 3), (100,)])
def test_replacing_and_repeating_within_a_batch_is_as_one_by_one(tmp_path: Path, cuts: tuple[int, ...]) -> None:
    generator = np.random.default_rng(5)
    several = [Document(int(generator.integers(0, 12)), each.text) for each in documents(60)]
    with Index.open(tmp_path / "one") as one:
        expected = [one.admit(each) for each in several]
        known = explained(one, [Document(number, "") for number in range(12)])
    with Index.open(tmp_path / "other") as other:
        found, place, turn = [], 0, 0
        while place < len(several):
            found += other.admit_batch(several[place : place + cuts[turn % len(cuts)]])
            place, turn = place + cuts[turn % len(cuts)], turn + 1
        assert explained(other, [Document(number, "") for number in range(12)]) == known
    assert found == expected


def test_ids_are_told_apart_by_type_and_to_the_last_character(index: Index) -> None:
    ids: list[str | int] = [1, "1", "01", "", "\ud800", "\udfff", "\ud800\udfff", "é", "e\u0301", "\0", 2**70]
    texts = [documents(len(ids) + 20)[20 + place].text + f" unlike{place}" for place in range(len(ids))]
    index.admit_batch([Document(each, text) for each, text in zip(ids, texts, strict=True)])
    for each, text in zip(ids, texts, strict=True):
        found = index.explain(each)
        assert found is not None
        assert (found.decision.document, found.text) == (each, text)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (Document(None, TEXT), "an id is a string or an integer, not None"),  # type: ignore[arg-type]
        (Document(1.5, TEXT), "not 1.5"),  # type: ignore[arg-type]
        (Document(True, TEXT), "not True"),
        (Document(b"a", TEXT), "not b'a'"),  # type: ignore[arg-type]
        (Document(["a"], TEXT), r"not \['a'\]"),  # type: ignore[arg-type]
        (Document("a", None), "document 'a': its text is a string, not a NoneType"),  # type: ignore[arg-type]
        ({"id": 1, "text": TEXT}, "not a dict"),
    ],
)
def test_what_is_no_document_is_refused_and_nothing_of_its_batch_is_in(index: Index, odd: Document, said: str) -> None:
    for admit in (lambda: index.admit(odd), lambda: index.admit_batch([Document(1, TEXT), odd])):
        with pytest.raises(TypeError, match=said):
            admit()
    assert len(index) == 0


def test_documents_may_be_like_any_other_whatever_their_id(index: Index) -> None:
    several = [Document("page", TEXT), Document("page", TEXT), Document("page", OTHER), Document("page", NEAR)]
    found = index.admit_columns(*columns(several), same_id="new")
    assert [each.reason for each in found.decisions()] == ["unique", "exact", "unique", "near"]
    assert len(index) == 4
    assert index.remove("page")
    assert len(index) == 0


def test_a_query_is_what_admit_would_say_and_changes_nothing(index: Index) -> None:
    several = documents(30)
    for each in several:
        asked = index.query(each)
        assert index.query(each) == asked
        assert index.admit(each) == asked
    changed = Document(several[3].id, OTHER)
    asked = index.query(changed)
    assert explained(index, [several[3]])[0] is not None
    assert len(index) == len(several)
    assert index.admit(changed) == asked


def test_what_is_removed_drops_nobody_and_its_copies_say_that_it_is_gone(index: Index) -> None:
    index.admit_batch([Document("a", TEXT), Document("b", NEAR), Document("c", OTHER)])
    before = index.explain("b")
    assert before is not None
    assert (before.decision.representative, before.representative_gone) == ("a", False)
    assert (before.text, before.representative_text) == (NEAR, TEXT)
    assert index.remove("a")
    assert not index.remove("a")
    assert index.explain("a") is None
    for _ in range(2):
        gone = index.explain("b")
        assert gone is not None
        assert (gone.decision.keep, gone.decision.representative) == (False, None)
        assert (gone.representative_gone, gone.representative_text) == (True, None)
        # Nobody who is kept holds it: neither a dropped document nor one that is gone.
        assert index.query(Document("d", TEXT)).keep
        assert index.query(Document("d", NEAR)).keep
        index.compact()
    assert index.admit(Document("d", NEAR)).keep
    assert index.admit(Document("e", NEAR.upper())).representative == "d"


@pytest.mark.parametrize("compacted", [False, True])
def test_caps_count_who_is_there_compacted_or_not(tmp_path: Path, compacted: bool) -> None:
    config = Config(bucket_cap=3, bucket_links=1, posting_cap=1, threshold=0.8)
    several = family(40)
    with Index.open(tmp_path / "seen", config) as index:
        index.add(several[:20])
        for each in several[:10]:
            index.remove(each.id)
        if compacted:
            index.compact()
        decisions = index.admit_batch(several[20:])
    with Index.open(tmp_path / "other", config) as other:
        other.add(several[10:20])
        expected = other.admit_batch(several[20:])
    assert decisions == expected
    assert {each.representative for each in decisions} == {several[10].id}


def test_documents_expire_by_the_date_they_were_admitted_at_whatever_their_order(index: Index) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    several = documents(12)
    # A clock that jumps back and forth.
    dates = [now + timedelta(days=(7 * number) % 12) for number in range(12)]
    for each, date in zip(several, dates, strict=True):
        index.admit(each, admitted=date)
    moment = now + timedelta(days=5)
    assert index.expire(moment) == 5
    assert [index.explain(each.id) is None for each in several] == [date < moment for date in dates]
    found = index.explain(several[1].id)
    assert found is not None
    assert found.admitted == dates[1].timestamp()
    index.compact()
    assert len(index) == 7
    assert index.info().removed == 0


def test_a_moment_without_a_zone_is_one_of_utc(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XXX+9")
    time.tzset()
    try:
        index.admit(Document("a", TEXT), admitted=datetime(2026, 5, 1, 12))
        found = index.explain("a")
        assert found is not None
        assert found.admitted == datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
        assert index.expire(datetime(2026, 5, 1, 12)) == 0
        assert index.expire(datetime(1, 1, 1)) == 0
        assert index.expire(datetime(2026, 5, 1, 12, 1)) == 1
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_added_is_kept_and_later_ones_are_dropped_for_it(index: Index) -> None:
    published = [Document("a", TEXT), Document("b", NEAR), Document("c", TEXT)]
    assert index.add(published) == 3
    assert index.add(published) == 0
    assert all(decision is not None and decision.keep for decision in explained(index, published))
    assert index.admit(Document("d", NEAR.upper())).representative == "b"


def test_marks_are_stored_with_a_batch_or_not_at_all(on_disk: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_disk.mark("run") is None
    on_disk.admit_batch(documents(5), mark=("run", b"\x005"))
    on_disk.admit_columns(*columns([]), mark=("other", b""))
    assert (on_disk.mark("run"), on_disk.mark("other")) == (b"\x005", b"")

    def fail(*arguments: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(type(storage_of(on_disk).catalogue), "set_mark", fail)
    with pytest.raises(OSError, match="no"):
        on_disk.admit_batch(documents(9), mark=("run", b"9"))
    monkeypatch.undo()
    assert (len(on_disk), on_disk.mark("run")) == (5, b"\x005")
    # What is in memory is what is on the disk.
    assert on_disk.admit_batch(documents(9)) == on_disk.admit_batch(documents(9))
    assert len(on_disk) == 9


@pytest.mark.parametrize("text", [True, False])
def test_refitting_gives_the_background_of_a_scan_of_what_is_there(tmp_path: Path, text: bool) -> None:
    several = documents(50)
    with Index.open(tmp_path / "seen", text=text) as index:
        decisions = index.admit_batch(several)
        index.admit(Document("gone", OTHER))
        index.remove("gone")
        assert index.refit().fingerprint == background_of(several, index.config).fingerprint
        assert index.admit_batch(several) == decisions
    with Index.open(tmp_path / "seen", background=background_of(several, Config())) as index:
        assert index.info().background == index.background.fingerprint
    with Index.open(tmp_path / "empty") as index:
        assert index.refit().documents == 0


def test_without_texts_only_the_texts_are_missing(tmp_path: Path) -> None:
    several = documents(40)
    with Index.open(tmp_path / "one") as one, Index.open(tmp_path / "other", text=False) as other:
        assert other.admit_batch(several) == one.admit_batch(several)
        other.compact()
        assert explained(one, several) == explained(other, several)
        found = other.explain(several[0].id)
        assert found is not None
        assert (found.text, found.representative_text) == (None, None)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "other").iterdir())
    assert several[0].text.split()[0].encode() not in stored


def test_info_counts_what_is_there(on_disk: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    several = documents(30)
    decisions = on_disk.admit_batch(several)
    info = on_disk.info()
    kept = sum(each.keep for each in decisions)
    assert (info.documents, info.kept, info.dropped) == (30, kept, 30 - kept)
    assert (info.tail, info.segments, info.posting_bytes, info.text_bytes) == (30, 0, 0, 0)
    on_disk.remove(several[0].id)
    assert on_disk.info().removed == 1
    on_disk.compact()
    info = on_disk.info()
    assert (info.documents, info.removed, info.tail, info.segments) == (29, 0, 0, 1)
    assert info.posting_bytes > 29 * 4 * on_disk.config.banding[0]
    assert info.bytes > info.posting_bytes + info.text_bytes
    assert info.config == on_disk.config.fingerprint


@pytest.mark.parametrize("same_id", ["recorded", "new"])
def test_a_batch_larger_than_a_slice_is_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_id: Literal["recorded", "new"]
) -> None:
    from dedup.index import admitting

    several = documents(60)
    with Index.open(tmp_path / "one") as one:
        expected = list(one.admit_columns(*columns(several), same_id=same_id).decisions())
    monkeypatch.setattr(admitting, "_SLICE_DOCUMENTS", 7)
    monkeypatch.setattr(admitting, "_SLICE_BYTES", 600)
    monkeypatch.setattr(storage, "FLUSH_AT_ONCE", 50)
    with Index.open(tmp_path / "other") as other:
        assert list(other.admit_columns(*columns(several), same_id=same_id).decisions()) == expected
        assert other.info().segments == 1


def test_a_closed_index_and_a_reader_say_what_they_do_not_do(on_disk: Index) -> None:
    path = storage_of(on_disk).folder
    with Index.open(path, read_only=True) as reader:
        for write in (
            lambda: reader.admit(Document(1, TEXT)),
            lambda: reader.admit_batch([]),
            lambda: reader.remove(1),
            lambda: reader.expire(datetime.now(UTC)),
            reader.compact,
            reader.refit,
        ):
            with pytest.raises(StoreError, match="opened read-only"):
                write()
    on_disk.close()
    on_disk.close()
    for use in (
        lambda: on_disk.admit(Document(1, TEXT)),
        lambda: on_disk.query(Document(1, TEXT)),
        lambda: on_disk.mark("a"),
    ):
        with pytest.raises(StoreError, match="is closed"):
            use()
