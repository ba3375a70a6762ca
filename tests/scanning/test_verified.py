"""Contract 1: no pair is reported on a sketch alone; scores are those of the texts."""

from dataclasses import replace
from itertools import combinations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup import Config, Document, Relation, find_residue
from dedup.config import PAIR_RELATIONS
from dedup.model import Level
from dedup.scanning import pairs, scan
from dedup.verifying import Background
from tests.corpora import article, corpora, near_family, sentence, words
from tests.scanning.oracle import containment, cosine, judge, resemblance, shingles, tokens
from tests.scanning.snapshot import Find, Paired, background_of, paired_matches, place_of, slice_of, texts_of

configs = st.builds(
    Config,
    threshold=st.sampled_from([0.3, 0.5, 0.7, 0.9, 1.0]),
    shingle_size=st.sampled_from([1, 2, 3, 5, 8]),
    cosine=st.sampled_from([0.0, 0.5, 0.9]),
    containment=st.sampled_from([0.6, 0.9, 1.0]),
    relations=st.just(PAIR_RELATIONS),
    level=st.just(Level.DOCUMENT),
)


@given(corpora(), configs)
@settings(max_examples=25)
def test_every_pair_of_documents_is_what_its_texts_say(documents: list[Document], config: Config) -> None:
    texts = texts_of(documents)
    background = background_of(documents, config)
    report = pairs(documents, config)
    assert report.background == background.fingerprint
    for match in paired_matches(report):
        left, right = slice_of(texts, match.left), slice_of(texts, match.right)
        judged = judge(left, right, background, config)
        assert match.resemblance == pytest.approx(judged.resemblance, abs=1e-9)
        assert match.containment == pytest.approx(judged.containment, abs=1e-9)
        assert match.cosine == pytest.approx(judged.cosine, abs=1e-9)
        if abs(judged.cosine - config.cosine) > 1e-9:
            assert match.relation == judged.relation
        if match.relation is Relation.NEAR:
            assert match.resemblance >= config.threshold
            assert match.cosine >= config.cosine


@given(corpora(), configs)
@settings(max_examples=15)
def test_every_exact_pair_is_found(documents: list[Document], config: Config) -> None:
    found = {place_of(match) for match in paired_matches(pairs(documents, config)) if match.relation is Relation.EXACT}
    sequences = [tokens(document.text) for document in documents]
    assert found == {
        (documents[one].id, documents[two].id)
        for one, two in combinations(range(len(documents)), 2)
        if sequences[one] and sequences[one] == sequences[two]
    }


@given(corpora(most=5), st.sampled_from([scan, pairs]), st.sampled_from([2, 5]), st.sampled_from([0.5, 0.7, 1.0]))
@settings(max_examples=25)
def test_every_passage_is_what_its_texts_say(
    documents: list[Document], find: Find, size: int, threshold: float
) -> None:
    config = Config(level=Level.PARAGRAPH, shingle_size=size, threshold=threshold, repeated_lines=4)
    texts = texts_of(documents)
    background = background_of(documents, config)
    for match in paired_matches(find(documents, config)):
        assert_passage(match, slice_of(texts, match.left), slice_of(texts, match.right), background, config)


def assert_passage(match: Paired, left: str, right: str, background: Background, config: Config) -> None:
    one, two = shingles(left, config.shingle_size), shingles(right, config.shingle_size)
    parts = containment(one, two)
    assert match.resemblance == pytest.approx(resemblance(one, two), abs=1e-9)
    assert match.containment == pytest.approx(parts, abs=1e-9)
    assert match.cosine == pytest.approx(cosine(left, right, background), abs=1e-9)
    if match.relation is Relation.EXACT:
        assert tokens(left) == tokens(right)
    elif match.relation is Relation.NEAR:
        assert tokens(left) != tokens(right)
        assert match.resemblance >= config.threshold
        assert match.cosine >= config.cosine
    else:
        assert match.relation is Relation.CONTAINS
        held = [
            part >= config.containment and len(tokens(text)) >= max(5, 2 * config.shingle_size)
            for part, text in zip(parts, (left, right), strict=True)
        ]
        assert any(held)


@given(corpora(most=5), st.sampled_from([scan, pairs]))
@settings(max_examples=20)
def test_every_repeated_paragraph_lies_in_a_passage_with_its_earlier_copy(
    documents: list[Document], find: Find
) -> None:
    config = Config(level=Level.PARAGRAPH, relations=PAIR_RELATIONS)
    texts = texts_of(documents)
    found = paired_matches(find(documents, config))
    seen: set[tuple[str, ...]] = set()
    for document in documents:
        residue = {each.span.line for each in find_residue(document.text)}
        for number, line in enumerate(document.text.split("\n"), 1):
            several = tokens(line)
            if len(several) < config.shingle_size or number in residue:
                continue
            if several in seen:
                covering = [
                    slice_of(texts, match.left).split("\n")
                    for match in found
                    if match.right.document == document.id and match.right.line <= number <= match.right.end_line
                ]
                assert any(tokens(other) == several for left in covering for other in left)
            seen.add(several)


@given(corpora(), st.lists(st.sampled_from(PAIR_RELATIONS), min_size=1, unique=True))
@settings(max_examples=12)
def test_fewer_relations_find_nothing_else(documents: list[Document], relations: list[Relation]) -> None:
    level = Level.DOCUMENT
    every = paired_matches(pairs(documents, Config(relations=PAIR_RELATIONS, level=level)))
    some = paired_matches(pairs(documents, Config(relations=tuple(relations), level=level)))
    assert all(match.relation in relations for match in some)
    assert all(match in every for match in some)


def test_a_resemblance_at_the_threshold_is_near_and_one_under_it_is_not() -> None:
    left = words(np.random.default_rng(5), 60)
    documents = [Document(0, " ".join(left)), Document(1, " ".join([*left, "one", "more"]))]
    exact_share = 56 / 58
    for threshold, expected in ((exact_share, [Relation.NEAR]), (np.nextafter(exact_share, 1.0), [])):
        config = Config(threshold=float(threshold), recall=0.999, relations=(Relation.EXACT, Relation.NEAR), cosine=0.0)
        assert [match.relation for match in scan(documents, config).matches] == expected


def test_the_cosine_vetoes_and_is_counted() -> None:
    documents = near_family(np.random.default_rng(6), 12, 30)
    config = Config(threshold=0.5, level=Level.DOCUMENT, relations=PAIR_RELATIONS)
    strict = pairs(documents, replace(config, cosine=1.0))
    assert strict.counts.matches == {}
    assert strict.counts.vetoed > 0
    loose = pairs(documents, replace(config, cosine=0.0))
    assert loose.counts.matches == {"near": strict.counts.vetoed}
    assert loose.counts.vetoed == 0


def test_pairs_over_the_threshold_are_candidates_nearly_always() -> None:
    """The banding is chosen for a recall of .92 exactly at the threshold; above it more are found."""
    generator = np.random.default_rng(7)
    documents = []
    for number in range(300):
        base = words(generator, 80)
        documents.append(Document(2 * number, " ".join(base)))
        # Ten of 76 shingles differ: a resemblance of 66 / 86 = .77.
        documents.append(Document(2 * number + 1, " ".join([*base[:20], "x", *base[21:60], "y", *base[61:]])))
    found = {place_of(match) for match in paired_matches(pairs(documents))}
    assert found <= {(2 * number, 2 * number + 1) for number in range(300)}
    assert len(found) >= 0.92 * 300


def test_a_text_under_five_tokens_is_not_dropped_as_contained() -> None:
    """Where single words are shingles and little containment is asked for, the longer side alone makes `contains`."""
    config = Config(shingle_size=1, containment=0.5, threshold=0.9, containment_sample=1)
    documents = [Document("five", "stone market winter garden river"), Document("three", "stone market winter")]
    assert scan(documents, config).decisions[1].keep


def test_short_texts_are_contained_nowhere() -> None:
    long = article(np.random.default_rng(8), 2, 30)
    documents = [Document("long", long), Document("short", "a price of four")]
    documents.append(Document("both", f"{long} a price of four"))
    contained = [place_of(match) for match in paired_matches(pairs(documents))]
    assert contained == [("long", "both")]
    assert len(tokens(documents[1].text)) == 4


def test_unrelated_texts_are_in_no_pair() -> None:
    generator = np.random.default_rng(9)
    documents = [Document(number, sentence(generator, 40)) for number in range(400)]
    assert len(scan(documents).matches) == 0
    assert len(pairs(documents, Config(level=Level.BOTH)).matches) == 0
