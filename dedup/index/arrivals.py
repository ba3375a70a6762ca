"""What is kept of documents as they arrive: rows of one size, and beside them what has no fixed size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import U8, U32

POSTED = 1
"""Flag of a document that later ones are compared with: the first of its exact class."""
NONE = 0xFFFFFFFF
"""The representative of a kept document."""

ROW = np.dtype(
    [
        ("digest", "<u8"),
        ("text_hash", "<u8"),
        ("id_hash", "<u8"),
        ("date", "<f8"),
        ("scores", "<f8", (4,)),
        ("text_size", "<u8"),
        ("rank", "<u4"),
        ("length", "<u4"),
        ("representative", "<u4"),
        ("level_size", "<u4"),
        ("n_samples", "<u4"),
        ("id_size", "<u4"),
        ("level", "u1"),
        ("flags", "u1"),
        ("verdict", "i1"),
        ("spare", "u1", (5,)),
    ]
)
"""One document: the hashes of its tokens, its bytes and its id, when it was admitted, what became of it, its length in
tokens, level and samples as in `dedup.kernels.Sketches`, and the sizes of what stands beside."""

Rows = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """n documents in the order of their ranks, which ascend.

    `rows` has n of `ROW`; `keys` (uint32, (n, bands)) their band keys; `samples` (uint32), `ids` and `texts` (uint8)
    hold what belongs to each, one after the other: sampled shingles, JSON tokens of the ids, and texts (or, in an index
    without texts, the token hashes).
    """

    rows: Rows
    keys: U32
    samples: U32
    ids: U8
    texts: U8

    def __len__(self) -> int:
        """How many documents are there."""
        return int(self.rows.size)

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return sum(each.nbytes for each in (self.rows, self.keys, self.samples, self.ids, self.texts))

    def parts(self) -> tuple[bytes, ...]:
        """Each column as bytes, as `from_parts` takes them."""
        return (
            self.rows.tobytes(),
            self.keys.tobytes(),
            self.samples.tobytes(),
            self.ids.tobytes(),
            self.texts.tobytes(),
        )

    @classmethod
    def from_parts(cls, several: Sequence[tuple[bytes, ...]], bands: int) -> "Arrivals":
        """The arrivals that several others, one after the other, gave as parts."""
        rows, keys, samples, ids, texts = (b"".join(column) for column in zip(*several, strict=True))
        several_rows = np.frombuffer(rows, dtype=ROW)
        return cls(
            several_rows,
            np.frombuffer(keys, dtype=np.uint32).reshape(several_rows.size, bands),
            np.frombuffer(samples, dtype=np.uint32),
            np.frombuffer(ids, dtype=np.uint8),
            np.frombuffer(texts, dtype=np.uint8),
        )


def join_arrivals(several: Sequence[Arrivals]) -> Arrivals:
    """One after the other; one or more."""
    if len(several) == 1:
        return several[0]
    return Arrivals(
        # As bytes: of rows with names NumPy works out a common type, pair by pair, which takes longer than all else.
        np.concatenate([each.rows.view(np.uint8) for each in several]).view(ROW),
        np.concatenate([each.keys for each in several]),
        np.concatenate([each.samples for each in several]),
        np.concatenate([each.ids for each in several]),
        np.concatenate([each.texts for each in several]),
    )


def offsets_of(sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where rows of these sizes begin and end when they stand one after the other; shape (n + 1,)."""
    offsets = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets
