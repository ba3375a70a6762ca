"""Findings held as columns as JSON lines: the bytes of `encoded(match_value(match))`, without the objects."""

import json
from collections.abc import Sequence
from itertools import pairwise, repeat
from typing import cast

import numpy as np
import orjson
from numpy.typing import NDArray

from dedup.model import Evidence, IdColumn, MatchColumns, Relation, SpanColumns
from dedup.reporting.json_values import encoded, evidence_value, rounded

_BEGINNINGS = [f'{{"relation":{encoded(relation.value).decode()},"left":' for relation in Relation]
_BACKSLASH = ord("\\")
_MILLION = 1e6


def match_lines(matches: MatchColumns) -> bytes:
    """Write each match as a JSON object and a line break."""
    if not len(matches):
        return b""
    ids = _id_texts(matches.ids)
    resemblance, left_containment, right_containment, cosine, score = (
        _number_texts(rounded_scores(each)) for each in matches.scores
    )
    paired = (matches.right.documents >= 0).tolist()
    containment = [
        f"[{left},{right}]" if pair else "null"
        for left, right, pair in zip(left_containment, right_containment, paired, strict=True)
    ]
    lines = [
        f'{_BEGINNINGS[relation]}{left},"right":{right},"resemblance":{alike},"containment":{contained},'
        f'"cosine":{angle},"score":{probability},"evidence":{evidence}}}\n'
        for relation, left, right, alike, contained, angle, probability, evidence in zip(
            matches.relations.tolist(),
            _span_texts(matches.left, ids),
            _span_texts(matches.right, ids),
            resemblance,
            containment,
            cosine,
            score,
            _evidence_texts(matches),
            strict=True,
        )
    ]
    return "".join(lines).encode()


def _span_texts(spans: SpanColumns, ids: Sequence[str]) -> list[str]:
    return [
        f'{{"document":{ids[document]},"start":{start},"end":{end},"line":{line},"end_line":{end_line}}}'
        if document >= 0
        else "null"
        for document, start, end, line, end_line in zip(
            spans.documents.tolist(),
            _number_texts(spans.starts),
            _number_texts(spans.ends),
            _number_texts(spans.lines),
            _number_texts(spans.end_lines),
            strict=True,
        )
    ]


def _evidence_texts(matches: MatchColumns) -> list[str]:
    texts = list(repeat("{}", len(matches)))
    # The matches of a class that was cut share their evidence.
    known: dict[Evidence, str] = {}
    for place, evidence in matches.evidence.items():
        text = known.get(evidence)
        if text is None:
            text = known[evidence] = encoded(evidence_value(evidence)).decode()
        texts[place] = text
    return texts


def _id_texts(ids: IdColumn) -> list[str]:
    """The ids as `encoded` writes them, which are their tokens unless these hold escapes or lone surrogates."""
    data, bounds = ids.tokens.data, ids.tokens.offsets.tolist()
    if data.size and data.max() < 0x80 and not (data == _BACKSLASH).any() and not _has_minus_zero(ids):
        text = data.tobytes().decode("ascii")
        return [text[start:end] for start, end in pairwise(bounds)]
    return [_id_text(ids.tokens.raw(place)) for place in range(len(ids))]


def _has_minus_zero(ids: IdColumn) -> bool:
    data, offsets = ids.tokens.data, ids.tokens.offsets
    starts = offsets[:-1][np.diff(offsets) == 2]
    return bool(((data[starts] == ord("-")) & (data[starts + 1] == ord("0"))).any())


def _id_text(token: bytes) -> str:
    if b"\\" not in token and token != b"-0":
        try:
            return token.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return encoded(json.loads(token)).decode()


def _number_texts(values: NDArray[np.int64] | NDArray[np.float64]) -> list[str]:
    """Write each of one or more numbers, NaN as null; twice as fast as Python's own."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return text[1:-1].split(",")


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
