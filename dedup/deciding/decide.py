"""The reason for each document's decision."""

from enum import StrEnum

from dedup.kernels import I64, Bool


class Reason(StrEnum):
    """Why a document is kept; a dropped one has its relation's name as the reason."""

    UNIQUE = "unique"
    REPRESENTATIVE = "representative"
    SHORT = "short"
    EMPTY = "empty"


def decide(lengths: I64, representatives: I64, is_representative: Bool, shingle_size: int) -> list[Reason | None]:
    """The reason for each kept document, and None for the dropped ones, by rank.

    A kept document without tokens is `empty`; one of fewer than `shingle_size` tokens, which could only have been an
    exact copy, is `short`.
    """
    reasons: list[Reason | None] = []
    for length, representative, represents in zip(
        lengths.tolist(), representatives.tolist(), is_representative.tolist(), strict=True
    ):
        if representative >= 0:
            reasons.append(None)
        elif represents:
            reasons.append(Reason.REPRESENTATIVE)
        elif length == 0:
            reasons.append(Reason.EMPTY)
        else:
            reasons.append(Reason.SHORT if length < shingle_size else Reason.UNIQUE)
    return reasons
