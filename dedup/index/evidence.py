"""What a person is told of a rewrite: the rare words that both texts have."""

from dataclasses import dataclass

import numpy as np

from dedup.kernels import I64, U64, Kernels
from dedup.kernels.rewriting import WORTH, Nearest, RewriteKernels, choose_rewriting
from dedup.model import TextColumn
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_candidates import Proposals, read_terms
from dedup.scanning.rewrite_findings import shared_anchors
from dedup.scanning.rewrite_terms import RewriteBackground, anchors_of
from dedup.scanning.threads import Threads
from dedup.verifying.rewrites import SCREENING


@dataclass(frozen=True, slots=True)
class GivenTexts:
    """Texts in memory as a `TextSource`."""

    texts: TextColumn
    kernels: Kernels
    rewriting: RewriteKernels

    @property
    def threads(self) -> Threads:
        """See `TextSource`."""
        return Threads(1)

    @property
    def progress(self) -> Silent:
        """See `TextSource`."""
        return Silent()

    @property
    def digests(self) -> U64:
        """See `TextSource`."""
        return self.kernels.digest_texts(self.texts.data, self.texts.offsets)

    @property
    def sizes(self) -> I64:
        """See `TextSource`."""
        return np.diff(self.texts.offsets)

    def read(self, places: I64) -> TextColumn:
        """See `TextSource`."""
        return TextColumn.from_bytes([self.texts.raw(place) for place in places.tolist()])


def shared_words(left: str, right: str, background: RewriteBackground, kernels: Kernels) -> tuple[str, ...]:
    """The anchors that both texts have, as they stand in the left one, the strongest first."""
    texts = TextColumn.from_strings([left, right])
    rewriting = choose_rewriting(max(texts.n_bytes, WORTH.load))
    source = GivenTexts(texts, kernels, rewriting)
    held = anchors_of(read_terms(source, np.arange(2), cut=False), background.words, kernels, rewriting)
    one, none = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.uint32)
    # The right text is looked for among the left one alone, to find the units that are most alike.
    first = int(held.firsts[1])
    found = Nearest(one, one + first, one, none, one, np.array([0, 0, 1]))
    best = rewriting.rescore(found, held.anchors, held.firsts, held.anchors, held.firsts, 1, np.zeros(2, np.uint32))
    if not best.documents.size:
        return ()
    proposals = Proposals(
        one, one + 1, best.units, best.own_units - first, np.zeros(1), np.zeros((1, len(SCREENING))), np.zeros(2), best,
        held, 0,
    )  # fmt: skip
    return shared_anchors(source, proposals, one)[0]
