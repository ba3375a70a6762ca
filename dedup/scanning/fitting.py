"""Fitting the background of a batch scan on the corpus itself."""

import numpy as np

from dedup.kernels import I64
from dedup.scanning.corpus import Corpus
from dedup.tokenising import hash_tokens
from dedup.verifying import Background, fit_background

MOST_DOCUMENTS = 16384
MOST_TOKENS = 8 << 20
MOST_TOKENS_A_DOCUMENT = 1 << 20


def fit_to_corpus(corpus: Corpus) -> Background:
    """The document frequencies of a sample that depends on the texts alone, not on their order.

    The sample is that of the smallest digests, exact copies counted once: up to 16,384 documents of 8.4 million
    tokens together, and no document of over a million tokens.
    """
    sample = background_sample(corpus)
    texts = corpus.store.gather(corpus.documents.starts[sample], corpus.documents.ends[sample])
    return fit_background(*hash_tokens(texts, corpus.kernels), corpus.kernels)


def background_sample(corpus: Corpus) -> I64:
    """The ranks of the documents that the background is fitted on."""
    sketches = corpus.documents.sketches
    eligible = np.flatnonzero((sketches.lengths > 0) & (sketches.lengths <= MOST_TOKENS_A_DOCUMENT))
    _, firsts = np.unique(sketches.digests[eligible], return_index=True)
    chosen = eligible[firsts[:MOST_DOCUMENTS]]
    return chosen[np.cumsum(sketches.lengths[chosen]) <= MOST_TOKENS]
