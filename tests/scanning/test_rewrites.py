"""Rewrites through the whole scan: found, told from reports of the same event, the same however they are looked for."""

import re
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from dedup import Config, Document, Report
from dedup.candidates import anchors
from dedup.model import Level, Relation
from dedup.scanning import pairs, rewrite_candidates, rewrite_findings, scan
from tests.scanning.snapshot import everything

SOURCE = (
    "The harbour authority of Grimsund said on Tuesday that the Ketterlin lighthouse, built in 1874, will be repaired "
    "after storm Adelheid tore away part of its gallery. Engineer Ingrid Vassbotn estimates the cost at 4.2 million "
    "crowns, of which the foundation Havfyr will pay a third. Ferries to Ostrevik are to run again from Thursday."
)
REWRITE = (
    "Repairs are coming to the Ketterlin lighthouse from 1874: storm Adelheid ripped off a section of the gallery, and "
    "according to Grimsund's harbour authority the work should begin soon. A third of the bill, put at 4.2 million "
    "crowns by the engineer Ingrid Vassbotn, falls to the Havfyr foundation. From Thursday one can take the Ostrevik "
    "ferry again."
)
SAME_EVENT = (
    "Fishermen in Grimsund lost eleven boats when storm Adelheid reached the coast on Monday night. The town's mayor, "
    "Torvald Helle, asked the government for help and called the damage the worst in fifty years. Schools stay closed "
    "until the power lines have been inspected, and the railway to Lunnvik has no trains before the weekend."
)
CONFIG = Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT)

_SYLLABLES = ("ka", "ri", "mo", "ten", "sul", "va", "lor", "ek", "dan", "pi", "gru", "nas", "wol", "ith", "bre", "quo")
_COMMON = [
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "that",
    "it",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "his",
    "they",
    "at",
    "be",
    "this",
    "from",
    "have",
    "or",
    "by",
    "one",
    "had",
    "not",
    "but",
    "what",
]


def filler(count: int, seed: int = 1, n_words: int = 6000) -> list[Document]:
    """Documents that have their common words in common, and of their rare ones few."""
    generator = Random(seed)  # noqa: S311
    vocabulary = ["".join(generator.choices(_SYLLABLES, k=3)) for _ in range(n_words)]
    texts = []
    for _ in range(count):
        words = [
            generator.choice(_COMMON) if generator.random() < 0.5 else generator.choice(vocabulary) for _ in range(60)
        ]
        texts.append(" ".join(words))
    return [Document(f"filler {number}", text) for number, text in enumerate(texts)]


@cache
def documents(count: int = 300) -> tuple[Document, ...]:
    """A source, its rewrite and another report of the event, among others."""
    others = filler(count)
    third = count // 3
    return (
        *others[:third],
        Document("source", SOURCE),
        *others[third : 2 * third],
        Document("same event", SAME_EVENT),
        Document("rewrite", REWRITE),
        *others[2 * third :],
    )


@cache
def report() -> Report:
    return pairs(documents(), CONFIG)


def test_a_rewrite_is_found_with_its_scores_and_anchors() -> None:
    (match,) = report().matches
    assert match.relation is Relation.REWRITE
    assert match.right is not None
    assert (match.left.document, match.right.document) == ("source", "rewrite")
    assert match.score is not None
    assert match.score >= 0.9
    assert match.resemblance is not None
    assert match.resemblance < 0.1
    assert match.cosine is not None
    assert 0.2 < match.cosine < 1.0
    assert len(match.evidence.anchors) == len(set(match.evidence.anchors)) == rewrite_findings.MOST_ANCHORS
    for text in (SOURCE, REWRITE):
        assert set(match.evidence.anchors) <= set(re.findall(r"\w+", text))
    assert not set(match.evidence.anchors) & set(_COMMON)
    assert report().counts.matches == {"rewrite": 1}


def test_the_report_names_what_rewrites_rest_on() -> None:
    found = report()
    cosines, _, rewrites = found.background.partition("-")
    assert len(cosines) == len(rewrites) == 16
    assert pairs(documents()[::-1], CONFIG).background == found.background
    other = pairs([*documents(), *filler(40, seed=5)], CONFIG).background
    assert not {cosines, rewrites} & set(other.split("-"))
    without = pairs(documents(), Config(relations=(Relation.NEAR,), level=Level.DOCUMENT)).background
    assert without == cosines


def test_another_report_of_the_same_event_is_no_rewrite() -> None:
    found = pairs(documents(), Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT, min_score=0.2))
    sides = {str(side.document) for match in found.matches for side in (match.left, match.right) if side}
    assert "same event" not in sides


def test_the_least_score_is_that_of_the_configuration() -> None:
    (match,) = report().matches
    assert match.score is not None
    assert match.score < 1.0
    over = Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT, min_score=(1.0 + match.score) / 2)
    assert not pairs(documents(), over).matches


def test_scan_finds_it_among_everything_else() -> None:
    found = scan(documents())
    assert found.counts.matches == {"rewrite": 1}
    assert found.counts.dropped == 0


@pytest.mark.parametrize("find", [scan, pairs])
def test_workers_and_kernels_give_the_same(find: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(find)
    expected = everything(find(documents(120), CONFIG))
    assert expected[0]
    for kernels in ("numpy", "compiled"):
        for workers in (1, 3):
            monkeypatch.setenv("DEDUP_KERNELS", kernels)
            assert everything(find(documents(120), CONFIG, workers=workers)) == expected


def test_an_order_of_the_input_changes_who_is_earlier_and_no_verdict() -> None:
    found = pairs(documents()[::-1], CONFIG)
    (match,), (expected,) = found.matches, report().matches
    assert match.right is not None
    assert (match.left.document, match.right.document) == ("rewrite", "source")
    assert match.score == pytest.approx(expected.score, abs=1e-9)


def test_what_is_near_exact_or_contained_is_no_rewrite() -> None:
    others = documents()
    near = Document("near", SOURCE.replace("Tuesday", "Wednesday"))
    longer = Document("longer", f"{SOURCE} {SAME_EVENT} {others[0].text} {others[1].text}")
    found = pairs([*others, Document("copy", SOURCE), near, longer], CONFIG)
    sides = {(str(match.left.document), str(match.right.document)) for match in found.matches if match.right}
    assert ("source", "rewrite") in sides
    assert ("source", "near") not in sides
    assert ("source", "copy") not in sides
    assert ("source", "longer") not in sides


def test_of_copies_pairs_gives_every_pair_and_scan_the_kept_one() -> None:
    everybody = [*documents(), Document("copy", REWRITE)]
    every = pairs(everybody, CONFIG)
    ids = [(match.left.document, match.right.document if match.right else None) for match in every.matches]
    assert ids == [("source", "rewrite"), ("source", "copy")]
    assert len({match.score for match in every.matches}) == 1
    kept = scan(everybody, Config(relations=(Relation.EXACT, Relation.REWRITE), level=Level.DOCUMENT))
    assert kept.counts.matches == {"exact": 1, "rewrite": 1}


@pytest.mark.parametrize("count", [0, 1, 2, 5, 12])
def test_few_documents_are_no_error(count: int) -> None:
    found = pairs([*filler(count), Document("empty", ""), Document("odd", "\0\ud800 ")], CONFIG)
    assert not found.matches
    assert found.counts.read == count + 2


def test_one_word_over_and_over_costs_little() -> None:
    repeated = [Document(f"hostile {number}", f"{number} " + "echo " * 30_000) for number in range(3)]
    found = pairs([*documents(120), *repeated], CONFIG)
    assert ("source", "rewrite") in {
        (match.left.document, match.right.document) for match in found.matches if match.right
    }


def test_what_was_capped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert report().counts.capped_postings == 0
    monkeypatch.setattr(anchors, "POSTINGS_READ", 3)
    assert pairs(documents(), CONFIG).counts.capped_postings > 0


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrite_candidates, "_QUERIES", 7)
    monkeypatch.setattr(rewrite_candidates, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(rewrite_findings, "_BLOCK_BYTES", 100)
    assert everything(pairs(documents(), CONFIG)) == everything(report())


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffled_input_has_the_same_pairs_and_scores(seed: int) -> None:
    # The same words in another order: of two texts of one length either may come first.
    turned = Document("turned", " ".join(reversed(SOURCE.split())))
    everybody = [*documents(200), turned]
    lowest = Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT, min_score=0.3)

    def found(given: list[Document]) -> dict[frozenset[str], float]:
        return {
            frozenset({str(match.left.document), str(match.right.document)}): match.score or 0.0
            for match in pairs(given, lowest).matches
            if match.right
        }

    expected = found(everybody)
    assert {frozenset({"source", "rewrite"}), frozenset({"source", "turned"})} <= expected.keys()
    Random(seed).shuffle(everybody)  # noqa: S311
    assert found(everybody) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("level", [Level.DOCUMENT, Level.BOTH])
def test_no_level_without_documents_looks_for_them(level: Level) -> None:
    looked = Config(relations=(Relation.REWRITE,), level=level)
    assert pairs(documents(120), looked).counts.matches.get("rewrite") == 1
    # What is found of paragraphs are passages.
    found = pairs(documents(120), replace(looked, level=Level.PARAGRAPH)).matches
    assert [match for match in found if match.evidence.log_likelihood is None] == []
