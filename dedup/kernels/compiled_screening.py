"""Screening lines, compiled by Numba. The contract is in `dedup.kernels.Kernels`, the table in `screening`.

A window of a line is folded into one buffer, and from there, with markup blanked or as it is, into another in which
runs of white space are one space. Nearly every place of it is passed by a look at a bit for its next four bytes.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.compiled_tokens import load, popcount
from dedup.kernels.hashing import MULTIPLIER, SEED
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.screening import (
    FEW,
    FIRST_BITS,
    FIRST_FACTOR,
    ITSELF,
    LEAST_BYTES,
    MOST_BYTES,
    MOST_IN_TAG,
    UNTELLABLE,
    ScreenTable,
)

_SPACE = 0x20
_BITS = 1 << FIRST_BITS


@compiled
def _width(data: U8, place: Integer, end: Integer) -> Integer:
    """Bytes of the character at a place."""
    one = data[place]
    width = 1 if one < 0xC0 else 2 if one < 0xE0 else 3 if one < 0xF0 else 4
    return min(width, end - place)


@compiled
def _entry(data: U8, place: Integer, width: Integer, page_index: NDArray[np.uint16], pages: U32) -> Integer:
    """What the table has for the character at a place."""
    code = np.int64(data[place])
    if width > 1:
        code &= 0xFF >> (width + 1)
        for step in range(1, width):
            code = code << 6 | np.int64(data[place + step] & 0x3F)
    return np.int64(pages[np.int64(page_index[code >> 8]) << 8 | code & 0xFF])


@compiled
def _fold(
    data: U8, start: Integer, end: Integer, most: Integer, page_index: NDArray[np.uint16], pages: U32, folded: U8
) -> Integer:
    """Fold at most so many characters; the bytes that they give, or -1 where nothing can be told."""
    place = start
    size: Integer = 0
    count: Integer = 0
    first_page = np.uint64(page_index[0]) << np.uint64(8)
    while place < end and count < most:
        byte = data[np.uint64(place)]
        if byte < 0x80:
            # What is ASCII gives one byte.
            folded[np.uint64(size)] = np.uint8(pages[first_page | np.uint64(byte)])
            size += 1
            place += 1
            count += 1
            continue
        width = _width(data, place, end)
        entry = _entry(data, place, width, page_index, pages)
        if entry == UNTELLABLE:
            return -1
        if entry == ITSELF:
            for step in range(width):
                folded[size + step] = data[place + step]
            size += width
        else:
            while entry:
                folded[size] = np.uint8(entry & 0xFF)
                entry >>= 8
                size += 1
        place += width
        count += 1
    return size


@compiled
def _tag_end(folded: U8, place: Integer, size: Integer) -> Integer:
    """Where a tag ends that begins at a place, or the place itself if none does."""
    inside = place + 1
    if inside < size and folded[inside] == 0x2F:
        inside += 1
    if inside >= size or folded[inside] < 0x61 or folded[inside] > 0x7A:
        return place
    inside += 1
    count: Integer = 0
    while inside < size and folded[inside] != 0x3C and folded[inside] != 0x3E:
        count += np.int64(folded[inside] & 0xC0 != 0x80)
        inside += 1
    if inside < size and folded[inside] == 0x3E and count <= MOST_IN_TAG:
        return inside + 1
    return place


@compiled
def _run_together(folded: U8, size: Integer, blank: bool, plain: U8) -> Integer:
    """Copy what was folded, after one space, with one space for each run of them and, if asked, of markup."""
    plain[0] = np.uint8(_SPACE)
    count = np.uint64(1)
    place, end = np.uint64(0), np.uint64(size)
    while place < end:
        byte = folded[place]
        if blank and (byte == 0x3C or byte == 0x2A or byte == 0x23):
            if byte != 0x3C:
                byte = np.uint8(_SPACE)
            else:
                tag_end = np.uint64(_tag_end(folded, np.int64(place), size))
                if tag_end > place:
                    place = tag_end - np.uint64(1)
                    byte = np.uint8(_SPACE)
        # A space after a space is written and overwritten.
        plain[count] = byte
        count += np.uint64(byte != _SPACE or plain[count - np.uint64(1)] != _SPACE)
        place += np.uint64(1)
    return np.int64(count)


@compiled
def _copy_plain(data: U8, start: Integer, count: Integer, plain: U8) -> Integer:
    """Copy bytes in lower case after one space, if that is all that folding would do; their number, or -1.

    So it is for most windows: printable ASCII without markup and without two spaces in a row.
    """
    first = np.uint64(start)
    plain[0] = np.uint8(_SPACE)
    odd = np.uint8(0)
    for place in range(np.uint64(count)):
        byte = data[first + place]
        odd |= np.uint8(byte < 0x20) | np.uint8(byte > 0x7E) | np.uint8(byte == 0x60)
        odd |= np.uint8(byte == 0x3C) | np.uint8(byte == 0x2A) | np.uint8(byte == 0x23)
        upper = np.uint8(np.uint8(byte - np.uint8(0x41)) < 26)
        plain[place + np.uint64(1)] = np.uint8(byte + np.uint8(upper << np.uint8(5)))
    for place in range(np.uint64(count)):
        odd |= np.uint8(plain[place] == _SPACE) & np.uint8(plain[place + np.uint64(1)] == _SPACE)
    return -1 if odd else count + 1


@compiled
def _look_up(plain: U8, place: Integer, size: Integer, slots: U64, groups: U64) -> np.uint64:
    """The groups of all beginnings with which the text from a place on begins."""
    slot_mask = np.uint64(slots.size - 1)
    shift = np.uint64(64) - popcount(slot_mask)
    found = np.uint64(0)
    value = SEED
    first = np.uint64(place)
    for step in range(np.uint64(min(MOST_BYTES, size - place))):
        value = (value ^ np.uint64(plain[first + step])) * MULTIPLIER
        value ^= value >> np.uint64(29)
        sought = value | np.uint64(1)
        slot = sought >> shift
        while slots[slot] != np.uint64(0):
            if slots[slot] == sought:
                found |= groups[slot]
                break
            slot = (slot + np.uint64(1)) & slot_mask
    return found


@compiled
def _first_word(plain: U8, size: Integer) -> Integer:
    """Where the first letter or digit is."""
    place: Integer = 0
    while place < size:
        byte = plain[place]
        if byte >= 0x80 or 0x61 <= byte <= 0x7A or 0x30 <= byte <= 0x39:
            return place
        place += 1
    return size


@compiled
def _is_set(first: U64, bit: np.uint64) -> bool:
    return bool((first[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1))


@compiled
def _look_everywhere(plain: U8, size: Integer, slots: U64, groups: U64, first: U64) -> np.uint64:
    """The groups of all beginnings that come up in a text, which has room for eight bytes more."""
    found = np.uint64(0)
    for step in range(8):
        plain[size + step] = np.uint8(0)
    factor = np.uint64(FIRST_FACTOR)
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32 - FIRST_BITS)
    for place in range(np.uint64(max(size - LEAST_BYTES + 1, 0))):
        word = load(plain, np.uint64(place))
        mixed = ((word & low) * factor) & low
        bit = mixed >> shift
        if _is_set(first, bit):
            following = (((mixed + (word >> np.uint64(32))) & low) * factor & low) >> shift
            if _is_set(first, bit + np.uint64(_BITS)) or _is_set(first, following + np.uint64(2 * _BITS)):
                found |= _look_up(plain, np.int64(place), size, slots, groups)
    return found


@compiled
def _screen_window(
    folded: U8, size: Integer, wanted: np.uint64, lead: bool, table: ScreenTable, plain: U8
) -> np.uint64:
    """The groups that may match in a window, and, if it is the first, at its first word."""
    found = np.uint64(0)
    everywhere = wanted & table.all_anywhere
    if lead or everywhere & table.blanked:
        count = _run_together(folded, size, True, plain)
        if lead:
            found |= _look_up(plain, _first_word(plain, count), count, table.slots, table.leading)
        if everywhere & table.blanked:
            found |= _look_everywhere(plain, count, table.slots, table.anywhere, table.first) & table.blanked
    if everywhere & table.literal:
        count = _run_together(folded, size, False, plain)
        found |= _look_everywhere(plain, count, table.slots, table.anywhere, table.first) & table.literal
    return found


@compiled
def _holds_bracket(folded: U8, size: Integer) -> bool:
    """Whether a tag may begin somewhere."""
    found = False
    for place in range(np.uint64(size)):
        found |= folded[place] == 0x3C
    return found


@compiled
def _screen_line(
    data: U8, start: Integer, end: Integer, wanted: np.uint64, table: ScreenTable, folded: U8, plain: U8
) -> np.uint64:
    """The groups of those wanted that may match a line."""
    while start < end:
        width = _width(data, start, end)
        if _entry(data, start, width, table.page_index, table.pages) != _SPACE:
            break
        start += width
    while end > start:
        last = end - 1
        while last > start and data[last] & 0xC0 == 0x80:
            last -= 1
        if _entry(data, last, _width(data, last, end), table.page_index, table.pages) != _SPACE:
            break
        end = last
    if start >= end:
        return np.uint64(0)
    found = np.uint64(0)
    lead = wanted & table.all_leading != np.uint64(0)
    if wanted & table.all_anywhere == np.uint64(0):
        count = _copy_plain(data, start, min(FEW, end - start), plain)
        if count >= 0:
            word = _first_word(plain, count)
            if end - start <= FEW or word + MOST_BYTES <= count:
                return wanted & _look_up(plain, word, count, table.slots, table.leading)
    count = _copy_plain(data, start, min(table.head, end - start), plain)
    if count >= 0:
        if lead:
            found |= _look_up(plain, _first_word(plain, count), count, table.slots, table.leading)
        if wanted & table.all_anywhere:
            found |= _look_everywhere(plain, count, table.slots, table.anywhere, table.first)
        if end - start <= table.head:
            return wanted & found
    else:
        size = _fold(data, start, end, table.head, table.page_index, table.pages, folded)
        if size < 0:
            return wanted
        found |= _screen_window(folded, size, wanted, lead, table, plain)
        # The end of a line that was read whole is read by itself where a tag may be cut.
        if end - start <= table.tail or (
            _characters(data, start, end) <= table.head and not _holds_bracket(folded, size)
        ):
            return wanted & found
    if wanted & table.all_anywhere == np.uint64(0):
        return wanted & found
    count = _copy_plain(data, end - table.tail, table.tail, plain)
    if count >= 0:
        return wanted & (found | _look_everywhere(plain, count, table.slots, table.anywhere, table.first))
    place = end
    left: Integer = table.tail
    while place > start and left > 0:
        place -= 1
        left -= np.int64(data[place] & 0xC0 != 0x80)
    if place > start:
        size = _fold(data, place, end, table.tail, table.page_index, table.pages, folded)
        if size < 0:
            return wanted
        found |= _screen_window(folded, size, wanted, False, table, plain)
    return wanted & found


@compiled
def _characters(data: U8, start: Integer, end: Integer) -> Integer:
    count = np.uint64(0)
    for place in range(np.uint64(start), np.uint64(end)):
        count += np.uint64(data[place] & 0xC0 != 0x80)
    return np.int64(count)


@compiled
def _line_end(data: U8, start: Integer, end: Integer) -> Integer:
    """Where the first newline of a range is, or its end."""
    while start < end:
        count = min(64, end - start)
        first = np.uint64(start)
        held = np.uint8(0)
        for place in range(np.uint64(count)):
            held |= np.uint8(data[first + place] == 0x0A)
        if held:
            break
        start += count
    while start < end and data[start] != 0x0A:
        start += 1
    return start


@exported
def _screen_loop(
    data: U8,
    starts: I64,
    ends: I64,
    groups: U64,
    slots: U64,
    anywhere: U64,
    leading: U64,
    first: U64,
    free: np.uint64,
    blanked: np.uint64,
    literal: np.uint64,
    all_anywhere: np.uint64,
    all_leading: np.uint64,
    page_index: NDArray[np.uint16],
    pages: U32,
    head: Integer,
    tail: Integer,
    folded: U8,
    plain: U8,
    possible: U64,
) -> None:
    table = ScreenTable(
        slots, anywhere, leading, first, free, blanked, literal, all_anywhere, all_leading, page_index, pages,
        int(head), int(tail),
    )  # fmt: skip
    for row in range(starts.size):
        found = groups[row] & free
        wanted = groups[row] & ~free
        place = starts[row]
        while place < ends[row] and wanted & ~found != np.uint64(0):
            end = _line_end(data, place, ends[row])
            found |= _screen_line(data, place, end, wanted, table, folded, plain)
            place = end + 1
        possible[row] = found


def screen(data: U8, starts: I64, ends: I64, groups: U64, table: ScreenTable) -> U64:
    """See `Kernels.screen`."""
    possible = np.empty(starts.size, dtype=np.uint64)
    # A character gives four bytes at most.
    room = 4 * max(table.head, table.tail, FEW) + 16
    folded, plain = np.empty(room, dtype=np.uint8), np.empty(room, dtype=np.uint8)
    _screen_loop(data, starts, ends, groups, *table, folded, plain, possible)
    return possible
