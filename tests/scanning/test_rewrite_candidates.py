"""Rewrite candidates of a corpus: by windows of long documents, in any script, whatever the order of the input."""

from random import Random

import numpy as np
import pytest

from dedup import Document
from dedup.candidates.anchors import WINDOW, WINDOW_STRIDE, WINDOWS_FROM, build_index
from dedup.config import Config
from dedup.kernels import I64
from dedup.kernels.rewriting import STRENGTH, Nearest, choose_rewriting
from dedup.model import Level, Relation
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import gather_corpus
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_candidates import Texts, gather_anchors, join_nearest, nearest_earlier
from dedup.scanning.rewrite_terms import RewriteBackground, fit_rewrite_background
from dedup.scanning.threads import Threads
from tests.scanning.test_rewrites import REWRITE, SOURCE, filler

CONFIG = Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT)


def texts_of(documents: list[Document]) -> Texts:
    corpus = gather_corpus([to_batch(documents)], CONFIG, 1, Silent())
    every: I64 = np.arange(len(documents))
    return Texts(corpus, every, choose_rewriting(0), Threads(1), Silent())


def background_of(texts: Texts) -> RewriteBackground:
    return fit_rewrite_background(texts.corpus, texts.ranks, texts.rewriting)


def nearest_ones(documents: list[Document]) -> Nearest:
    """The nearest earlier document of each."""
    texts = texts_of(documents)
    background = background_of(texts)
    held = gather_anchors(texts, background)
    nothing = np.zeros(len(documents), dtype=np.uint32)
    index = build_index(held.anchors, held.firsts)
    found = join_nearest(each for _, each in nearest_earlier(texts, held, index, nothing))
    return found._replace(units=found.units - held.firsts[found.documents])


def test_a_long_document_is_found_by_the_window_that_was_rewritten() -> None:
    others = filler(90, seed=9, n_words=150)
    before, after = (" ".join(each.text for each in others[first:][:15]) for first in (0, 15))
    long = Document("long", f"{before}\n{SOURCE}\n{after}")
    place = len(before.split())
    assert place + len(SOURCE.split()) + len(after.split()) > 2 * WINDOWS_FROM
    found = nearest_ones([long, *others[30:], Document("rewrite", REWRITE)])
    last = int(found.offsets[-2])
    assert found.documents[last] == 0
    window = (int(found.units[last]) - 1) * WINDOW_STRIDE
    assert window <= place < window + WINDOW


def test_of_a_script_without_spaces_pairs_of_characters_are_anchors() -> None:
    generator = Random(3)  # noqa: S311
    characters = [chr(0x4E00 + number) for number in range(600)]
    others = [Document(number, "".join(generator.choices(characters, k=80))) for number in range(80)]
    parts = ["".join(generator.choices(characters, k=4)) for _ in range(20)]
    source, rewritten = "，".join(parts), "。".join(reversed(parts[:16]))
    found = nearest_ones([*others[:40], Document("source", source), *others[40:], Document("rewritten", rewritten)])
    last = int(found.offsets[-2])
    assert found.documents[last] == 40
    assert found.scores[last] > 0.5 * STRENGTH**2


@pytest.mark.parametrize("seed", range(3))
def test_the_background_is_the_same_in_any_order(seed: int) -> None:
    documents = [*filler(60), Document("long", " ".join(each.text for each in filler(30, seed=2)))]
    expected = background_of(texts_of(documents))
    Random(seed).shuffle(documents)  # noqa: S311
    found = background_of(texts_of(documents))
    assert found.words.fingerprint == expected.words.fingerprint
    assert found.prefixes.fingerprint == expected.prefixes.fingerprint
    assert found.digests.tolist() == expected.digests.tolist()
    assert found.held.anchors.keys.tolist() == expected.held.anchors.keys.tolist()
    assert found.terms.values.tolist() == expected.terms.values.tolist()
