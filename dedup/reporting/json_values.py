"""The values of a report as JSON: always valid UTF-8, always the same bytes, whatever the ids hold."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import orjson

from dedup.model import Decision, Evidence, Match, Quarantined, Span

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

_NOTHING = Evidence()
_SURROGATE = re.compile("[\ud800-\udfff]")


def encoded(value: Json) -> bytes:
    r"""Write one value as UTF-8, without a line break.

    A lone surrogate, which UTF-8 cannot hold, becomes its JSON escape, such as `\ud800`; an integer of any
    size is written in full. NaN and infinities are for the caller to leave out.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson refuses lone surrogates and integers over 64 bits, which ids may hold.
        return orjson.dumps(_with_fragments(value))


def _with_fragments(value: Json) -> object:
    """The value with each part of it that orjson refuses as a piece of JSON, so that all the rest is written alike."""
    if isinstance(value, str):
        return orjson.Fragment(_escaped(value)) if _SURROGATE.search(value) else value
    if isinstance(value, Mapping):
        return {name: _with_fragments(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [_with_fragments(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value).encode())
    return value


def _escaped(text: str) -> bytes:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)).encode()


def rounded(value: float | None) -> float | None:
    """Round a score to six decimals; null where there is none or it is no number, and minus zero is zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), 6) + 0.0


def span_value(span: Span | None) -> Json:
    """Give `{"document", "start", "end", "line", "end_line"}`, or null."""
    if span is None:
        return None
    return {
        "document": span.document,
        "start": span.start,
        "end": span.end,
        "line": span.line,
        "end_line": span.end_line,
    }


def evidence_value(evidence: Evidence) -> Json:
    """Give the fields of the evidence that say something, in the order of `Evidence`."""
    if evidence == _NOTHING:
        return {}
    fields: dict[str, Json] = {
        "seam": list(evidence.seam) or None,
        "copies": evidence.copies,
        "pattern": evidence.pattern,
        "occurrences": evidence.occurrences,
        "documents": evidence.documents,
        "lines": list(evidence.lines) or None,
        "rule": evidence.rule,
        "kind": evidence.kind,
        "weight": rounded(evidence.weight),
        "repeats": span_value(evidence.repeats),
        "anchors": list(evidence.anchors) or None,
        "log_likelihood": _pair(evidence.log_likelihood),
    }
    return {name: value for name, value in fields.items() if value is not None}


def match_value(match: Match) -> Json:
    """Give a finding, with the keys and their order of the stable interface."""
    return {
        "relation": match.relation.value,
        "left": span_value(match.left),
        "right": span_value(match.right),
        "resemblance": rounded(match.resemblance),
        "containment": _pair(match.containment),
        "cosine": rounded(match.cosine),
        "score": rounded(match.score),
        "evidence": evidence_value(match.evidence),
    }


def decision_value(decision: Decision) -> dict[str, Json]:
    """Give what happens to one document and, where it is dropped, for which one and with which scores.

    Where an index tells paragraphs that it had seen before, they come last.
    """
    value: dict[str, Json] = {
        "document": decision.document,
        "keep": decision.keep,
        "reason": decision.reason,
        "representative": decision.representative,
        "relation": None if decision.relation is None else decision.relation.value,
        "resemblance": rounded(decision.resemblance),
        "containment": _pair(decision.containment),
        "cosine": rounded(decision.cosine),
    }
    if decision.passages:
        value["passages"] = [match_value(passage) for passage in decision.passages]
    return value


def quarantined_value(record: Quarantined) -> Json:
    """Give a record that could not be read, in the place of its decision; `document` says where it stands."""
    return {
        "document": record.file if record.line is None else f"{record.file}:{record.line}",
        "keep": False,
        "reason": "quarantined",
        "file": record.file,
        "line": record.line,
        "quarantine": record.reason,
        "message": record.message,
    }


def _pair(scores: tuple[float, float] | None) -> Json:
    return None if scores is None else [rounded(scores[0]), rounded(scores[1])]
