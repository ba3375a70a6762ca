"""Records on their way into batches: their ids and dates, and the quarantine."""

import math
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

from dedup.errors import InputError
from dedup.model import Quarantined
from dedup.reading.options import Reason
from dedup.reading.paths import shown_path

Date = str | float | None


class Complaint(NamedTuple):
    """Why a record cannot be taken."""

    reason: Reason
    message: str


def shown(value: str) -> str:
    """A name from the input as it may stand in a message: quoted, control characters escaped, not too long."""
    return repr(value if len(value) <= 60 else value[:60] + "…")


def shown_names(names: Sequence[str]) -> str:
    """A few names from the input as they may stand in a message."""
    more = ", …" if len(names) > 8 else ""
    return ", ".join(shown(name) for name in names[:8]) + more if names else "none"


def usable_date(value: object) -> Date:
    """A date as it is if it can be compared: a string, an integer, a finite fraction; None otherwise."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return None


class Quarantine:
    """Where records go that cannot be read: to the caller's function, or, in strict reading, into an error."""

    def __init__(self, take: Callable[[Quarantined], None], strict: bool) -> None:
        self._take = take
        self._strict = strict

    def add(self, file: str, line: int | None, reason: Reason, message: str) -> None:
        """Quarantine one record, or with `line` None the whole file. Raises `InputError` in strict reading."""
        if self._strict:
            place = shown_path(file) if line is None else f"{shown_path(file)}, line {line}"
            raise InputError(f"{place}: {message} [{reason}]; or read without strict to set it aside and go on")
        self._take(Quarantined(file, line, reason.value, message))


def string_token(value: str) -> bytes:
    """The JSON token of a string, in ASCII."""
    return encode_basestring_ascii(value).encode("ascii")


class FileIds:
    """The ids of one file's records: their own, else their URL, else `path:row`.

    `kind` is the type of those ids that are the records' own, None before the first; all of a file are alike.
    """

    def __init__(self, file: str, id_column: str | None, kind: type | None = None) -> None:
        self.kind = kind
        self._id_column = id_column
        self._row_prefix = string_token(file)[:-1] + b":"

    def token(self, value: object, url: object, row: int) -> bytes | Complaint:
        """The JSON token of a record's id, from the values of its id field and its `url`, None where absent."""
        kind = type(value)
        if value is None:
            return self._fallback(url, row)
        if kind is not self.kind:
            if kind is not str and kind is not int:
                name = "boolean" if kind is bool else "fraction" if kind is float else kind.__name__
                return Complaint(
                    Reason.ID_TYPE,
                    f"the id is a {name}; an id is a string or an integer (choose another field with --id-column)",
                )
            if self.kind is not None:
                return Complaint(
                    Reason.ID_TYPE,
                    f"the id is {_KIND[kind]}, while each before it in this file is {_KIND[self.kind]}; "
                    "write all ids of a file alike",
                )
            self.kind = kind
        return string_token(value) if isinstance(value, str) else str(value).encode("ascii")

    def usual_tokens(self, values: Sequence[Any]) -> list[str] | None:
        """The tokens of ids that are all strings or all integers, as those before them in the file are; else None.

        They are those that `token` gives one by one.
        """
        kinds = set(map(type, values))
        if len(kinds) != 1:
            return None
        (kind,) = kinds
        if kind is int:
            tokens = [*map(str, values)]
        elif kind is str:
            tokens = [*map(encode_basestring_ascii, values)]
        else:
            return None
        if self.kind is not None and self.kind is not kind:
            return None
        self.kind = kind
        return tokens

    def row_token(self, row: int) -> bytes:
        """The token of `path:row`."""
        return b'%b%d"' % (self._row_prefix, row)

    def _fallback(self, url: object, row: int) -> bytes | Complaint:
        if self._id_column is not None:
            return Complaint(
                Reason.MISSING_ID,
                f"the record has no {shown(self._id_column)}; add one, or leave --id-column out to go by url or row",
            )
        return string_token(url) if type(url) is str and url else self.row_token(row)


_KIND: dict[type, str] = {str: "a string", int: "an integer"}
