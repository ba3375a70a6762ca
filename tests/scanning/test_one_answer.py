"""Contract 3: workers, batches, kernels and repetition change nothing, and order changes no verdict on a pair."""

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup import Config, Document, Relation, Report
from dedup.model import Level
from dedup.scanning import batch, pairs, scan
from tests.corpora import corpora, odd_corpora
from tests.scanning.snapshot import Find, everything, paired_matches, place_of

finds = st.sampled_from([scan, pairs])
some = st.one_of(corpora(), odd_corpora())
configs = st.builds(
    Config,
    level=st.sampled_from(Level),
    threshold=st.sampled_from([0.4, 0.7]),
    shingle_size=st.sampled_from([2, 5]),
    keep=st.sampled_from(["first", "last", "longest", "source:wire/*"]),
    repeated_lines=st.sampled_from([3, 5]),
)


@given(some, finds, configs)
@settings(max_examples=12)
def test_two_runs_and_any_number_of_workers_are_equal(documents: list[Document], find: Find, config: Config) -> None:
    expected = everything(find(documents, config))
    for workers in (1, 2, 4):
        assert everything(find(documents, config, workers=workers)) == expected


@given(some, finds, configs, st.integers(1, 400), st.integers(1, 5), st.sampled_from([1, 3]))
@settings(max_examples=15)
def test_batches_of_any_size_are_equal(
    documents: list[Document], find: Find, config: Config, n_bytes: int, records: int, workers: int
) -> None:
    expected = everything(find(documents, config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "BATCH_BYTES", n_bytes)
        patch.setattr(batch, "BATCH_RECORDS", records)
        assert everything(find(iter(documents), config, workers=workers)) == expected


@given(some, finds, configs)
@settings(max_examples=12)
def test_both_kernels_are_equal(documents: list[Document], find: Find, config: Config) -> None:
    reports = []
    for kernels in ("numpy", "compiled"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEDUP_KERNELS", kernels)
            reports.append(everything(find(documents, config)))
    assert reports[0] == reports[1]


def unordered_pairs(report: Report) -> set[tuple[object, ...]]:
    """The pairs without regard to which document came first."""
    found: set[tuple[object, ...]] = set()
    for match in paired_matches(report):
        sides = sorted(zip(map(str, place_of(match)), match.containment, strict=True))
        found.add((match.relation, tuple(sides), match.resemblance, round(match.cosine, 12)))
    return found


@given(corpora(), st.randoms(use_true_random=False), st.sampled_from([0.3, 0.7]), st.sampled_from([2, 5]))
@settings(max_examples=16)
def test_shuffling_changes_no_verdict(
    documents: list[Document], generator: Random, threshold: float, size: int
) -> None:
    config = Config(level=Level.DOCUMENT, threshold=threshold, shingle_size=size)
    expected = pairs(documents, config)
    shuffled = list(documents)
    generator.shuffle(shuffled)
    report = pairs(shuffled, config)
    assert unordered_pairs(report) == unordered_pairs(expected)
    assert report.background == expected.background
    assert report.counts.vetoed == expected.counts.vetoed


@given(corpora())
@settings(max_examples=8)
def test_keep_policies_change_no_verdict(documents: list[Document]) -> None:
    expected = unordered_pairs(pairs(documents))
    for keep in ("last", "longest", "newest", "source:wire/*"):
        config = Config(keep=keep, level=Level.DOCUMENT, relations=(Relation.EXACT, Relation.NEAR, Relation.CONTAINS))
        assert unordered_pairs(pairs(documents, config)) == expected


@given(corpora(), finds, st.sampled_from(Level))
@settings(max_examples=12)
def test_a_keep_policy_is_a_sort_before_everything_else(documents: list[Document], find: Find, level: Level) -> None:
    preferred = sorted(documents, key=lambda document: not document.source.startswith("blog/"))
    for keep, ordered in (("last", documents[::-1]), ("source:blog/*", preferred)):
        by_policy = find(documents, Config(keep=keep, level=level))
        by_order = find(ordered, Config(level=level))
        assert list(by_policy.matches) == list(by_order.matches)
        assert list(by_policy.clusters) == list(by_order.clusters)
        assert by_policy.counts == by_order.counts
        assert [by_policy.excerpts(place) for place in range(len(by_policy.matches))] == [
            by_order.excerpts(place) for place in range(len(by_order.matches))
        ]
        decisions = {decision.document: decision for decision in by_order.decisions}
        assert list(by_policy.decisions) == [decisions[document.id] for document in documents]


@given(corpora(), finds)
@settings(max_examples=15)
def test_matches_are_ordered_by_place(documents: list[Document], find: Find) -> None:
    ranks = {document.id: rank for rank, document in enumerate(documents)}
    places = []
    for match in find(documents, Config()).matches:
        assert match.left.document is not None
        left = (ranks[match.left.document], match.left.start, -match.left.end)
        right = (-1, 0) if match.right is None else (ranks[match.right.document or 0], match.right.start)
        assert match.right is None or (left[0], match.left.start) < right
        places.append((left, right))
    assert places == sorted(places)
