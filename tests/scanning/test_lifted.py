"""Passages that stand in another, otherwise different document in other words."""

from pathlib import Path

import numpy as np
import pytest

from dedup import Config, Document, Match, Relation, scan
from dedup.model import Level
from dedup.scanning import pairs
from tests.prose import prose, reword
from tests.scanning.snapshot import everything, slice_of, texts_of

SEEDS = Path(__file__).parents[2] / "seeds"


def between(documents: list[Document], config: Config | None = None) -> list[Match]:
    """The rewrites of two documents."""
    return [
        match
        for match in scan(documents, config).matches
        if match.relation is Relation.REWRITE and match.right and match.left.document != match.right.document
    ]


def corpus(seed: int, share: float = 0.3, count: int = 24) -> tuple[list[Document], str, str]:
    """Unrelated documents, a paragraph of the one numbered 3, and its rewording in the one numbered 8."""
    generator = np.random.default_rng(seed)
    passage = prose(generator, 70)
    reworded = reword(generator, passage, share)
    parts = [[prose(generator, 80), prose(generator, 60)] for _ in range(count)]
    parts[3].insert(1, passage)
    parts[8].insert(2, reworded)
    return [Document(f"page {number}", "\n\n".join(part)) for number, part in enumerate(parts)], passage, reworded


def test_a_reworded_paragraph_is_found_in_another_document_with_its_evidence() -> None:
    documents, passage, reworded = corpus(1)
    (match,) = between(documents)
    assert match.right is not None
    assert (match.left.document, match.right.document) == ("page 3", "page 8")
    texts = texts_of(documents)
    assert slice_of(texts, match.left) == passage
    assert slice_of(texts, match.right) in reworded
    assert (match.left.line, match.right.line) == (3, 5)
    assert match.resemblance is not None
    assert match.resemblance < 0.3
    assert match.score is not None
    assert Config().least_passage_score(between=True) <= match.score < 1.0
    assert len(match.evidence.anchors) >= 3
    assert all(anchor in passage for anchor in match.evidence.anchors)
    assert match.evidence.log_likelihood is not None
    assert min(match.evidence.log_likelihood) > 20


@pytest.mark.parametrize("seed", [2, 3])
def test_what_is_found_depends_neither_on_workers_nor_on_kernels(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, *_ = corpus(seed)
    assert len(between(documents)) == 1
    found = everything(scan(documents))
    assert everything(scan(documents, workers=3)) == found
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    assert everything(scan(documents, workers=3)) == found


def test_what_is_found_does_not_depend_on_the_order_of_documents() -> None:
    documents, *_ = corpus(4)
    ((forward,), (backward,)) = between(documents), between(documents[::-1])
    assert forward.right is not None
    assert backward.right is not None
    assert (forward.left, forward.right) == (backward.right, backward.left)
    assert (forward.score, set(forward.evidence.anchors)) == (backward.score, set(backward.evidence.anchors))


def test_a_passage_in_the_middle_of_long_paragraphs_is_found() -> None:
    generator = np.random.default_rng(5)
    passage = prose(generator, 70)
    texts = [prose(generator, 200) for _ in range(20)]
    long = [prose(generator, 6000), prose(generator, 6000)]
    texts += [f"{long[0][:30000]} {passage} {long[0][30000:]}", f"{long[1][:9000]} {reword(generator, passage, 0.3)}"]
    documents = [Document(number, text) for number, text in enumerate(texts)]
    (match,) = between(documents)
    assert (match.left.document, match.left.start > 29_000, match.left.end < 31_500) == (20, True, True)
    shared = set(slice_of(texts_of(documents), match.left).split()) & set(passage.split())
    assert len(shared) > 0.8 * len(set(passage.split()))


def test_two_passages_of_one_pair_are_two_findings() -> None:
    generator = np.random.default_rng(6)
    passages = [prose(generator, 60) for _ in range(2)]
    texts = [prose(generator, 300) for _ in range(20)]
    texts += ["\n".join([passages[0], prose(generator, 1500), passages[1]])]
    texts += [
        "\n".join([reword(generator, passages[1], 0.25), prose(generator, 1500), reword(generator, passages[0], 0.25)])
    ]
    found = between([Document(number, text) for number, text in enumerate(texts)])
    assert [(match.left.document, match.left.line, match.right and match.right.line) for match in found] == [
        (20, 1, 3),
        (20, 3, 1),
    ]


def test_copies_and_rewrites_of_whole_documents_are_not_said_twice() -> None:
    documents, passage, _ = corpus(7)
    copied = Document("copy", f"{prose(np.random.default_rng(8), 100)}\n\n{passage}")
    found = between([*documents, copied])
    assert [(match.left.document, match.right and match.right.document) for match in found] == [("page 3", "page 8")]
    original = documents[5].text.replace("\n", " ")
    whole = Document("whole", reword(np.random.default_rng(9), original, 0.2))
    of_whole = [match for match in between([*documents, whole]) if match.right and match.right.document == "whole"]
    assert [match.evidence.log_likelihood for match in of_whole] == [None]


def test_lists_of_names_and_figures_are_no_passages() -> None:
    generator = np.random.default_rng(10)
    names = [word.capitalize() for word in prose(generator, 60).replace(".", "").split() if len(word) == 7]
    figures = " ".join(map(str, generator.integers(1000, 9999, 20).tolist()))
    texts = [prose(generator, 200) for _ in range(20)]
    texts += [
        f"{prose(generator, 90)}\nThe cast: {', '.join(words[:20])}.\n{figures}\n{prose(generator, 90)}"
        for words in (names, names[::2] + names[1::2])
    ]
    assert between([Document(number, text) for number, text in enumerate(texts)]) == []


def test_settings_decide_and_few_documents_hold_none() -> None:
    documents, *_ = corpus(11)
    assert len(between(documents)) == 1
    assert between(documents, Config(min_passage_score=1.0)) == []
    assert between(documents, Config(relations=(Relation.EXACT, Relation.NEAR))) == []
    assert between(documents, Config(level=Level.DOCUMENT)) == []
    alone = Config(relations=(Relation.REWRITE,), level=Level.PARAGRAPH)
    assert len(between(documents, alone)) == 1
    assert len(pairs(documents, alone).matches) == 1
    assert between(documents[3:9]) == []


def test_one_line_everywhere_and_one_template_with_another_number_give_nothing() -> None:
    generator = np.random.default_rng(12)
    line, template = prose(generator, 40), prose(generator, 60)
    same = [Document(number, f"{prose(generator, 60)}\n{line}") for number in range(40)]
    assert between(same) == []
    numbered = [
        Document(number, f"{prose(generator, 60)}\n{template[:200]} {generator.integers(10**6)} {template[200:]}")
        for number in range(40)
    ]
    assert between(numbered) == []


def test_nothing_is_found_between_the_seeds_among_other_pages() -> None:
    pages = [Document(path.name, path.read_text("utf-8")) for path in sorted(SEEDS.glob("*.txt"))]
    generator = np.random.default_rng(13)
    others = [Document(number, prose(generator, 150)) for number in range(30)]
    assert len(pages) == 5
    assert between([*pages, *others]) == []


def test_on_one_subject_a_passage_is_less_probable_and_a_given_score_decides() -> None:
    documents, passage, reworded = corpus(13, 0.5)
    (alone,) = between(documents)
    assert alone.score is not None
    names = "Ravenholt Quistberg Tamsworthy"
    beside = [Document(each.id, f"{each.text}\n\n{names}") if number in (3, 8) else each
              for number, each in enumerate(documents)]  # fmt: skip
    (same_subject,) = between(beside, Config(min_passage_score=0.2))
    assert same_subject.score is not None
    odds = [score / (1.0 - score) for score in (alone.score, same_subject.score)]
    assert odds[0] / odds[1] == pytest.approx(2.5, rel=0.2)
    assert between(documents, Config(min_passage_score=alone.score + 0.01)) == []
    texts = texts_of(documents)
    assert slice_of(texts, alone.left) in passage
    assert alone.right is not None
    assert slice_of(texts, alone.right) in reworded


@pytest.mark.parametrize("count", [12, 19])
def test_what_all_of_few_documents_hold_is_no_subject_of_two(count: int) -> None:
    ((among_few,), (among_more,)) = (between(corpus(13, 0.5, number)[0]) for number in (count, 20))
    assert among_few.score == pytest.approx(among_more.score, abs=1e-6)


def test_a_score_under_the_default_finds_what_the_default_does_not() -> None:
    documents, *_ = corpus(16, 0.65)
    assert between(documents) == []
    (match,) = between(documents, Config(min_passage_score=0.0))
    assert match.score is not None
    assert match.score < Config().least_passage_score(between=True)
