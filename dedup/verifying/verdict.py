"""The verdict on a pair: the first relation that holds, by its scores."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dedup.config import Config
from dedup.kernels import I64
from dedup.model import Relation
from dedup.verifying.scores import Scores

LEAST_CONTAINED_TOKENS = 5
"""A text of fewer tokens is never `contains`: any page holds it."""


class Verdict(IntEnum):
    """Codes of the relations in arrays; the positive ones stand in the order in which they are tried.

    A rewrite is told by other evidence (see `dedup.verifying.rewrites`), not by `verdicts`.
    """

    VETOED = -1
    NONE = 0
    EXACT = 1
    NEAR = 2
    CONTAINS = 3
    REWRITE = 4


CODES = {
    Verdict.EXACT: Relation.EXACT,
    Verdict.NEAR: Relation.NEAR,
    Verdict.CONTAINS: Relation.CONTAINS,
    Verdict.REWRITE: Relation.REWRITE,
}


def verdicts(
    scores: Scores, left_lengths: I64, right_lengths: I64, config: Config, least_contained: int
) -> NDArray[np.int8]:
    """The `Verdict` on each pair, int8 of shape (n,); `VETOED` where the cosine alone stood against `near`.

    `left_lengths` and `right_lengths` are numbers of tokens. Texts under `shingle_size` tokens can only be exact
    copies; the contained side of `contains` has `least_contained` tokens or more.
    """
    shorter = np.minimum(left_lengths, right_lengths)
    comparable = shorter >= config.shingle_size
    over = comparable & (scores.resemblance >= config.threshold)
    near = over & (scores.cosine >= config.cosine)
    least = max(least_contained, LEAST_CONTAINED_TOKENS)
    # What resembles the other as a whole does not hold it "and more besides": a veto of the cosine stands.
    contains = (comparable & ~over) & (
        ((scores.left_containment >= config.containment) & (left_lengths >= least))
        | ((scores.right_containment >= config.containment) & (right_lengths >= least))
    )
    result = np.select(
        [scores.exact & (shorter > 0), near, contains],
        [Verdict.EXACT, Verdict.NEAR, Verdict.CONTAINS],
        Verdict.NONE,
    )
    for code, relation in CODES.items():
        if not config.looks_for(relation):
            result[result == code] = Verdict.NONE
    if config.looks_for(Relation.NEAR):
        result[(result == Verdict.NONE) & over & ~near] = Verdict.VETOED
    return result.astype(np.int8)


def verdict_on(
    exact: bool, scores: Sequence[float], left_length: int, right_length: int, config: Config, least_contained: int
) -> Verdict:
    """What `verdicts` gives of one pair; `scores`: resemblance, both containments and the cosine."""
    resemblance, left_containment, right_containment, cosine = scores
    comparable = min(left_length, right_length) >= config.shingle_size
    over = comparable and resemblance >= config.threshold
    near = over and cosine >= config.cosine
    least = max(least_contained, LEAST_CONTAINED_TOKENS)
    verdict = Verdict.NONE
    if exact and min(left_length, right_length) > 0:
        verdict = Verdict.EXACT
    elif near:
        verdict = Verdict.NEAR
    elif (
        comparable
        and not over
        and (
            (left_containment >= config.containment and left_length >= least)
            or (right_containment >= config.containment and right_length >= least)
        )
    ):
        verdict = Verdict.CONTAINS
    if verdict is not Verdict.NONE and config.looks_for(CODES[verdict]):
        return verdict
    return Verdict.VETOED if over and not near and config.looks_for(Relation.NEAR) else Verdict.NONE
