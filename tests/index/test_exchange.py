"""An index exchanges signatures with datasketch, and what it drops rests on texts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH

import dedup
from dedup import Config, ConfigError, Document, Index, Relation, SketchError
from dedup.index import admit_lsh, admit_minhashes, candidates, export_lsh, export_minhashes
from dedup.model import IdColumn, TextColumn
from tests.index.shared_client import story

DOCUMENTS = [
    Document("a", story(1)), Document(2, story(2)), Document("near a", story(1, 3)), Document("c", story(3)),
    Document("empty", ""), Document("short", "two words"),
]  # fmt: skip
KEPT = ["a", 2, "c", "empty", "short"]


@pytest.fixture(params=["disk", "disk without texts", "server", "server without texts"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    where, _, less = request.param.partition(" ")
    path = str(tmp_path / "seen") if where == "disk" else request.getfixturevalue("redis_server").url()
    with Index.open(path, text=not less) as opened:
        yield opened


def test_each_kept_document_has_the_minhash_of_its_text(index: Index) -> None:
    index.admit_batch(DOCUMENTS)
    index.admit(Document("gone", story(9)))
    index.remove("gone")
    texts = {document.id: document.text for document in DOCUMENTS}
    exported = list(export_minhashes(index))
    assert [document for document, _ in exported] == [each for each in KEPT if each != "empty"]
    for document, minhash in exported:
        assert minhash == dedup.sketch(texts[document])


def test_a_lsh_from_here_finds_what_the_index_finds(index: Index) -> None:
    index.admit_batch(DOCUMENTS)
    lsh = export_lsh(index)
    assert (lsh.b, lsh.r) == index.config.banding
    assert sorted(map(str, lsh.keys)) == ["2", "a", "c", "short"]
    assert lsh.query(dedup.sketch(story(1, 2))) == ["a"]
    assert lsh.query(dedup.sketch(story(8))) == []


def test_of_several_documents_with_one_id_the_first_is_exported(index: Index) -> None:
    texts, ids = TextColumn.from_strings([story(1), story(2)]), IdColumn.from_ids(["a", "a"])
    index.admit_columns(texts, ids, same_id="new")
    assert len(list(export_minhashes(index))) == 2
    assert export_lsh(index).query(dedup.sketch(story(1))) == ["a"]
    assert export_lsh(index).query(dedup.sketch(story(2))) == []


@pytest.mark.parametrize("where", ["disk", "server"])
def test_a_minhash_without_a_text_has_candidates_and_drops_nothing(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = str(tmp_path / "seen") if where == "disk" else request.getfixturevalue("redis_server").url()
    with Index.open(path, Config(permutations="datasketch")) as index:
        assert_a_minhash_has_candidates(index)


def test_an_index_of_other_permutations_says_so_of_a_minhash(index: Index) -> None:
    with pytest.raises(ConfigError, match="create an index with permutations 'datasketch'"):
        candidates(index, dedup.sketch(story(1)))


def assert_a_minhash_has_candidates(index: Index) -> None:
    index.admit_batch([*DOCUMENTS, Document("like a", story(1) + " " + story(7)[:100])])
    minhash = dedup.sketch(story(1, 2))
    for asked in (minhash, LeanMinHash(minhash)):
        found = candidates(index, asked)
        assert found[0].document == "a"
        assert found[0].estimate == dedup.sketch(story(1)).jaccard(minhash)
        assert [each.estimate for each in found] == sorted((each.estimate for each in found), reverse=True)
        assert "near a" not in [each.document for each in found]
    assert candidates(index, dedup.sketch(story(8))) == []
    assert len(index) == len(DOCUMENTS) + 1


def test_documents_that_come_with_signatures_are_admitted_as_all_are(index: Index) -> None:
    sketched = [(each, dedup.sketch(each.text)) for each in DOCUMENTS[:3]]
    sketched.append((DOCUMENTS[3], LeanMinHash(dedup.sketch(DOCUMENTS[3].text))))
    decisions = admit_minhashes(index, sketched)
    assert [(each.document, each.keep, each.representative) for each in decisions] == [
        ("a", True, None), (2, True, None), ("near a", False, "a"), ("c", True, None),
    ]  # fmt: skip
    assert decisions[2].resemblance is not None


def test_a_lsh_is_taken_with_the_texts_and_what_is_left_over_is_named(index: Index) -> None:
    lsh = MinHashLSH(threshold=0.5, num_perm=128)
    for document in DOCUMENTS[:3]:
        lsh.insert(document.id, dedup.sketch(document.text))
    imported = admit_lsh(index, lsh, DOCUMENTS[1:])
    assert [(each.document, each.keep) for each in imported.decisions] == [(2, True), ("near a", True)]
    assert imported.unknown == ("c", "empty", "short")
    assert imported.without_text == ("a",)
    assert len(index) == 2


def test_a_lsh_that_hashes_its_bands_is_read_too(index: Index) -> None:
    lsh = MinHashLSH(num_perm=128, params=(10, 12), hashfunc=lambda piece: piece[:4])
    lsh.insert("a", dedup.sketch(story(1)))
    assert admit_lsh(index, lsh, [Document("a", story(1))]).decisions[0].keep
    with pytest.raises(SketchError, match="'a' is not that of its text"):
        admit_lsh(index, lsh, [Document("a", story(2))])


@pytest.mark.parametrize(
    ("minhash", "message"),
    [
        (MinHash(num_perm=128, seed=1, scheme="legacy"), "scheme 'legacy'"),
        (MinHash(num_perm=128, seed=2, scheme="affine32"), "seed 2"),
        (MinHash(num_perm=64, seed=1, scheme="affine32"), "64 permutations"),
        (MinHash(num_perm=128, seed=1, scheme="affine32"), "'b' is not that of its text"),
    ],
)
def test_signatures_that_do_not_fit_are_refused_before_anything_is_admitted(
    tmp_path: Path, minhash: MinHash, message: str
) -> None:
    minhash.update(b"one word after the other")
    with Index.open(tmp_path / "seen", Config(permutations="datasketch")) as index:
        with pytest.raises(SketchError, match=message):
            admit_minhashes(
                index, [(Document("a", story(1)), dedup.sketch(story(1))), (Document("b", story(2)), minhash)]
            )
        if "text" not in message:
            with pytest.raises(SketchError, match=message):
                candidates(index, minhash)
        assert len(index) == 0


def test_a_lsh_that_does_not_fit_is_refused_before_anything_is_admitted(tmp_path: Path) -> None:
    legacy, short = MinHashLSH(num_perm=128), MinHashLSH(num_perm=64)
    legacy.insert("a", MinHash(num_perm=128, scheme="legacy"))
    seeded = MinHashLSH(num_perm=128)
    seeded.insert("a", dedup.sketch(story(1), Config(seed=2)))
    pickled = MinHashLSH(num_perm=128, prepickle=True)
    with Index.open(tmp_path / "seen") as index:
        for lsh, message in (
            (legacy, "scheme 'legacy'"), (short, "of 64 permutations"), (seeded, "another seed"), (pickled, "pickles"),
        ):  # fmt: skip
            with pytest.raises(SketchError, match=message):
                admit_lsh(index, lsh, [Document("a", story(1))])
        assert len(index) == 0


@pytest.mark.parametrize("where", ["disk", "server"])
def test_an_index_without_buckets_has_no_candidates(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = str(tmp_path / "seen") if where == "disk" else request.getfixturevalue("redis_server").url()
    with Index.open(path, Config(relations=(Relation.EXACT,), permutations="datasketch")) as index:
        index.admit(Document("a", story(1)))
        assert len(list(export_minhashes(index))) == 1
        with pytest.raises(ConfigError, match="buckets of 'near'"):
            candidates(index, dedup.sketch(story(1)))


def test_what_is_exported_is_of_the_moment_it_began_but_for_what_is_removed(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("embedded", "shared"):
        monkeypatch.setattr(f"dedup.index.{module}.AT_ONCE", 3)
    index.admit_batch([Document(number, story(number)) for number in range(9)])
    exporting = export_minhashes(index)
    first = next(exporting)
    index.remove(5)
    index.compact()
    index.admit(Document("late", story(20)))
    assert [first[0], *(document for document, _ in exporting)] == [0, 1, 2, 3, 4, 6, 7, 8]
    assert np.array_equal(first[1].hashvalues, dedup.sketch(story(0)).hashvalues)
