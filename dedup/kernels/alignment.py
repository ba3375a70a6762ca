"""What alignment takes and gives, and the numbers that both implementations share.

Sums and weights are whole multiples of 1/1024 nat, so that they do not hang on the order of adding, and both
implementations give the same bits.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import numpy as np

from dedup.kernels import F64, I64, Worth, is_ready
from dedup.kernels.terms import Terms

SKIPS = 2
"""Skip-bigrams are unordered pairs of terms that stand up to so many places apart."""

MOST_OCCURRENCES = 3
"""The most occurrences, in either text, of a skip-bigram that makes seeds."""

LEAST_WEIGHT = 2.0
"""The least weight of both terms of a skip-bigram that makes seeds."""

LEAST_POINTS = 3
"""The fewest seeds that make a candidate."""

GAPS = (8, 20, 45)
"""Seeds further apart, in tokens, belong to different candidates; each gap gives candidates of its own."""

LEAST_DISTANCE = 3
"""Within one text, how far apart the tokens of a seed are at least."""

EXTENSION = 60
"""How far beyond a candidate, in tokens, its refinement looks in each round."""

UNIT = 1024.0
LEAST_SUM = 8.0
"""Candidates whose sum falls to this many nats on either side are dropped."""

FIRST_SUM, FIRST_SUMMARY_SUM = 2.0, 12.0
"""A candidate, or a summary, whose sum in the first round is less than so many nats is given up."""

RUN = 4
"""The fewest equal tokens in a row that are a run."""

SNAPPED_SHARE, SNAPPED_TOKENS = 0.8, 5
"""A passage with such a share of both sides in runs ends with its outermost runs, if they are that near to its ends."""


PLACES = 6
FEATURES = 13
SUMMARY_PLACES = 4
SUMMARY_FEATURES = 9


class Alignments(NamedTuple):
    """Candidates for passages of n pairs of texts: those of pair i are the rows `offsets[i]` to `offsets[i + 1]`.

    `places` int64 (rows, 6): first token and one after the last on the left, the same on the right, and the sums of
    the left and of the right side in 1/1024 nat. `features` float64 (rows, 13): of the left side the share of tokens
    that come from the other one, the share that touch a shared skip-bigram inside and outside the passage; the same of
    the right; the overlap's share of the left's weight, of the right's, cosine, number of shared terms, weight of the
    overlap; the longest run of equal terms, and the share of the left side in such runs.

    `summaries` int64 (2 n, 4), empty spans where there is none: first token and one after the last of the left span
    that summarises the right text, its sum, and the greatest sum beside it; and, in the next row, the same of the right
    span that summarises the left text. `summary_features` float64 (2 n, 9): the share of tokens from the summarised
    text, the shares of supported ones inside and outside; of that text's mass (the informative terms that the span
    holds) the share in the best window of the span's size, the share of the text
    between the first and the last twentieth of it, the whole, the number of rare terms, and the tokens at which that
    part begins and ends.
    """

    places: I64
    features: F64
    offsets: I64
    summaries: I64
    summary_features: F64


class Aligner(Protocol):
    """What both implementations of alignment offer."""

    name: str

    def align_terms(
        self,
        texts: Terms,
        left: I64,
        right: I64,
        given: I64 | None = None,
        given_offsets: I64 | None = None,
        summarising: bool = True,
    ) -> Alignments:
        """Candidates for passages of each pair of texts, of a text with itself where both are one.

        `given` (shape (k, 4): first token and one after the last on the left, the same on the right), those of pair i
        at `given_offsets[i]` to `given_offsets[i + 1]`, are weighed as they are, and nothing is looked for there.
        Unless `summarising`, no summaries are looked for.
        """
        ...


WORTH = Worth(64 << 10, 1 << 20, "compiling alignment for this machine, once: about a minute")


def choose_aligner(n_bytes: int, tell: Callable[[str], None] | None = None) -> Aligner:
    """The implementation of alignment for pairs of texts of so many bytes together; see `dedup.kernels.choose`."""
    if is_ready("aligning", n_bytes, WORTH, tell):
        from dedup.kernels import compiled_align

        return cast("Aligner", compiled_align)
    from dedup.kernels import reference_align

    return cast("Aligner", reference_align)


class Scoring(NamedTuple):
    """How the tokens of one side are scored.

    `excluded`: what share of the passage's own tokens does not count as background. `prior`: weight of the uniform
    background, as tokens times the probability of a word. `weight`: that of the prior in tokens. `cap`: the most nats
    that a token may say. `support`: weight of touching a shared skip-bigram. `least`: least share of tokens from the
    other side. `crossing`, `block`: cost in nats of the beginning of a sentence, and of a block, within the passage.
    `boundary`: factor of the costs of boundaries. `shared`: what share of the other span's tokens does not count as
    background: all of them where both spans are of one text.
    """

    excluded: float
    prior: float
    weight: float
    cap: float
    support: float
    least: float
    crossing: float
    block: float
    boundary: float
    shared: float

    def array(self) -> F64:
        """The numbers as compiled loops take them."""
        return np.array(self, dtype=np.float64)


PASSAGE_SCORING = Scoring(0.4, 200 / 30_000, 200.0, 6.0, 0.35, 0.3, 1.0, 2.0, 1.0, 0.0)
WITHIN_SCORING = PASSAGE_SCORING._replace(shared=0.4)
SUMMARY_SCORING = Scoring(0.25, 500 / 30_000, 500.0, 5.0, 0.3, 0.1, 0.0, 0.0, 0.75, 0.0)
FIRST_SUMMARY_SCORING = SUMMARY_SCORING._replace(excluded=0.0)


def most_points(longest_left: int, longest_right: int) -> int:
    """The most seeds of two texts; those of frequent skip-bigrams are left out where there are more.

    One occurrence on each side always fits: two skip-bigrams a token of the shorter text.
    """
    return 2 * (longest_left + longest_right) + 1024
