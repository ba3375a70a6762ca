"""The decisions on the records of one batch, as columns and as bytes that the index keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from dedup.kernels import F64, I64, Bool
from dedup.model import Relation

KEPT_REASONS = ("unique", "short", "empty")
RELATIONS = (Relation.EXACT, Relation.NEAR, Relation.CONTAINS, Relation.REWRITE)
REASONS = (*KEPT_REASONS, *RELATIONS)
"""The reasons of decisions, in the order of their codes: those of kept records, then those of dropped ones."""

SCORES = ("resemblance", "containment_left", "containment_right", "cosine")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is decided on n records.

    `reasons` (int8, (n,)) are places in `REASONS`. `dropped` (int64, ascending) are the places of the records that
    repeat an earlier one; of each of these `representatives` has the JSON token of the id of that one, and `scores`
    (float64, (4, dropped)) those named in `SCORES`, NaN where one does not apply. `passages`: by place, of the records
    with paragraphs that were seen before, a JSON array of these as `dedup pairs` writes them (`right` is in the
    record); None where the index does not know paragraphs.
    """

    reasons: NDArray[np.int8]
    dropped: I64
    representatives: list[bytes]
    scores: F64
    passages: Mapping[int, bytes] | None = None

    def __len__(self) -> int:
        return int(self.reasons.size)

    @property
    def keep(self) -> Bool:
        """Whether each record is kept."""
        keep: Bool = self.reasons < len(KEPT_REASONS)
        return keep

    def counts(self) -> dict[str, int]:
        """How many records there are of each reason, those of which there are some."""
        numbers = np.bincount(self.reasons, minlength=len(REASONS)).tolist()
        return {str(reason): number for reason, number in zip(REASONS, numbers, strict=True) if number}

    def encoded(self) -> bytes:
        """All of it as bytes that `decoded` takes."""
        odd = np.flatnonzero(self.reasons)
        columns = (odd, self.reasons[odd].astype(np.int64), np.nan_to_num(self.scores.reshape(-1), nan=-1.0))
        repeated = None if self.passages is None else list(self.passages)
        numbers = orjson.dumps([len(self), *columns, repeated], option=orjson.OPT_SERIALIZE_NUMPY)
        return b"\n".join([numbers, *self.representatives, *(self.passages or {}).values()])

    @classmethod
    def decoded(cls, data: bytes) -> "Verdicts":
        """Make them of bytes again."""
        first, *rest = data.split(b"\n")
        count, odd, codes, scores, repeated = orjson.loads(first)
        reasons = np.zeros(count, dtype=np.int8)
        reasons[np.array(odd, dtype=np.int64)] = codes
        dropped = np.flatnonzero(reasons >= len(KEPT_REASONS))
        flat = np.array(scores, dtype=np.float64)
        flat[flat == -1.0] = np.nan
        passages = None if repeated is None else dict(zip(repeated, rest[dropped.size :], strict=True))
        return cls(reasons, dropped, rest[: dropped.size], flat.reshape(len(SCORES), -1), passages)
