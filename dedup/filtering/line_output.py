"""What is written of lines: those kept as they came, with what is decided on them, or cleaned; and the rejected."""

import base64
import json
from collections.abc import Iterable, Sequence

import numpy as np
import orjson

from dedup.config import Config
from dedup.filtering.cleaning import cleaned_texts
from dedup.filtering.files import Bytes
from dedup.filtering.members import with_value, without_members
from dedup.filtering.options import Mode
from dedup.filtering.records import Batch, LineBatch, Unreadable
from dedup.filtering.verdicts import KEPT_REASONS, REASONS, Verdicts
from dedup.kernels import I64, U8, loaded
from dedup.reporting import encoded
from dedup.reporting.json_columns import rounded_scores

COLUMNS = (
    "dedup_keep",
    "dedup_reason",
    "dedup_representative",
    "dedup_relation",
    "dedup_resemblance",
    "dedup_cosine",
    "dedup_score",
)
"""The names of what `annotate` adds to a record."""

PASSAGES = "dedup_passages"
"""What it adds besides where the index knows paragraphs."""

EVERY_COLUMN = (*COLUMNS, PASSAGES)

_OURS = b'"dedup_'
_BRACE = ord("}")
_REASONS = [encoded(str(reason)) for reason in REASONS]


def rendered(batch: LineBatch, verdicts: Verdicts, mode: Mode, text_column: str, config: Config) -> Bytes:
    """The bytes that a batch of lines adds to the output."""
    if mode is Mode.ANNOTATE:
        return annotated_lines(batch, verdicts)
    if mode is Mode.CLEAN:
        return cleaned_lines(batch, verdicts, text_column, config)
    return kept_lines(batch, verdicts)


def kept_lines(batch: LineBatch, verdicts: Verdicts) -> Bytes:
    """The lines of the records kept, as they came."""
    keep = verdicts.keep
    return _gathered(batch.data, [(batch.starts[keep], batch.ends[keep])])


def annotated_lines(batch: LineBatch, verdicts: Verdicts) -> Bytes:
    """Every line with what is decided on its record as further members of its object."""
    own = batch.data.tobytes()
    if _OURS in own:
        # A record that was annotated before loses what was said then.
        lines = [without_members(own[start:end], EVERY_COLUMN) for start, end in _bounds(batch.starts, batch.ends)]
        own = b"".join(lines)
        ends: I64 = np.cumsum([len(line) for line in lines], dtype=np.int64)
        starts = np.append(0, ends[:-1])
    else:
        starts, ends = batch.starts, batch.ends
    data: U8 = np.frombuffer(own, dtype=np.uint8)
    closing = _closing_braces(own, data, starts, ends)
    none = None if verdicts.passages is None else b"[]"
    suffixes = [_suffix(True, str(reason), b"null", b"null", [b"null"] * 3, none) for reason in KEPT_REASONS]
    which = verdicts.reasons.astype(np.int64)
    which[verdicts.repeating] = len(suffixes) + np.arange(verdicts.repeating.size)
    suffixes += _suffixes(verdicts)
    for row, passages in (verdicts.passages or {}).items():
        own_suffix = suffixes[which[row]].removesuffix(b"[]") + passages
        which[row] = len(suffixes)
        suffixes.append(own_suffix)
    until = np.cumsum([0, *map(len, suffixes)], dtype=np.int64) + data.size
    everything = np.concatenate([data, np.frombuffer(b"".join(suffixes), dtype=np.uint8)])
    return _gathered(everything, [(starts, closing), (until[which], until[which + 1]), (closing, ends)])


def cleaned_lines(batch: LineBatch, verdicts: Verdicts, text_column: str, config: Config) -> Bytes:
    """Every line; where the text repeats itself or holds residue, with the text without it."""
    cleaned = cleaned_texts(batch.texts, verdicts, config)
    if not cleaned:
        return _gathered(batch.data, [(batch.starts, batch.ends)])
    lines = [batch.data[start:end].tobytes() for start, end in _bounds(batch.starts, batch.ends)]
    for row, text in cleaned.items():
        lines[row] = with_value(lines[row], text_column, encoded(text))
    return b"".join(lines)


def rejected_lines(batch: Batch, verdicts: Verdicts) -> bytes:
    """A line for each record that is dropped: which one it is, why, for which one, the scores, and the record."""
    if not verdicts.n_dropped:
        return b""
    repeating, keep = verdicts.repeating, verdicts.keep.tolist()
    scores = zip(*(_numbers(each) for each in verdicts.scores), strict=True)
    if isinstance(batch, LineBatch):
        lines_of, starts, ends = batch.data.data, batch.starts.tolist(), batch.ends.tolist()
    else:
        lines_of, starts, ends = None, [], []
    reasons = [_REASONS[code] for code in verdicts.reasons.tolist()]
    lines = []
    rows = zip(repeating.tolist(), batch.numbers[repeating].tolist(), verdicts.representatives, scores, strict=True)
    for row, number, representative, (resemblance, left, right, cosine, score) in rows:
        if keep[row]:
            continue
        reason = reasons[row]
        record = b"" if lines_of is None else b',"record":' + bytes(lines_of[starts[row] : ends[row]]).strip()
        lines.append(
            b'{"line":%d,"document":%b,"keep":false,"reason":%b,"representative":%b,"relation":%b,"resemblance":%b,'
            b'"containment":[%b,%b],"cosine":%b%b%b}\n'
            % (
                number,
                id_text(batch.ids.tokens.raw(row)),
                reason,
                id_text(representative),
                reason,
                resemblance,
                left,
                right,
                cosine,
                b"" if score == b"null" else b',"score":' + score,
                record,
            )
        )
    return b"".join(lines)


def quarantined_lines(unreadable: Iterable[Unreadable]) -> bytes:
    """A line for each record that cannot be read: its line, why, what to do, and its bytes (as base64 if no UTF-8)."""
    lines = []
    for record in unreadable:
        try:
            name, content = "record", record.content.decode()
        except UnicodeDecodeError:
            name, content = "base64", base64.b64encode(record.content).decode("ascii")
        values: dict[str, int | str] = {
            "line": record.number,
            "reason": record.reason,
            "message": record.message,
            name: content,
        }
        lines.append(encoded(values) + b"\n")
    return b"".join(lines)


def id_text(token: bytes) -> bytes:
    """An id as it is printed, of its JSON token; null where there is none."""
    if token.isascii() and b"\\" not in token and token != b"-0":
        return token or b"null"
    return encoded(json.loads(token.decode("utf-8", "surrogatepass")))


def _suffixes(verdicts: Verdicts) -> list[bytes]:
    """What is added to the records that repeat an earlier one."""
    scores = [_numbers(verdicts.scores[place]) for place in (0, 3, 4)]
    none = None if verdicts.passages is None else b"[]"
    reasons = [str(REASONS[code]) for code in verdicts.reasons[verdicts.repeating].tolist()]
    rows = zip(verdicts.keep[verdicts.repeating].tolist(), reasons, verdicts.representatives, *scores, strict=True)
    return [
        _suffix(keep, reason, id_text(representative), encoded(reason), numbers, none)
        for keep, reason, representative, *numbers in rows
    ]


def _suffix(
    keep: bool,
    reason: str,
    representative: bytes,
    relation: bytes,
    numbers: Sequence[bytes],
    passages: bytes | None,
) -> bytes:
    values = (b"true" if keep else b"false", encoded(reason), representative, relation, *numbers, passages)
    members = [(name, value) for name, value in zip(EVERY_COLUMN, values, strict=True) if value is not None]
    return b"".join(b',"%b":%b' % (name.encode(), value) for name, value in members)


def _numbers(scores: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[bytes]:
    """Scores as JSON, with six decimals; null for NaN."""
    return orjson.dumps(rounded_scores(scores).tolist())[1:-1].split(b",") if scores.size else []


def _closing_braces(own: bytes, data: U8, starts: I64, ends: I64) -> I64:
    """Where the object of each line ends: at the last brace, behind which only white space can stand."""
    newline = data[ends - 1] == ord("\n") if ends.size else np.zeros(0, dtype=np.bool_)
    closing: I64 = ends - 1 - newline
    for row in np.flatnonzero(data[closing] != _BRACE).tolist():
        closing[row] = own.rfind(b"}", int(starts[row]), int(ends[row]))
    return closing


def _bounds(starts: I64, ends: I64) -> Iterable[tuple[int, int]]:
    return zip(starts.tolist(), ends.tolist(), strict=True)


def _gathered(data: U8, columns: Sequence[tuple[I64, I64]]) -> Bytes:
    """Ranges of a buffer, row by row, one after the other."""
    if not columns[0][0].size:
        return b""
    starts, ends = np.stack([each for each, _ in columns]), np.stack([each for _, each in columns])
    return loaded().gather_ranges(data, starts, ends).data
