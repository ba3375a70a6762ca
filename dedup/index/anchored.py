"""What rewrites of documents are found by: their anchors, and which of them reword another."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import F64, U8, U16, U32, Bool

REWORDED = np.dtype([("rank", "<u4"), ("representative", "<u4"), ("probability", "<f8"), ("scores", "<f8", (4,))])
"""A document that rewords an earlier one: both ranks, the probability, and scores as in `dedup.index.arrivals.ROW`."""

Rewordings = NDArray[np.void]

_COUNTS = struct.Struct("<IIII")


@dataclass(frozen=True, slots=True)
class Anchored:
    """The anchors of n documents, ascending by rank, and the rewordings among these and others.

    `ranks` uint32 and `elsewhere` float64 (what each shares with the background, as a mean cosine), of shape (n,);
    `n_units` uint32 (n,): how many units each has; `sizes` uint8 (units,): the anchors of each unit; `keys` uint32 and
    `strengths` uint16: the anchors (see `dedup.kernels.rewriting.Anchors`). `rewordings`: rows of `REWORDED`, by rank;
    exact copies of a document that was dropped may be among them, which have no anchors.
    """

    ranks: U32
    elsewhere: F64
    n_units: U32
    sizes: U8
    keys: U32
    strengths: U16
    rewordings: Rewordings

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return sum(each.nbytes for each in self._columns())

    def _columns(self) -> tuple[NDArray[np.generic], ...]:
        return (self.elsewhere, self.rewordings, self.ranks, self.n_units, self.keys, self.strengths, self.sizes)

    def to_bytes(self) -> bytes:
        """As bytes that `anchored_from_bytes` takes; nothing for nothing."""
        if not self.ranks.size and not self.rewordings.size:
            return b""
        counts = _COUNTS.pack(self.ranks.size, self.sizes.size, self.keys.size, self.rewordings.size)
        return b"".join([counts, *(column.tobytes() for column in self._columns())])

    def living(self, alive: Bool) -> "Anchored":
        """Those of documents that are there, told by rank."""
        documents = alive[self.ranks]
        rewordings = self.rewordings[alive[self.rewordings["rank"]]]
        if documents.all():
            return Anchored(self.ranks, self.elsewhere, self.n_units, self.sizes, self.keys, self.strengths, rewordings)
        units = np.repeat(documents, self.n_units)
        anchors = np.repeat(units, self.sizes)
        return Anchored(
            self.ranks[documents],
            self.elsewhere[documents],
            self.n_units[documents],
            self.sizes[units],
            self.keys[anchors],
            self.strengths[anchors],
            rewordings,
        )


def join_anchored(several: Sequence[Anchored]) -> Anchored:
    """One after the other."""
    held = [each for each in several if each.ranks.size or each.rewordings.size]
    if len(held) <= 1:
        return held[0] if held else NO_ANCHORS
    return Anchored(
        np.concatenate([each.ranks for each in held]),
        np.concatenate([each.elsewhere for each in held]),
        np.concatenate([each.n_units for each in held]),
        np.concatenate([each.sizes for each in held]),
        np.concatenate([each.keys for each in held]),
        np.concatenate([each.strengths for each in held]),
        np.concatenate([each.rewordings for each in held]),
    )


def anchored_from_bytes(several: Sequence[bytes]) -> Anchored:
    """What several others gave as bytes, one after the other. Raises ValueError where some are cut off."""
    return join_anchored([_parsed(each) for each in several if each])


def _parsed(data: bytes) -> Anchored:
    if len(data) < _COUNTS.size:
        raise ValueError("anchors are cut off")
    documents, units, anchors, rewordings = _COUNTS.unpack_from(data)
    place = _COUNTS.size
    columns: list[NDArray[np.generic]] = []
    for dtype, count in (
        ("<f8", documents), (REWORDED, rewordings), ("<u4", documents), ("<u4", documents), ("<u4", anchors),
        ("<u2", anchors), ("u1", units),
    ):  # fmt: skip
        columns.append(np.frombuffer(data, dtype=dtype, count=count, offset=place))
        place += columns[-1].nbytes
    elsewhere, reworded, ranks, n_units, keys, strengths, sizes = columns
    return Anchored(ranks, elsewhere, n_units, sizes, keys, strengths, reworded)  # type: ignore[arg-type]


NO_REWORDINGS: Rewordings = np.zeros(0, dtype=REWORDED)

NO_ANCHORS = Anchored(
    np.zeros(0, dtype=np.uint32),
    np.zeros(0, dtype=np.float64),
    np.zeros(0, dtype=np.uint32),
    np.zeros(0, dtype=np.uint8),
    np.zeros(0, dtype=np.uint32),
    np.zeros(0, dtype=np.uint16),
    NO_REWORDINGS,
)
