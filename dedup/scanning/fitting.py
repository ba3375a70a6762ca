"""Fitting the background of a batch scan on the corpus itself."""

from collections.abc import Iterable

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, U32, U64, Bool
from dedup.kernels.hashing import no_triggers
from dedup.scanning.corpus import Corpus
from dedup.scanning.scoring import hash_ranges
from dedup.sketching import sketch_plan
from dedup.tokenising import codepoint_table
from dedup.verifying import Background, fit_background

MOST_DOCUMENTS = 8192
MOST_TOKENS = 4 << 20
MOST_TOKENS_A_DOCUMENT = 1 << 20


def fit_to_corpus(corpus: Corpus, config: Config) -> Background:
    """The document frequencies of a sample that depends on the texts alone, not on their order.

    Of a family of near-duplicates in the sample one document counts: the words of a page that stands there a thousand
    times are no common words, and its copies must not be told apart by the one word that differs.

    The sample is that of the smallest digests, exact copies counted once: up to 8,192 documents of 4.2 million
    tokens together, and no document of over a million tokens.
    """
    sample = family_sample(corpus, config)
    documents = corpus.documents
    tokens, _ = hash_ranges(corpus.store, documents.starts[sample], documents.ends[sample], corpus.kernels)
    return fit_background(tokens, corpus.kernels)


def family_sample(corpus: Corpus, config: Config) -> I64:
    """The ranks of the documents that a background is fitted on, one of each family of near-duplicates."""
    return _one_of_each_family(corpus, background_sample(corpus), config)


def _one_of_each_family(corpus: Corpus, sample: I64, config: Config) -> I64:
    """Those of a sample that share no band with one before them."""
    return sample[first_of_families(_sample_keys(corpus, sample, config), sample.size)]


def first_of_families(bands: Iterable[U32], count: int) -> Bool:
    """Whether each of `count` documents shares no band with one before it; `bands`: the keys of all, band by band."""
    first = np.ones(count, dtype=np.bool_)
    for band in bands:
        # Key and place as one integer sort many times as fast as an order of keys.
        entries = np.sort(band.astype(np.uint64) << np.uint64(32) | np.arange(count, dtype=np.uint64))
        keys = entries >> np.uint64(32)
        again = entries[1:][keys[1:] == keys[:-1]] & np.uint64(0xFFFFFFFF)
        first[again.astype(np.int64)] = False
    return first


def _sample_keys(corpus: Corpus, sample: I64, config: Config) -> Iterable[U32]:
    """The band keys of a sample: those at hand, or, where the scan needs none, made for it."""
    if corpus.documents.bulk.bands:
        return (corpus.documents.band_keys(number, sample) for number in range(corpus.documents.bulk.bands))
    plan = sketch_plan(config, no_triggers(), near=True, contains=False)
    keys = np.empty((plan.bands, sample.size), dtype=np.uint32)
    for part in corpus.store.parts(corpus.documents.starts[sample], corpus.documents.ends[sample]):
        sketches = corpus.kernels.sketch(part.data, part.starts, part.ends, *codepoint_table(), plan)
        keys[:, part.places] = sketches.keys
    return keys


def background_sample(corpus: Corpus) -> I64:
    """The ranks of the documents that the background is fitted on."""
    return sample_of(corpus.documents.digests, corpus.documents.lengths)


def sample_of(digests: U64, lengths: I64) -> I64:
    """The places of the documents that a background is fitted on, by the digests and lengths of all."""
    eligible = np.flatnonzero((lengths > 0) & (lengths <= MOST_TOKENS_A_DOCUMENT))
    # Which of several copies is taken makes no difference.
    order = np.argsort(digests[eligible])
    ordered = digests[eligible][order]
    firsts = order[np.append(True, ordered[1:] != ordered[:-1])[: order.size]]
    chosen = eligible[firsts[:MOST_DOCUMENTS]]
    within: I64 = chosen[np.cumsum(lengths[chosen]) <= MOST_TOKENS]
    return within
