"""The reason for each document's decision."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, Bool


class Reason(StrEnum):
    """Why a document is kept; a dropped one has its relation's name as the reason."""

    UNIQUE = "unique"
    REPRESENTATIVE = "representative"
    SHORT = "short"
    EMPTY = "empty"


REASONS = tuple(Reason)
"""The reasons, in the order of their codes."""

DROPPED = -1
"""The code of a dropped document."""


def decide(lengths: I64, representatives: I64, is_representative: Bool, shingle_size: int) -> NDArray[np.int8]:
    """The reason for each kept document, as its place in `REASONS`, and `DROPPED` for the dropped ones, by rank.

    A kept document without tokens is `empty`; one of fewer than `shingle_size` tokens, which could only have been an
    exact copy, is `short`.
    """
    codes = np.full(lengths.size, REASONS.index(Reason.UNIQUE), dtype=np.int8)
    codes[lengths < shingle_size] = REASONS.index(Reason.SHORT)
    codes[lengths == 0] = REASONS.index(Reason.EMPTY)
    codes[is_representative] = REASONS.index(Reason.REPRESENTATIVE)
    codes[representatives >= 0] = DROPPED
    return codes
