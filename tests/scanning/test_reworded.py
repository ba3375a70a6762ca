"""Passages that stand in a document a second time in other words."""

import numpy as np
import pytest

from dedup import Config, Document, Match, Relation, scan
from dedup.model import Level
from dedup.scanning import pairs
from tests.prose import prose, prose_words, reword
from tests.scanning.snapshot import everything


def rewrites(*texts: str, config: Config | None = None) -> list[Match]:
    documents = [Document(number, text) for number, text in enumerate(texts)]
    return [match for match in scan(documents, config).matches if match.relation is Relation.REWRITE]


def page(generator: np.random.Generator, share: float = 0.3) -> tuple[str, str, str]:
    """A page with a paragraph and its rewording among others, and both."""
    passage = prose(generator, 70)
    reworded = reword(generator, passage, share)
    parts = [prose(generator, 90), passage, prose(generator, 60), reworded, prose(generator, 50)]
    return "\n\n".join(parts), passage, reworded


def test_a_reworded_paragraph_is_found_with_its_evidence() -> None:
    text, passage, _ = page(np.random.default_rng(1))
    (match,) = rewrites(prose(np.random.default_rng(2), 200), text)
    assert match.left.document == 1
    assert match.right is not None
    assert (match.left.line, match.right.line, match.right.document) == (3, 7, 1)
    assert text[match.left.start : match.left.end] == passage
    assert match.resemblance is not None
    assert match.resemblance < 0.3
    assert match.score is not None
    assert 0.35 <= match.score < 1.0
    assert len(match.evidence.anchors) >= 3
    assert all(anchor in passage for anchor in match.evidence.anchors)
    assert match.evidence.log_likelihood is not None
    assert min(match.evidence.log_likelihood) > 20


def test_what_reworded_passages_there_are_does_not_depend_on_workers_or_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    documents = [Document(seed, page(np.random.default_rng(seed))[0]) for seed in range(4)]
    found = everything(scan(documents))
    assert len([match for match in scan(documents).matches if match.relation is Relation.REWRITE]) == 4
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    assert everything(scan(documents, workers=3)) == found


def test_a_copy_of_a_reworded_passage_is_a_copy_alone() -> None:
    text, passage, _ = page(np.random.default_rng(3))
    found = scan([Document(0, f"{text}\n\n{passage}")]).matches
    places = [(match.relation, match.left.line, match.right.line) for match in found if match.right is not None]
    assert places == [(Relation.REWRITE, 3, 7), (Relation.EXACT, 3, 11)]


def test_a_prompt_between_a_passage_and_its_rewording_lies_in_neither() -> None:
    generator = np.random.default_rng(4)
    passage = prose(generator, 70)
    seam = "rewrite this content and keep HTML tags"
    (match,) = rewrites("\n".join([prose(generator, 80), passage, seam, reword(generator, passage, 0.3)]))
    assert match.right is not None
    assert (match.left.line, match.left.end_line, match.right.line, match.right.end_line) == (2, 2, 4, 4)


def test_templates_tables_and_lists_are_no_rewordings() -> None:
    generator = np.random.default_rng(5)
    names = [word.capitalize() for word in prose_words(generator, 80) if len(word) == 7][:33]
    figures = generator.integers(10, 99, (30, 3)).tolist()
    rows = [(one, other, *numbers) for one, other, numbers in zip(names[:-3], names[3:], figures, strict=True)]
    template = [f"Revenue of the {one} unit rose by {a} percent to {b} million" for one, _, a, b, _ in rows]
    table = [f"{one}\t{a}.{b}\t{c}\t{a * b}" for one, _, a, b, c in rows]
    listed = [f"{number}. {row[0]} {row[1]}" for number, row in enumerate(rows, 1)]
    scores = [f"{one} beat {other} {a}-{b} on Sunday before {c},{a}{b} people" for one, other, a, b, c in rows]
    for lines in (template, table, listed, scores):
        assert rewrites("\n".join([prose(generator, 100), *lines, prose(generator, 100)])) == []


def test_unlike_paragraphs_on_one_subject_are_no_rewordings() -> None:
    generator = np.random.default_rng(6)
    subject = " ".join(word.capitalize() for word in prose_words(generator, 9) if len(word) == 7)
    text = "\n\n".join(f"{prose(generator, 25)} {subject} {prose(generator, 25)}" for _ in range(4))
    assert rewrites(text) == []


def test_settings_decide() -> None:
    text, *_ = page(np.random.default_rng(7))
    assert len(rewrites(text)) == 1
    assert rewrites(text, config=Config(min_passage_score=1.0)) == []
    assert rewrites(text, config=Config(relations=(Relation.EXACT, Relation.NEAR))) == []
    assert rewrites(text, config=Config(level=Level.DOCUMENT)) == []
    alone = Config(relations=(Relation.REWRITE,), level=Level.PARAGRAPH)
    assert len(rewrites(text, config=alone)) == 1
    assert len(pairs([Document(0, text)], alone).matches) == 1


@pytest.mark.parametrize("text", ["", "one", "word " * 30_000, "\n" * 3000, "a b c d e f g h i j k l m n o p\n" * 3])
def test_odd_documents_hold_none(text: str) -> None:
    assert rewrites(text) == []
