"""The background of a batch scan: document frequencies of the texts, a family of near-duplicates counted once."""

from collections import Counter

import numpy as np
import pytest

from dedup import Config, Document
from dedup.kernels import choose
from dedup.model import Level
from dedup.scanning import pairs, scan
from dedup.tokenising import token_hashes
from tests.corpora import LEXICON, near_family, sentence
from tests.scanning.oracle import tokens
from tests.scanning.snapshot import background_of


@pytest.mark.parametrize("kernels", ["numpy", "compiled"])
def test_it_holds_the_document_frequencies_of_distinct_texts(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", kernels)
    generator = np.random.default_rng(1)
    texts = [sentence(generator, 12) for _ in range(60)] + ["", "...", *LEXICON[:40], "one two", "one two three"]
    documents = [Document(number, text) for number, text in enumerate([*texts, *(each.upper() for each in texts)])]
    background = background_of(documents, Config())
    counts = Counter(term for text in texts for term in set(tokens(text)))
    assert background.documents == len(texts) - 2
    found = dict(zip(background.terms.tolist(), background.frequencies.tolist(), strict=True))
    expected = zip(token_hashes(list(counts), choose(0)).tolist(), counts.values(), strict=True)
    assert found == dict(expected)


def test_a_family_of_near_duplicates_counts_about_once() -> None:
    generator = np.random.default_rng(2)
    others = [Document(f"other {number}", sentence(generator, 40)) for number in range(50)]
    background = background_of([*near_family(generator, 500), *others], Config())
    assert 51 <= background.documents <= 60
    assert background.frequencies.max() <= 30


def test_a_family_stays_near_however_large_it_is() -> None:
    """More of the same family must not make its words common, and the one word that differs decisive."""
    config = Config(bucket_cap=16, bucket_links=2, threshold=0.6, level=Level.DOCUMENT)
    for count in (50, 700):
        report = scan(near_family(np.random.default_rng(3), count, 50), config)
        assert report.counts.vetoed == 0
        assert set(report.counts.matches) == {"near"}


def test_a_veto_is_not_overruled_by_containment() -> None:
    """What resembles the other as a whole does not hold it and more besides."""
    documents = near_family(np.random.default_rng(4), 12, 120)
    report = pairs(documents, Config(cosine=1.0, containment=0.5, level=Level.DOCUMENT))
    assert report.counts.matches == {}
    assert report.counts.vetoed > 0
