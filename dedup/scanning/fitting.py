"""Fitting the background of a batch scan on the corpus itself."""

import numpy as np

from dedup.config import Config
from dedup.kernels import I64
from dedup.kernels.hashing import slot_table
from dedup.scanning.corpus import Corpus
from dedup.sketching import sketch_plan
from dedup.tokenising import codepoint_table, hash_tokens
from dedup.verifying import Background, fit_background

MOST_DOCUMENTS = 16384
MOST_TOKENS = 8 << 20
MOST_TOKENS_A_DOCUMENT = 1 << 20


def fit_to_corpus(corpus: Corpus, config: Config) -> Background:
    """The document frequencies of a sample that depends on the texts alone, not on their order.

    Of a family of near-duplicates in the sample one document counts: the words of a page that stands there a thousand
    times are no common words, and its copies must not be told apart by the one word that differs.

    The sample is that of the smallest digests, exact copies counted once: up to 16,384 documents of 8.4 million
    tokens together, and no document of over a million tokens.
    """
    sample = _one_of_each_family(corpus, background_sample(corpus), config)
    texts = corpus.store.gather(corpus.documents.starts[sample], corpus.documents.ends[sample])
    return fit_background(*hash_tokens(texts, corpus.kernels), corpus.kernels)


def _one_of_each_family(corpus: Corpus, sample: I64, config: Config) -> I64:
    """Those of a sample that share no band with one before them."""
    texts = corpus.store.gather(corpus.documents.starts[sample], corpus.documents.ends[sample])
    plan = sketch_plan(config, slot_table(np.zeros(0, dtype=np.uint64)), near=True, contains=False)
    sketches = corpus.kernels.sketch(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table(), plan)
    first = np.ones(sample.size, dtype=np.bool_)
    for band in sketches.keys:
        _, firsts = np.unique(band, return_index=True)
        alone = np.zeros(sample.size, dtype=np.bool_)
        alone[firsts] = True
        first &= alone
    return sample[first]


def background_sample(corpus: Corpus) -> I64:
    """The ranks of the documents that the background is fitted on."""
    sketches = corpus.documents.sketches
    eligible = np.flatnonzero((sketches.lengths > 0) & (sketches.lengths <= MOST_TOKENS_A_DOCUMENT))
    _, firsts = np.unique(sketches.digests[eligible], return_index=True)
    chosen = eligible[firsts[:MOST_DOCUMENTS]]
    return chosen[np.cumsum(sketches.lengths[chosen]) <= MOST_TOKENS]
