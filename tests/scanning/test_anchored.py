"""Contract 2: every dropped document is verified against an earlier kept one, the earliest; and the keep policies."""

from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup import Config, ConfigError, Document, Relation
from dedup.model import Decision
from dedup.scanning import pairs, scan
from tests.corpora import corpora, sentence, words
from tests.scanning.oracle import tokens
from tests.scanning.snapshot import Paired, paired_matches

DATE = {None: 0, "2024-01-02": 1, "2024-11-30": 2, "2025-06-01": 3}

ORDERS: dict[str, Callable[[Document], int]] = {
    "first": lambda document: 0,
    "longest": lambda document: -len(tokens(document.text)),
    "newest": lambda document: -DATE[str(document.date) if document.date else None],
    "source:wire/*,*.md": lambda document: (
        0 if document.source.startswith("wire/") else 1 if document.source.endswith(".md") else 2
    ),
}


def keep_ranks(documents: list[Document], policy: str) -> dict[str | int, int]:
    """The place of each document in the order of the policy."""
    ordered = documents[::-1] if policy == "last" else sorted(documents, key=ORDERS[policy])
    return {document.id: rank for rank, document in enumerate(ordered)}


def partners_that_drop(documents: list[Document], config: Config) -> dict[str | int, dict[str | int, Paired]]:
    """For each document, the earlier ones for which it may be dropped, by all the verified pairs."""
    found: dict[str | int, dict[str | int, Paired]] = {document.id: {} for document in documents}
    for match in paired_matches(pairs(documents, config)):
        if match.left.start or match.left.document == match.right.document:
            continue
        if match.relation is not Relation.CONTAINS or match.containment[1] >= config.containment:
            assert match.left.document is not None
            found[match.right.document or 0][match.left.document] = match
    return found


@given(
    corpora(), st.sampled_from(["first", "last", *ORDERS]), st.sampled_from([0.3, 0.5, 0.7]), st.sampled_from([2, 5])
)
@settings(max_examples=30)
def test_each_document_is_dropped_for_the_earliest_kept_one_that_verifies(
    documents: list[Document], keep: str, threshold: float, size: int
) -> None:
    config = Config(keep=keep, threshold=threshold, shingle_size=size, cosine=0.2, level="document")  # type: ignore[arg-type]
    ranks = keep_ranks(documents, keep)
    partners = partners_that_drop(documents, config)
    report = scan(documents, config)
    kept = {decision.document for decision in report.decisions if decision.keep}
    for decision in report.decisions:
        earlier = {each: match for each, match in partners[decision.document].items() if each in kept}
        assert all(ranks[each] < ranks[decision.document] for each in earlier)
        if decision.keep:
            assert not earlier
        else:
            representative = min(earlier, key=lambda each: ranks[each])
            assert_dropped_for(decision, representative, earlier[representative])


def assert_dropped_for(decision: Decision, representative: str | int, match: Paired) -> None:
    assert decision.representative == representative
    assert decision.relation == decision.reason == match.relation
    assert decision.resemblance == pytest.approx(match.resemblance, abs=1e-12)
    assert decision.containment == pytest.approx(match.containment, abs=1e-12)
    assert decision.cosine == pytest.approx(match.cosine, abs=1e-12)


@given(corpora(), st.sampled_from(["first", "last", *ORDERS]))
@settings(max_examples=15)
def test_clusters_matches_and_decisions_say_the_same(documents: list[Document], keep: str) -> None:
    report = scan(documents, Config(keep=keep, level="document"))  # type: ignore[arg-type]
    ranks = keep_ranks(documents, keep)
    dropped = {decision.document: decision for decision in report.decisions if not decision.keep}
    by_cluster = {member: cluster.representative for cluster in report.clusters for member in cluster.members}
    assert by_cluster == {document: decision.representative for document, decision in dropped.items()}
    for cluster in report.clusters:
        places = [ranks[each] for each in (cluster.representative, *cluster.members)]
        assert places == sorted(set(places))
    for decision in report.decisions:
        represents = any(decision.document == cluster.representative for cluster in report.clusters)
        assert (decision.reason == "representative") == (decision.keep and represents)
    assert [cluster.representative for cluster in report.clusters] == sorted(
        (cluster.representative for cluster in report.clusters), key=lambda each: ranks[each]
    )
    to_representative = {
        match.right.document: match.left.document for match in paired_matches(report) if match.right.document in dropped
    }
    assert to_representative == by_cluster


def test_there_are_no_chains() -> None:
    """Each text shares enough with the next one only: the third is kept, though the second is like it."""
    all_words = words(np.random.default_rng(1), 80)
    documents = [Document(start, " ".join(all_words[start : start + 60])) for start in (0, 8, 16)]
    report = scan(documents, Config(threshold=0.7, relations=(Relation.EXACT, Relation.NEAR)))
    assert [(each.keep, each.representative) for each in report.decisions] == [(True, None), (False, 0), (True, None)]


def test_a_document_within_an_earlier_one_is_dropped_and_one_around_it_is_kept() -> None:
    generator = np.random.default_rng(2)
    small = sentence(generator, 60)
    large = f"{sentence(generator, 60)}\n{small}\n{sentence(generator, 60)}"
    first_small = scan([Document("small", small), Document("large", large)])
    assert [decision.keep for decision in first_small.decisions] == [True, True]
    assert first_small.counts.matches["contains"] == 1
    first_large = scan([Document("large", large), Document("small", small)])
    decision = first_large.decisions[1]
    assert (decision.keep, decision.reason, decision.representative) == (False, "contains", "large")


COPIES = [
    Document("short", "the quick brown fox jumps over the lazy dog again and again today", "2024-05-01", "blog/x"),
    Document(
        "long", "the quick brown fox jumps over the lazy dog again and again today at noon", "2023-05-01", "wire/y"
    ),
    Document("new", "The quick brown fox jumps over the lazy dog again and again, today!", "2025-05-01", "mirror/z"),
]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("first", "short"),
        ("last", "new"),
        ("longest", "long"),
        ("newest", "new"),
        ("source:wire/*,mirror/*", "long"),
        ("source:mirror/*", "new"),
        ("source:nothing", "short"),
    ],
)
def test_the_keep_policy_says_which_copy_stays(keep: str, kept: str) -> None:
    report = scan(COPIES, Config(keep=keep))
    assert [decision.document for decision in report.decisions] == ["short", "long", "new"]
    assert [decision.document for decision in report.decisions if decision.keep] == [kept]
    assert {cluster.representative: set(cluster.members) for cluster in report.clusters} == {
        kept: {"short", "long", "new"} - {kept}
    }
    assert all(match.left.document == kept for match in report.matches)


def test_dates_that_cannot_be_compared_are_an_error() -> None:
    documents = [Document(1, "one", date="2024-01-01"), Document(2, "two", date=20240101.0)]
    with pytest.raises(ConfigError, match="newest"):
        scan(documents, Config(keep="newest"))
    assert len(scan(documents).decisions) == 2
