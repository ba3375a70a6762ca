"""Contract: with everything in the temporary file, and work cut into small pieces, the report is that in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup import Config, Document
from dedup.candidates import containment, near
from dedup.candidates import pairs as candidate_pairs
from dedup.model import Level
from dedup.scanning import batch, pairs, scan, scoring, shelf, store, units
from tests.corpora import article, corpora, near_family, odd_corpora
from tests.scanning.snapshot import Find, everything

finds = st.sampled_from([scan, pairs])
policies = st.sampled_from(["first", "last", "longest", "newest", "source:wire/*"])


@contextmanager
def spilling(records: int = 3, samples: int = 5, pairs_at_once: int = 4, gap: int = 7) -> Iterator[list[shelf.Shelf]]:
    """Nothing stays in memory, and everything is done in small pieces; gives the shelves that were in use."""
    begun: list[shelf.Shelf] = []
    begin = shelf.Shelf.__init__

    def without_room(self: shelf.Shelf, budget: int | None) -> None:
        begin(self, budget)
        self._room = 0
        begun.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf.Shelf, "__init__", without_room)
        patch.setattr(batch, "BATCH_RECORDS", records)
        patch.setattr(units, "_SAMPLES_AT_ONCE", samples)
        patch.setattr(candidate_pairs, "PAIRS_AT_ONCE", pairs_at_once)
        patch.setattr(near, "PAIRS_AT_ONCE", pairs_at_once)
        patch.setattr(containment, "PAIRS_AT_ONCE", pairs_at_once)
        patch.setattr(store, "_GAP", gap)
        patch.setattr(store, "_BLOCK", 50)
        patch.setattr(scoring, "_BLOCK_BYTES", 100)
        patch.setattr(scoring, "_BLOCK_PAIRS", 3)
        yield begun


@given(
    st.one_of(corpora(), odd_corpora()),
    finds,
    st.sampled_from(Level),
    policies,
    st.integers(1, 4),
    st.sampled_from([1, 2]),
)
@settings(max_examples=40)
def test_a_spilled_scan_gives_the_same_report(
    documents: list[Document], find: Find, level: Level, keep: str, records: int, workers: int
) -> None:
    config = Config(level=level, keep=keep, containment_sample=1)
    expected = everything(find(documents, config))
    with spilling(records) as shelves:
        report = find(documents, config, workers=workers)
        # Excerpts are read from the file behind the scan.
        assert everything(report) == expected
    texts = sum(len(document.text.encode("utf-8", "surrogatepass")) for document in documents)
    assert sum(each.spilled for each in shelves) >= texts


POLICIES = ("first", "last", "longest", "newest", "source:wire/*")


@pytest.mark.parametrize(
    ("find", "kernels", "keep"),
    [*((find, "compiled", keep) for find in (scan, pairs) for keep in POLICIES), (pairs, "numpy", "longest")],
)
def test_a_larger_corpus_with_capped_groups_too(
    find: Find, kernels: str, keep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", kernels)
    generator = np.random.default_rng(5)
    texts = [document.text for document in near_family(generator, 40, 60)]
    articles = [article(generator, 6, 20) for _ in range(20)]
    texts += [
        *articles,
        *articles[:5],
        *(f"{one}\n{two}" for one, two in zip(articles[:8], articles[8:16], strict=True)),
    ]
    texts += ["\n".join(one.split("\n")[2:5]) for one in articles[:10]]
    order = generator.permutation(len(texts)).tolist()
    sources = ["wire/a", "blog/b", ""]
    documents = [
        Document(number, texts[place], date=f"2024-01-{1 + place % 28:02d}", source=sources[place % 3])
        for number, place in enumerate(order)
    ]
    config = Config(keep=keep, bucket_cap=8, bucket_links=3, posting_cap=3, copies_cap=3, level=Level.BOTH)
    expected = everything(find(documents, config))
    with spilling(records=7, samples=200, pairs_at_once=40):
        report = find(documents, config, workers=2)
        assert everything(report) == expected
    assert {"near", "contains"} <= set(report.counts.matches)
    assert report.counts.capped_buckets > 0
    assert report.counts.capped_postings > 0
