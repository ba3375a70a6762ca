"""From Arrow arrays to columns of texts, id tokens and dates, by buffers where the values allow it."""

from typing import TYPE_CHECKING

import numpy as np

from dedup.model import TextColumn
from dedup.reading.options import Reason
from dedup.reading.records import Complaint, Date, FileIds, usable_date

if TYPE_CHECKING:
    import pyarrow as pa

_QUOTE = ord('"')
_PLAIN = np.zeros(256, dtype=np.bool_)
"""The bytes that stand for themselves in an ASCII JSON string."""
_PLAIN[0x20:0x7F] = True
_PLAIN[[_QUOTE, ord("\\")]] = False

Complaints = dict[int, Complaint]
"""What is wrong with some rows of an array, by their index from 0."""


def holds_strings(kind: "pa.DataType") -> bool:
    """Whether an Arrow type holds text: strings or bytes of any layout, or nothing but nulls."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_binary_view,
            pa.types.is_fixed_size_binary,
            pa.types.is_null,
        )
    )


def holds_ids(kind: "pa.DataType") -> bool:
    """Whether an Arrow type holds strings or integers."""
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return holds_strings(kind) or bool(pa.types.is_integer(plain))


def utf8_column(array: "pa.Array") -> tuple["pa.Array", Complaints]:
    """An array that `holds_strings` as a large binary one, and the rows that are null or not UTF-8."""
    import pyarrow as pa

    binary = array.cast(pa.large_binary())
    complaints: Complaints = {}
    if binary.null_count:
        for row in np.flatnonzero(binary.is_null().to_numpy(zero_copy_only=False)).tolist():
            complaints[row] = Complaint(
                Reason.MISSING_TEXT, "the text is null; fill it in, or name another column with --text-column"
            )
    if not _is_utf8(binary):
        for row in range(len(binary)):
            value = binary[row].as_py()
            if value is not None and _decoded(value) is None:
                complaints[row] = Complaint(
                    Reason.INVALID_UTF8, "the text is not UTF-8; write the column as strings in UTF-8"
                )
    return binary, complaints


def text_column(binary: "pa.Array") -> TextColumn:
    """A large binary array without nulls as a column that shares its buffers."""
    _, offset_buffer, data_buffer = binary.buffers()
    length = len(binary)
    if length == 0 or offset_buffer is None:
        return TextColumn(np.empty(0, dtype=np.uint8), np.zeros(length + 1, dtype=np.int64))
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[binary.offset : binary.offset + length + 1]
    if data_buffer is None:
        return TextColumn(np.empty(0, dtype=np.uint8), np.zeros(length + 1, dtype=np.int64))
    data = np.frombuffer(data_buffer, dtype=np.uint8)[offsets[0] : offsets[-1]]
    return TextColumn(data, offsets - offsets[0] if offsets[0] else offsets)


def id_tokens(
    ids: "pa.Array | None", urls: "pa.Array | None", file_ids: FileIds, first_row: int, length: int
) -> tuple[TextColumn, Complaints]:
    """The tokens of the ids of consecutive rows; where a complaint stands, the token is empty."""
    import pyarrow as pa

    if ids is not None and len(ids) and ids.null_count == 0:
        if pa.types.is_integer(ids.type):
            return text_column(ids.cast(pa.string()).cast(pa.large_binary())), {}
        quoted = _quoted(ids) if holds_strings(ids.type) else None
        if quoted is not None:
            return quoted, {}
    values = _objects(ids, length)
    addresses = [each if each is None or isinstance(each, str) else None for each in _objects(urls, length)]
    tokens: list[bytes] = []
    complaints: Complaints = {}
    for row, (value, url) in enumerate(zip(values, addresses, strict=True)):
        token = value if isinstance(value, Complaint) else file_ids.token(value, url, first_row + row)
        if isinstance(token, Complaint):
            complaints[row] = token
            token = b""
        tokens.append(token)
    return TextColumn.from_bytes(tokens), complaints


def dates(array: "pa.Array") -> list[Date]:
    """The values that can be compared as dates: strings, numbers, and points in time as ISO 8601; None for others."""
    import pyarrow as pa

    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        array = array.cast(pa.string())
    if holds_strings(array.type):
        return [usable_date(value) for value in _objects(array, len(array))]
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return [usable_date(value) for value in array.to_pylist()]
    return [None] * len(array)


def _is_utf8(binary: "pa.Array") -> bool:
    import pyarrow as pa

    try:
        binary.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _quoted(array: "pa.Array") -> TextColumn | None:
    """String ids as JSON tokens, if no character needs an escape; None otherwise."""
    import pyarrow as pa

    column = text_column(array.cast(pa.large_binary()))
    if not _PLAIN[column.data].all():
        return None
    offsets = column.offsets + 2 * np.arange(len(column) + 1)
    tokens = np.full(int(offsets[-1]), _QUOTE, dtype=np.uint8)
    inside = np.ones(tokens.size, dtype=np.bool_)
    inside[offsets[:-1]] = False
    inside[offsets[1:] - 1] = False
    tokens[inside] = column.data
    return TextColumn(tokens, offsets)


def _objects(array: "pa.Array | None", length: int) -> list[object]:
    """The values of an array of ids as Python objects, a complaint where bytes are not UTF-8; None without an array."""
    import pyarrow as pa

    if array is None:
        return [None] * length
    if not holds_strings(array.type):
        values: list[object] = array.to_pylist()
        return values
    strings: list[object] = []
    for value in array.cast(pa.large_binary()).to_pylist():
        decoded = None if value is None else _decoded(value)
        if value is not None and decoded is None:
            strings.append(Complaint(Reason.INVALID_UTF8, "the id is not UTF-8; write the column as strings in UTF-8"))
        else:
            strings.append(decoded)
    return strings
