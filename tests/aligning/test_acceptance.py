"""Acceptance of candidates, and the choice among those that overlap."""

import numpy as np
import pytest

from dedup.aligning.acceptance import PASSAGE_FEATURES, SUMMARY_FEATURES, Acceptance, shipped_acceptance
from dedup.aligning.passages import align_texts
from dedup.kernels import choose
from dedup.kernels.alignment import choose_aligner
from dedup.kernels.terms import Terms
from dedup.model import TextColumn
from dedup.tokenising import codepoint_table, tokenise
from tests.prose import prose, prose_words, reword

KERNELS, ALIGNER = choose(0), choose_aligner(0)


def terms_of(texts: list[str]) -> Terms:
    column = TextColumn.from_strings(texts)
    tokens = tokenise(column, KERNELS)
    return KERNELS.mark_terms(column.data, tokens, np.zeros(tokens.hashes.size, dtype=np.bool_), *codepoint_table())


def regression(coefficient: float) -> Acceptance:
    one = np.ones(1)
    return Acceptance(("feature",), 0 * one, 2 * one, one, 0.5 * one, coefficient * one, 0.25, 0.5)


def test_the_probability_is_that_of_the_logistic_function() -> None:
    probability = regression(3.0).probabilities(np.array([[1.5]]))
    assert probability[0] == pytest.approx(1 / (1 + np.exp(-(0.25 + 3.0))))


def test_a_feature_is_held_to_the_range_that_was_seen() -> None:
    seen, beyond = regression(3.0).probabilities(np.array([[2.0], [1e9]])).tolist()
    assert seen == beyond


def test_the_shipped_regressions_are_of_these_features_and_prefer_more_evidence() -> None:
    passages, summaries = shipped_acceptance()
    assert (passages.features, summaries.features) == (PASSAGE_FEATURES, SUMMARY_FEATURES)
    for each in (passages, summaries):
        assert (each.lows < each.highs).all()
        assert 0.0 < each.threshold < 1.0
    assert passages.coefficients[PASSAGE_FEATURES.index("left_sum")] > 0
    assert passages.coefficients[PASSAGE_FEATURES.index("search")] < 0


@pytest.mark.parametrize("share", [0.0, 0.15, 0.3, 0.45])
def test_a_reworded_passage_is_found_in_other_text_with_its_bounds(share: float) -> None:
    generator = np.random.default_rng(11)
    passage = prose(generator, 80)
    left = f"{prose(generator, 300)}\n\n{passage}\n\n{prose(generator, 300)}"
    right = f"{prose(generator, 120)}\n\n{reword(generator, passage, share)}\n\n{prose(generator, 150)}"
    found = align_texts(terms_of([left, right]), np.array([0]), np.array([1]), ALIGNER)
    # Of a copy nearly word for word the ends are those of what is the same.
    assert np.abs(found.places - [[300, 380, 120, 200]]).max() <= 2
    assert (found.nats > 40).all()
    assert not found.summaries.any()


def test_a_copy_is_bounded_to_the_token_wherever_it_begins() -> None:
    generator = np.random.default_rng(12)
    source = prose_words(generator, 400)
    for begin, end in ((40, 90), (101, 260), (0, 37)):
        left = " ".join([*prose_words(generator, 120), *source[begin:end], *prose_words(generator, 270)])
        found = align_texts(terms_of([left, " ".join(source)]), np.array([0]), np.array([1]), ALIGNER)
        # Words beside a copy that happen to be the same belong to it.
        ((first, last, other_first, other_last),) = found.places.tolist()
        assert first - 120 == other_first - begin <= 0
        assert last - (120 + end - begin) == other_last - end >= 0
        assert (other_last - other_first) - (end - begin) <= 2


def test_the_order_of_two_texts_does_not_matter() -> None:
    generator = np.random.default_rng(13)
    shared = prose(generator, 50)
    one = f"{prose(generator, 90)}\n{shared}\n{prose(generator, 40)}"
    two = f"{reword(generator, shared, 0.2)}\n{prose(generator, 100)}"
    terms = terms_of([one, two])
    there = align_texts(terms, np.array([0]), np.array([1]), ALIGNER)
    back = align_texts(terms, np.array([1]), np.array([0]), ALIGNER)
    assert there.places.tolist() == back.places[:, [2, 3, 0, 1]].tolist() != []
    assert there.nats.tolist() == back.nats[:, ::-1].tolist()
    assert there.probabilities.tolist() == back.probabilities.tolist()


def test_pairs_are_answered_as_if_each_were_alone() -> None:
    generator = np.random.default_rng(14)
    texts = [prose(generator, 60) for _ in range(3)]
    texts += [f"{texts[0]}\n{prose(generator, 60)}", f"{prose(generator, 30)}\n{reword(generator, texts[1], 0.2)}"]
    terms = terms_of(texts)
    left, right = (side.reshape(-1) for side in np.indices((5, 5)))
    together = align_texts(terms, left, right, ALIGNER)
    for pair in range(25):
        alone = align_texts(terms, left[[pair]], right[[pair]], ALIGNER)
        rows = together.pairs == pair
        assert alone.places.tolist() == together.places[rows].tolist()
        assert alone.probabilities.tolist() == together.probabilities[rows].tolist()
    found = {(int(left[pair]), int(right[pair])) for pair in together.pairs}
    assert found == {(0, 3), (3, 0), (1, 4), (4, 1)}


def test_repeated_words_and_empty_texts_are_no_passages() -> None:
    texts = ["", "one", "buffalo " * 400, "the cat sat on the mat " * 3, "a b c d e f g h"]
    terms = terms_of(texts)
    left, right = (side.reshape(-1) for side in np.indices((5, 5)))
    distinct = left != right
    assert align_texts(terms, left[distinct], right[distinct], ALIGNER).pairs.size == 0
