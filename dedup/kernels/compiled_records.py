"""Reading the members of JSON lines, compiled by Numba. Contracts are in `dedup.kernels.Kernels`.

Each function is given a place in a line and the line's end, and gives the place behind what it has read, or `_UNUSUAL`
where that is not there, is not valid, or is left to others.
"""

import numpy as np

from dedup.kernels import I64, U8
from dedup.kernels.compiled_tokens import load, store
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.records import INTEGERS, MOST_DIGITS, MOST_INTEGER_DIGITS, MOST_NESTED, NO_KIND, STRINGS, LineMembers

_UNUSUAL = -1
_WORD = 8
"""Bytes that are looked at at once, and copied where none of them is special."""

_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_QUOTES, _BACKSLASHES, _SPACES, _NEWLINES = (_ONES * np.uint64(byte) for byte in (0x22, 0x5C, 0x20, 0x0A))

_QUOTE, _BACKSLASH = np.uint8(0x22), np.uint8(0x5C)
_SPACE, _TAB, _NEWLINE, _RETURN = np.uint8(0x20), np.uint8(0x09), np.uint8(0x0A), np.uint8(0x0D)
_COMMA, _COLON, _MINUS, _PLUS, _POINT, _ZERO = (np.uint8(ord(each)) for each in ",:-+.0")
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = (np.uint8(ord(each)) for each in "{}[]")
_ASCII_END, _DELETE = np.uint8(0x80), np.uint8(0x7F)
_SMALL_E, _LARGE_E, _T, _F, _N, _U = (np.uint8(ord(each)) for each in "eEtfnu")
_B, _R, _SLASH = (np.uint8(ord(each)) for each in "br/")


@compiled
def _space(data: U8, place: Integer, end: Integer) -> Integer:
    """Behind white space, if there is some."""
    while place < end and (
        data[place] == _SPACE or data[place] == _TAB or data[place] == _RETURN or data[place] == _NEWLINE
    ):
        place += 1
    return place


@compiled
def _is_digit(byte: Integer) -> bool:
    return bool(0x30 <= byte <= 0x39)


@compiled
def _hex_value(data: U8, place: Integer, end: Integer) -> Integer:
    """The value of four hexadecimal digits, or `_UNUSUAL`."""
    if place + 4 > end:
        return _UNUSUAL
    value: Integer = 0
    for step in range(4):
        byte = np.int64(data[place + step])
        letter = byte | 0x20
        if 0x30 <= byte <= 0x39:
            value = value * 16 + byte - 0x30
        elif 0x61 <= letter <= 0x66:
            value = value * 16 + letter - 0x61 + 10
        else:
            return _UNUSUAL
    return value


@compiled
def _plain_escape(byte: Integer) -> Integer:
    """The byte that an escape of one letter stands for, or `_UNUSUAL`."""
    if byte in (_QUOTE, _BACKSLASH, _SLASH):
        return np.int64(byte)
    if byte == _N:
        return 0x0A
    if byte == _T:
        return 0x09
    if byte == _R:
        return 0x0D
    if byte == _B:
        return 0x08
    if byte == _F:
        return 0x0C
    return _UNUSUAL


@compiled
def _character_size(data: U8, place: Integer, end: Integer) -> Integer:
    """Bytes of the UTF-8 character that is not ASCII and begins here, or `_UNUSUAL` (Unicode 15, table 3-7)."""
    first = np.int64(data[place])
    if 0xC2 <= first <= 0xDF:
        size = 2
    elif 0xE0 <= first <= 0xEF:
        size = 3
    elif 0xF0 <= first <= 0xF4:
        size = 4
    else:
        return _UNUSUAL
    if place + size > end:
        return _UNUSUAL
    second = np.int64(data[place + 1])
    low, high = 0x80, 0xBF
    if first == 0xE0:
        low = 0xA0
    elif first == 0xED:
        high = 0x9F
    elif first == 0xF0:
        low = 0x90
    elif first == 0xF4:
        high = 0x8F
    if second < low or second > high:
        return _UNUSUAL
    for step in range(2, size):
        if data[place + step] & np.uint8(0xC0) != np.uint8(0x80):
            return _UNUSUAL
    return size


@compiled
def _put_character(value: Integer, out: U8, written: Integer) -> Integer:
    """Write a code point as UTF-8; what is written then."""
    if value < 0x80:
        out[written] = np.uint8(value)
        return written + 1
    if value < 0x800:
        out[written] = np.uint8(0xC0 | (value >> 6))
        out[written + 1] = np.uint8(0x80 | (value & 0x3F))
        return written + 2
    if value < 0x10000:
        out[written] = np.uint8(0xE0 | (value >> 12))
        out[written + 1] = np.uint8(0x80 | ((value >> 6) & 0x3F))
        out[written + 2] = np.uint8(0x80 | (value & 0x3F))
        return written + 3
    out[written] = np.uint8(0xF0 | (value >> 18))
    out[written + 1] = np.uint8(0x80 | ((value >> 12) & 0x3F))
    out[written + 2] = np.uint8(0x80 | ((value >> 6) & 0x3F))
    out[written + 3] = np.uint8(0x80 | (value & 0x3F))
    return written + 4


@compiled
def _zeros(word: np.uint64) -> np.uint64:
    """A word that is 0 where no byte of this one is; the lowest bit that is set tells the lowest of them."""
    return (word - _ONES) & ~word & _HIGH_BITS


@compiled
def _special(word: np.uint64) -> bool:
    """Whether a byte of a string is none that stands for itself, or is not ASCII."""
    below_space = (word - _SPACES) & ~word
    return bool(((word | below_space) & _HIGH_BITS | _zeros(word ^ _QUOTES) | _zeros(word ^ _BACKSLASHES)) != 0)


@compiled
def _string(data: U8, place: Integer, end: Integer, out: U8, written: Integer) -> tuple[Integer, Integer]:
    """Read a string from behind its quote on, and write what it says; the place behind it, and what is written then.

    `out` has room for as many bytes as stand before the end.
    """
    while place < end:
        while place + _WORD <= end:
            word = load(data, np.uint64(place))
            if _special(word):
                break
            store(out, np.uint64(written), word)
            place += _WORD
            written += _WORD
        while place < end:
            byte = data[place]
            if (byte < _SPACE) | (byte >= _ASCII_END) | (byte == _QUOTE) | (byte == _BACKSLASH):
                break
            out[written] = byte
            place += 1
            written += 1
        if place == end:
            break
        byte = data[place]
        if byte == _QUOTE:
            return place + 1, written
        if byte < _SPACE:
            break
        if byte >= _ASCII_END:
            while place < end and data[place] >= _ASCII_END:
                size = _character_size(data, place, end)
                if size == _UNUSUAL:
                    return _UNUSUAL, written
                for step in range(size):
                    out[written + step] = data[place + step]
                place += size
                written += size
            continue
        if place + 1 >= end:
            break
        if data[place + 1] != _U:
            value = _plain_escape(data[place + 1])
            if value == _UNUSUAL:
                break
            out[written] = np.uint8(value)
            place += 2
            written += 1
            continue
        value = _hex_value(data, place + 2, end)
        place += 6
        if value == _UNUSUAL or 0xDC00 <= value <= 0xDFFF:
            break
        if value >= 0xD800 and value <= 0xDBFF:
            if place + 2 > end or data[place] != _BACKSLASH or data[place + 1] != _U:
                break
            second = _hex_value(data, place + 2, end)
            place += 6
            if second < 0xDC00 or second > 0xDFFF:
                break
            value = 0x10000 + ((value - 0xD800) << 10) + (second - 0xDC00)
        written = _put_character(value, out, written)
    return _UNUSUAL, written


@compiled
def _digits(data: U8, place: Integer, end: Integer) -> Integer:
    while place < end and _is_digit(data[place]):
        place += 1
    return place


@compiled
def _number(data: U8, place: Integer, end: Integer) -> Integer:
    if data[place] == _MINUS:
        place += 1
    begin = place
    place = _digits(data, place, end)
    if place == begin or place - begin > MOST_INTEGER_DIGITS or (place - begin > 1 and data[begin] == _ZERO):
        return _UNUSUAL
    if place < end and data[place] == _POINT:
        begin = place + 1
        place = _digits(data, begin, end)
        if place == begin:
            return _UNUSUAL
    if place < end and (data[place] == _SMALL_E or data[place] == _LARGE_E):
        place += 1
        if place < end and (data[place] == _PLUS or data[place] == _MINUS):
            place += 1
        begin = place
        place = _digits(data, begin, end)
        if place == begin or place - begin > 2:
            return _UNUSUAL
    return place


@compiled
def _letters(data: U8, place: Integer, end: Integer) -> Integer:
    """A literal: true, false or null."""
    size = 5 if data[place] == _F else 4
    if place + size > end:
        return _UNUSUAL
    value: Integer = 0
    for step in range(1, size):
        value = value << 8 | np.int64(data[place + step])
    # "rue", "alse" and "ull".
    if data[place] == _T:
        return place + size if value == 0x727565 else _UNUSUAL
    if data[place] == _F:
        return place + size if value == 0x616C7365 else _UNUSUAL
    return place + size if data[place] == _N and value == 0x756C6C else _UNUSUAL


@compiled
def _key(data: U8, place: Integer, end: Integer, out: U8, written: Integer) -> Integer:
    """Behind a key, its colon, and white space."""
    if place >= end or data[place] != _QUOTE:
        return _UNUSUAL
    place, _ = _string(data, place + 1, end, out, written)
    if place == _UNUSUAL:
        return _UNUSUAL
    place = _space(data, place, end)
    if place >= end or data[place] != _COLON:
        return _UNUSUAL
    return _space(data, place + 1, end)


@compiled
def _value(data: U8, place: Integer, end: Integer, out: U8, written: Integer) -> Integer:
    """Behind any value; `out` is written over from `written` on."""
    depth = 0
    # Of each object or array around, the innermost lowest, whether it is an object.
    objects = np.uint64(0)
    while place < end:
        byte = data[place]
        if byte in (_OPEN_OBJECT, _OPEN_ARRAY):
            is_object = byte == _OPEN_OBJECT
            depth += 1
            if depth >= MOST_NESTED:
                return _UNUSUAL
            objects = objects << np.uint64(1) | np.uint64(is_object)
            place = _space(data, place + 1, end)
            if place >= end:
                return _UNUSUAL
            if data[place] != (_CLOSE_OBJECT if is_object else _CLOSE_ARRAY):
                if is_object:
                    place = _key(data, place, end, out, written)
                    if place == _UNUSUAL:
                        return _UNUSUAL
                continue
        elif byte == _QUOTE:
            place, _ = _string(data, place + 1, end, out, written)
        elif byte == _MINUS or _is_digit(byte):
            place = _number(data, place, end)
        else:
            place = _letters(data, place, end)
        if place == _UNUSUAL:
            return _UNUSUAL
        # Behind a value, or at the end of an empty object or array: out of all that end here.
        going_on = False
        while depth > 0 and not going_on:
            place = _space(data, place, end)
            if place >= end:
                return _UNUSUAL
            is_object = objects & np.uint64(1) == np.uint64(1)
            if data[place] == (_CLOSE_OBJECT if is_object else _CLOSE_ARRAY):
                depth -= 1
                objects >>= np.uint64(1)
                place += 1
            elif data[place] == _COMMA:
                place = _space(data, place + 1, end)
                if is_object:
                    place = _key(data, place, end, out, written)
                    if place == _UNUSUAL:
                        return _UNUSUAL
                going_on = True
            else:
                return _UNUSUAL
        if not going_on:
            return place
    return _UNUSUAL


@compiled
def _is_named(data: U8, begin: Integer, end: Integer, name: U8) -> bool:
    if end - begin != name.size:
        return False
    for step in range(name.size):  # noqa: SIM110 - a generator is nothing to compile
        if data[begin + step] != name[step]:
            return False
    return True


@compiled
def _id_end(data: U8, place: Integer, end: Integer) -> Integer:
    """Behind an id that is its own token: an integer, or a string of printable ASCII characters."""
    if data[place] == _QUOTE:
        place += 1
        while place < end and data[place] != _QUOTE:
            byte = data[place]
            if byte < _SPACE or byte >= _DELETE or byte == _BACKSLASH:
                return _UNUSUAL
            place += 1
        return place + 1 if place < end else _UNUSUAL
    begin = place + (data[place] == _MINUS)
    place = _digits(data, begin, end)
    if place == begin or place - begin > MOST_DIGITS or (data[begin] == _ZERO and place - begin > 1):
        return _UNUSUAL
    if place < end and (data[place] == _POINT or data[place] == _SMALL_E or data[place] == _LARGE_E):
        return _UNUSUAL
    # Minus zero is no integer.
    return _UNUSUAL if data[begin] == _ZERO and data[begin - 1] == _MINUS else place


@exported
def _read_members_loop(
    data: U8,
    starts: I64,
    ends: I64,
    first: Integer,
    text_name: U8,
    id_name: U8,
    texts: U8,
    text_offsets: I64,
    tokens: U8,
    token_offsets: I64,
    state: I64,
) -> Integer:
    """Read the lines from `first` on; how many were read. `state`: what the ids are."""
    n_texts: Integer = 0
    n_tokens: Integer = 0
    for row in range(starts.size - first):
        end = ends[first + row]
        place = _space(data, starts[first + row], end)
        if place >= end or data[place] != _OPEN_OBJECT:
            return row
        place = _space(data, place + 1, end)
        text_end: Integer = _UNUSUAL
        token_end: Integer = _UNUSUAL
        kind = NO_KIND
        while True:
            name = place + 1
            place = _key(data, place, end, texts, n_texts if text_end == _UNUSUAL else text_end)
            if place == _UNUSUAL or place >= end:
                return row
            name_end = name
            while data[name_end] != _QUOTE:
                if data[name_end] == _BACKSLASH:
                    # It may stand for one of the names.
                    return row
                name_end += 1
            if _is_named(data, name, name_end, text_name):
                if text_end != _UNUSUAL or data[place] != _QUOTE:
                    return row
                place, text_end = _string(data, place + 1, end, texts, n_texts)
            elif _is_named(data, name, name_end, id_name):
                begin = place
                place = _id_end(data, place, end)
                if token_end != _UNUSUAL or place == _UNUSUAL:
                    return row
                kind = STRINGS if data[begin] == _QUOTE else INTEGERS
                token_end = n_tokens + place - begin
                for step in range(place - begin):
                    tokens[n_tokens + step] = data[begin + step]
            else:
                place = _value(data, place, end, texts, n_texts if text_end == _UNUSUAL else text_end)
            if place == _UNUSUAL:
                return row
            place = _space(data, place, end)
            if place >= end:
                return row
            if data[place] == _CLOSE_OBJECT:
                break
            if data[place] != _COMMA:
                return row
            place = _space(data, place + 1, end)
        if _space(data, place + 1, end) != end or text_end == _UNUSUAL or token_end == _UNUSUAL:
            return row
        if state[0] != NO_KIND and state[0] != kind:
            return row
        state[0] = kind
        n_texts = text_end
        n_tokens = token_end
        text_offsets[row + 1] = n_texts
        token_offsets[row + 1] = n_tokens
    return starts.size - first


def read_members(
    data: U8, starts: I64, ends: I64, first: int, text_name: bytes, id_name: bytes, kind: int
) -> LineMembers:
    """See `Kernels.read_members`."""
    size = int(ends[-1] - starts[first]) if starts.size > first else 0
    texts, tokens = (np.empty(size, dtype=np.uint8) for _ in range(2))
    text_offsets, token_offsets = (np.zeros(starts.size - first + 1, dtype=np.int64) for _ in range(2))
    state = np.array([kind], dtype=np.int64)
    names = [np.frombuffer(name, dtype=np.uint8) for name in (text_name, id_name)]
    count = _read_members_loop(
        data, starts, ends, first, names[0], names[1], texts, text_offsets, tokens, token_offsets, state
    )
    text_offsets, token_offsets = text_offsets[: count + 1], token_offsets[: count + 1]
    return LineMembers(
        texts[: text_offsets[-1]], text_offsets, tokens[: token_offsets[-1]].copy(), token_offsets, int(state[0])
    )


@exported
def _line_ends_loop(data: U8, ends: I64) -> Integer:
    """Fill the places behind newlines; how many there are."""
    count = 0
    place = 0
    while place < data.size:
        if place + _WORD <= data.size and _zeros(load(data, np.uint64(place)) ^ _NEWLINES) == 0:
            place += _WORD
            continue
        for step in range(place, min(place + _WORD, data.size)):
            if data[step] == _NEWLINE:
                ends[count] = step + 1
                count += 1
        place += _WORD
    return count


def line_ends(data: U8) -> I64:
    """See `Kernels.line_ends`."""
    ends = np.empty(data.size, dtype=np.int64)
    return ends[: _line_ends_loop(data, ends)].copy()
