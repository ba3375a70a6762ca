"""Containment: documents that hold another whole are found, as paragraphs of theirs or inline in one."""

import numpy as np
import pytest

from dedup import Config, Document, Relation
from dedup.model import Level
from dedup.scanning import pairs, scan
from tests.corpora import article, sentence, words
from tests.scanning.snapshot import paired_matches, place_of

CASES = 200
LEAST_WORDS = 60


def held_and_holder(generator: np.random.Generator, inline: bool) -> tuple[str, str]:
    """A text of 60 to 200 words, and one that is at least as long again and holds it."""
    if inline:
        text = sentence(generator, int(generator.integers(LEAST_WORDS, 201)))
        before, behind = (" ".join(words(generator, int(generator.integers(40, 160)))) for _ in range(2))
        around = f"{before} {text} {behind} {' '.join(words(generator, 60))}"
        return text, f"{sentence(generator, 30)}\n{around}\n{sentence(generator, 30)}"
    text = article(generator, int(generator.integers(3, 8)), 25)
    return text, f"{article(generator, 3, 30)}\n{text}\n{article(generator, 2, 40)}"


@pytest.mark.parametrize("inline", [False, True], ids=["as paragraphs", "inline"])
@pytest.mark.parametrize("held_first", [False, True], ids=["holder first", "held first"])
def test_documents_that_hold_another_are_found(inline: bool, held_first: bool) -> None:
    generator = np.random.default_rng([int(inline), int(held_first)])
    documents = []
    for number in range(CASES):
        both = held_and_holder(generator, inline)
        texts = both if held_first else both[::-1]
        documents += [Document(2 * number + side, text) for side, text in enumerate(texts)]
    found = paired_matches(pairs(documents))
    assert {match.relation for match in found} == {Relation.CONTAINS}
    expected = {(2 * number, 2 * number + 1) for number in range(CASES)}
    places = [place_of(match) for match in found]
    assert set(places) <= expected
    assert len(set(places)) == len(places) >= 0.95 * CASES
    for match in found:
        assert match.containment[0 if held_first else 1] >= 0.9
    # The later one is dropped where it lies within the earlier, and kept where it holds more.
    few = scan(documents[:60], Config(level=Level.DOCUMENT)).counts
    assert few.dropped == (0 if held_first else sum(place_of(match)[1] in range(60) for match in found))


def test_a_paragraph_within_a_longer_one_is_found_in_documents_that_share_nothing_else() -> None:
    generator = np.random.default_rng(9)
    documents = []
    for number in range(0, 120, 2):
        text = sentence(generator, 40)
        longer = f"{' '.join(words(generator, 40))} {text} {' '.join(words(generator, 40))}"
        documents.append(Document(number, f"{article(generator, 4, 30)}\n{text}\n{article(generator, 4, 30)}"))
        documents.append(Document(number + 1, f"{article(generator, 4, 30)}\n{longer}\n{article(generator, 4, 30)}"))
    found = paired_matches(pairs(documents, Config(level=Level.PARAGRAPH)))
    assert {match.relation for match in found} == {Relation.CONTAINS}
    assert {(match.left.line, match.right.line) for match in found} == {(5, 5)}
    assert len(found) >= 0.95 * 60


def test_quoting_a_sentence_is_not_containing() -> None:
    generator = np.random.default_rng(10)
    shared = sentence(generator, 20)
    documents = [Document(number, f"{article(generator, 3, 25)}\n{shared}") for number in range(2)]
    assert len(pairs(documents).matches) == 0
