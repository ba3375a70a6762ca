"""Findings held as columns as JSON lines: the bytes of `encoded(match_value(match))`, without the objects.

A line is pieces of one buffer: keys, which all lines share, and values, of which each column is written at once.
"""

import json
from collections.abc import Sequence
from typing import cast

import numpy as np
import orjson
from numpy.typing import NDArray

from dedup.kernels import I64, U8, Kernels
from dedup.model import Evidence, IdColumn, MatchColumns, Relation, SpanColumns
from dedup.reporting.json_values import encoded, evidence_value, rounded

_BEGINNINGS = [f'{{"relation":{encoded(relation.value).decode()},"left":{{"document":' for relation in Relation]
_SPAN = (',"start":', ',"end":', ',"line":', ',"end_line":')
_RIGHT = ('},"right":{"document":', '},"right":null')
_SCORES = (
    ('},"resemblance":', ',"resemblance":'),
    (',"containment":[', ',"containment":null'),
    (",", ""),
    ('],"cosine":', ',"cosine":'),
    (',"score":', ',"score":'),
)
"""What stands before each score: where there is a right side, and where there is none."""

_EVIDENCE = (',"evidence":', "}\n")
_OF_PAIRS = (1, 2)
"""The scores that are written for pairs alone: both containments, which are null together."""

_BACKSLASH = ord("\\")
_COMMA = ord(",")
_MILLION = 1e6


def match_lines(matches: MatchColumns, kernels: Kernels) -> bytes:
    """Write each match as a JSON object and a line break."""
    if not len(matches):
        return b""
    lines = _Lines(len(matches))
    paired = matches.right.documents >= 0
    id_starts, id_ends = lines.texts(_id_texts(matches.ids))
    numbers = lines.numbers(np.stack([*_numbers(matches.left), *_numbers(matches.right)]))
    scores = lines.numbers(np.stack([rounded_scores(each) for each in matches.scores]))

    lines.add(*lines.shared(_BEGINNINGS, matches.relations))
    lines.add(id_starts[matches.left.documents], id_ends[matches.left.documents])
    for key, bounds in zip(_SPAN, numbers[:4], strict=True):
        lines.add(*lines.shared([key]))
        lines.add(*bounds)
    lines.add(*lines.shared(_RIGHT, ~paired))
    lines.add(id_starts[matches.right.documents], id_ends[matches.right.documents], paired)
    for key, bounds in zip(_SPAN, numbers[4:], strict=True):
        lines.add(*lines.shared([key]), paired)
        lines.add(*bounds, paired)
    for number, (keys, bounds) in enumerate(zip(_SCORES, scores, strict=True)):
        lines.add(*lines.shared(keys, ~paired))
        lines.add(*bounds, paired if number in _OF_PAIRS else None)
    lines.add(*lines.shared(_EVIDENCE[:1]))
    lines.add(*lines.evidence(matches))
    lines.add(*lines.shared(_EVIDENCE[1:]))
    return lines.join(kernels)


Bounds = tuple[I64, I64]
"""Starts and ends of pieces in the buffer."""


class _Lines:
    """Lines that grow piece by piece, all at the same time."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._parts: list[bytes] = []
        self._size = 0
        self._pieces: list[Bounds] = []

    def texts(self, several: list[bytes] | tuple[bytes, I64]) -> Bounds:
        """Take texts into the buffer."""
        if isinstance(several, list):
            joined, offsets = b"".join(several), np.cumsum([0, *map(len, several)], dtype=np.int64)
        else:
            joined, offsets = several
        offsets = offsets + self._take(joined)
        return offsets[:-1], offsets[1:]

    def numbers(self, values: NDArray[np.int64] | NDArray[np.float64]) -> list[Bounds]:
        """Write columns of numbers, an array of two dimensions, into the buffer; NaN is null."""
        text = orjson.dumps(values.reshape(-1), option=orjson.OPT_SERIALIZE_NUMPY)
        commas = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == _COMMA)
        base = self._take(text)
        starts, ends = np.append(0, commas) + (base + 1), np.append(commas, len(text) - 1) + base
        return list(zip(starts.reshape(values.shape), ends.reshape(values.shape), strict=True))

    def shared(self, texts: Sequence[str], choice: NDArray[np.int8] | NDArray[np.bool_] | None = None) -> Bounds:
        """Of some texts the one that is chosen for each line, by default the first."""
        starts, ends = self.texts([text.encode() for text in texts])
        if choice is None:
            return np.full(self._count, starts[0]), np.full(self._count, ends[0])
        places = choice.astype(np.int64)
        return starts[places], ends[places]

    def evidence(self, matches: MatchColumns) -> Bounds:
        """Take the evidence of each match into the buffer."""
        numbers, which = np.unique(matches.copies, return_inverse=True)
        known = [Evidence(copies=number or None) for number in numbers.tolist()]
        for place, evidence in matches.evidence.items():
            which[place] = len(known)
            known.append(evidence)
        starts, ends = self.texts([encoded(evidence_value(each)) for each in known])
        return starts[which], ends[which]

    def add(self, starts: I64, ends: I64, where: NDArray[np.bool_] | None = None) -> None:
        """Go on in each line, or in those where it is said, with a piece of the buffer."""
        self._pieces.append((starts, ends if where is None else np.where(where, ends, starts)))

    def join(self, kernels: Kernels) -> bytes:
        """The lines, one after the other."""
        buffer: U8 = np.frombuffer(b"".join(self._parts), dtype=np.uint8)
        starts, ends = (np.stack(each) for each in zip(*self._pieces, strict=True))
        return kernels.gather_ranges(buffer, starts, ends).tobytes()

    def _take(self, part: bytes) -> int:
        """Put bytes into the buffer; where they begin."""
        base = self._size
        self._parts.append(part)
        self._size += len(part)
        return base


def _numbers(spans: SpanColumns) -> tuple[I64, I64, I64, I64]:
    return spans.starts, spans.ends, spans.lines, spans.end_lines


def _id_texts(ids: IdColumn) -> list[bytes] | tuple[bytes, I64]:
    """The ids as `encoded` writes them, which are their tokens unless these hold escapes or lone surrogates."""
    data = ids.tokens.data
    if data.size and data.max() < 0x80 and not (data == _BACKSLASH).any() and not _has_minus_zero(ids):
        return data.tobytes(), ids.tokens.offsets
    return [_id_text(ids.tokens.raw(place)) for place in range(len(ids))]


def _has_minus_zero(ids: IdColumn) -> bool:
    data, offsets = ids.tokens.data, ids.tokens.offsets
    starts = offsets[:-1][np.diff(offsets) == 2]
    return bool(((data[starts] == ord("-")) & (data[starts + 1] == ord("0"))).any())


def _id_text(token: bytes) -> bytes:
    if b"\\" not in token and token != b"-0":
        try:
            token.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return token
    return encoded(json.loads(token))


def rounded_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give what `rounded` gives for each value, with NaN for None.

    Python rounds the decimal expansion of a number; the product with a million is itself rounded, and tells the same
    unless it comes near a half.
    """
    scaled = np.where(np.abs(values) < _MILLION, values, np.nan) * _MILLION
    nearest = np.rint(scaled)
    result = nearest / _MILLION + 0.0
    sure = np.abs(np.abs(scaled - nearest) - 0.5) > 1e-3
    for place in np.flatnonzero(~sure & np.isfinite(values)).tolist():
        result[place] = cast("float", rounded(values[place]))
    return result
