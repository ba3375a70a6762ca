"""The terms of documents as units: what rewrites are looked for and confirmed by, read block by block."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.candidates.anchors import Allocate, AnchorIndex, build_index, divide, find_anchors, unit_rows
from dedup.kernels import I64, U64, Kernels, Ragged
from dedup.kernels.rewriting import Anchors, DocumentTerms, RewriteKernels
from dedup.model import TextColumn
from dedup.scanning.corpus import Corpus
from dedup.tokenising import codepoint_table
from dedup.verifying.term_model import TermModel, fit_term_model

REFERENCE_DOCUMENTS = 2048
"""Documents of the background that others are held against, to tell what any text shares with some other."""


def terms_of(texts: TextColumn, rewriting: RewriteKernels, *, cut: bool) -> DocumentTerms:
    """The terms of texts, with words cut to their prefix or whole."""
    return rewriting.document_terms(texts.data, texts.offsets[:-1], texts.offsets[1:], *codepoint_table(), cut)


class HeldAnchors(NamedTuple):
    """The anchors of the units of n documents; those of document i are units `firsts[i]` to `firsts[i + 1]`."""

    anchors: Anchors
    firsts: I64


class Room(NamedTuple):
    """Where anchors are put: arrays that `allocate` gives, for at `most` so many."""

    most: int
    allocate: Allocate


def join_anchors(several: Iterable[HeldAnchors], room: Room | None = None) -> HeldAnchors:
    """Those of some documents after those of others; given `room`, no more of `several` are held than one."""
    if room is None:
        several = list(several)
        room = Room(sum(each.anchors.keys.size for each in several), np.empty)
    keys, strengths = room.allocate(room.most, np.uint32), room.allocate(room.most, np.uint16)
    lengths, units = [np.zeros(1, dtype=np.int64)], [np.zeros(1, dtype=np.int64)]
    filled = 0
    for anchors, firsts in several:
        end = filled + anchors.keys.size
        keys[filled:end], strengths[filled:end] = anchors.keys, anchors.strengths
        lengths.append(np.diff(anchors.offsets))
        units.append(np.diff(firsts))
        filled = end
    offsets = np.cumsum(np.concatenate(lengths))
    return HeldAnchors(Anchors(keys[:filled], strengths[:filled], offsets), np.cumsum(np.concatenate(units)))


def anchors_of(terms: DocumentTerms, model: TermModel, kernels: Kernels, rewriting: RewriteKernels) -> HeldAnchors:
    """The anchors of documents, given by their whole terms: a pure function of a batch and the background."""
    units = divide(terms.offsets)
    values, offsets = unit_rows(terms.values, units)
    return HeldAnchors(find_anchors(Ragged(values, offsets), *model.anchor_table, kernels, rewriting), units.firsts)


@dataclass(frozen=True, slots=True)
class RewriteBackground:
    """What the verdict on a rewrite rests on, besides both texts.

    `words` and `prefixes` say how common whole and cut terms are. `index` and `held` are those of the reference
    documents, whose cut terms are `terms`; `digests` are their hashes, for a document is not held against itself.
    """

    words: TermModel
    prefixes: TermModel
    held: HeldAnchors
    index: AnchorIndex
    terms: DocumentTerms
    digests: U64

    @property
    def fingerprint(self) -> str:
        """A hash of all that verdicts rest on."""
        held, terms = self.held, self.terms
        columns = (
            held.anchors.keys, held.anchors.strengths, held.anchors.offsets, held.firsts, terms.values, terms.kinds,
            terms.offsets, self.digests,
        )  # fmt: skip
        models = f"{self.words.fingerprint} {self.prefixes.fingerprint}".encode()
        return hashlib.sha256(b"".join([models, *(column.tobytes() for column in columns)])).hexdigest()[:16]


def fit_rewrite_background(corpus: Corpus, sample: I64, rewriting: RewriteKernels) -> RewriteBackground:
    """Fit on the documents of these ranks; the first of them, in order of their digests, are the reference."""
    kernels, documents = corpus.kernels, corpus.documents
    sample = sample[np.argsort(documents.digests[sample], kind="stable")]
    texts = corpus.store.gather(documents.starts[sample], documents.ends[sample])
    whole, cut = (terms_of(texts, rewriting, cut=each) for each in (False, True))
    words = fit_term_model(Ragged(whole.values, whole.offsets), kernels)
    prefixes = fit_term_model(Ragged(cut.values, cut.offsets), kernels)
    first, of_first = (_first_rows(each, REFERENCE_DOCUMENTS) for each in (whole, cut))
    held = anchors_of(first, words, kernels, rewriting)
    digests = documents.digests[sample[:REFERENCE_DOCUMENTS]]
    return RewriteBackground(words, prefixes, held, build_index(held.anchors, held.firsts), of_first, digests)


def _first_rows(terms: DocumentTerms, count: int) -> DocumentTerms:
    offsets = terms.offsets[: count + 1]
    return DocumentTerms(terms.values[: offsets[-1]], terms.kinds[: offsets[-1]], offsets)
