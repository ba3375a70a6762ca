"""The background of rewrites as something that lasts: shipped, fitted on a corpus of one's own, and as bytes."""

import io
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import numpy as np

from dedup.candidates.anchors import build_index
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.kernels.rewriting import Anchors, DocumentTerms, choose_rewriting
from dedup.model import Relation
from dedup.reading import ReadOptions, find_files, read_batches
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.fitting import family_sample, fit_to_corpus
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_findings import LEAST_DOCUMENTS
from dedup.scanning.rewrite_terms import HeldAnchors, RewriteBackground, fit_rewrite_background
from dedup.verifying import Background
from dedup.verifying.term_model import TermModel


def fit_backgrounds(corpus: Corpus, config: Config) -> tuple[Background, RewriteBackground]:
    """What a scan of the corpus would rest on, for another one to rest on: that of cosines, and that of rewrites."""
    documents, sample = corpus.documents, family_sample(corpus, config)
    rewriting = choose_rewriting(int((documents.ends[sample] - documents.starts[sample]).sum()))
    return fit_to_corpus(corpus, config), fit_rewrite_background(corpus, sample, rewriting)


def fit_to_sources(
    paths: Iterable[str], config: Config, reading: ReadOptions | None = None
) -> tuple[Background, RewriteBackground]:
    """The same for files and folders; what cannot be read is left out.

    Raises InputError where a path does not exist, and ConfigError where too few documents are there.
    """
    batches = read_batches(find_files(list(paths)).files, reading or ReadOptions(), lambda record: None)
    corpus = gather_corpus(batches, config, 1, Silent())
    background, rewrites = fit_backgrounds(corpus, config)
    if config.looks_for(Relation.REWRITE) and rewrites.words.documents < LEAST_DOCUMENTS:
        raise ConfigError(
            f"a background of {rewrites.words.documents} different documents tells no rare words from common ones; "
            f"name {LEAST_DOCUMENTS} or more, and better some thousands"
        )
    return background, rewrites


@cache
def shipped_background() -> RewriteBackground:
    """The one that comes with the package: how common terms are in English news and reviews.

    It has no reference documents, so that the verdict goes without margins. `benchmarks/quality/fit_background.py`
    makes it.
    """
    data = files("dedup.verifying").joinpath("background.npz").read_bytes()
    return background_from_bytes(data)


def background_to_bytes(background: RewriteBackground) -> bytes:
    """A background as it is stored."""
    words, prefixes, held, terms = background.words, background.prefixes, background.held, background.terms
    buffer = io.BytesIO()
    np.savez(
        buffer,
        documents=np.array([words.documents], dtype=np.int64),
        words=words.terms,
        word_frequencies=words.frequencies.astype(np.uint32),
        prefixes=prefixes.terms,
        prefix_frequencies=prefixes.frequencies.astype(np.uint32),
        keys=held.anchors.keys,
        strengths=held.anchors.strengths,
        offsets=held.anchors.offsets,
        firsts=held.firsts,
        terms=terms.values,
        kinds=terms.kinds,
        term_offsets=terms.offsets,
        digests=background.digests,
    )
    return buffer.getvalue()


def background_from_bytes(data: bytes) -> RewriteBackground:
    """A stored background. Raises ValueError or KeyError where the bytes are none."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        documents = int(arrays["documents"][0])
        held = HeldAnchors(Anchors(arrays["keys"], arrays["strengths"], arrays["offsets"]), arrays["firsts"])
        return RewriteBackground(
            TermModel(arrays["words"], arrays["word_frequencies"].astype(np.int64), documents),
            TermModel(arrays["prefixes"], arrays["prefix_frequencies"].astype(np.int64), documents),
            held,
            build_index(held.anchors, held.firsts),
            DocumentTerms(arrays["terms"], arrays["kinds"], arrays["term_offsets"]),
            arrays["digests"],
        )


def without_references(background: RewriteBackground, least: int) -> RewriteBackground:
    """The same but for its reference documents, and without the terms that fewer than `least` documents hold."""

    def common(model: TermModel) -> TermModel:
        enough = model.frequencies >= least
        return TermModel(model.terms[enough], model.frequencies[enough], model.documents)

    nothing = np.zeros(0, dtype=np.uint64)
    empty = HeldAnchors(Anchors(nothing.astype(np.uint32), nothing.astype(np.uint16), _NO_ROWS), _NO_ROWS)
    return RewriteBackground(
        common(background.words),
        common(background.prefixes),
        empty,
        build_index(empty.anchors, empty.firsts),
        DocumentTerms(nothing, nothing.astype(np.uint8), _NO_ROWS),
        nothing,
    )


_NO_ROWS = np.zeros(1, dtype=np.int64)
