"""Screening lines in Python. The contract is in `dedup.kernels.Kernels`, the table in `screening`."""

import re

import numpy as np

from dedup.kernels import I64, U8, U64
from dedup.kernels.screening import (
    FEW,
    ITSELF,
    LEAST_BYTES,
    MOST_BYTES,
    MOST_IN_TAG,
    NOTHING,
    UNKNOWN,
    UNTELLABLE,
    ScreenTable,
    first_places,
    hashes_of,
    second_places,
)

_MARKUP = re.compile(rf"</?[a-z][^<>]{{0,{MOST_IN_TAG}}}>|[*#]")
_PLAIN = re.compile(r" ?(?:[!\"$-)+-;=-_a-~]+ ?)*+")
"""What folding changes by lower case alone."""

_SPACES = re.compile(" +")
_FIRST_WORD = re.compile(rb"[a-z0-9\x80-\xff]")
_UNKNOWN, _UNTELLABLE = chr(UNKNOWN), chr(UNTELLABLE)


class _Folding(dict[int, str | None]):
    """The table for `str.translate`: what the code points give that have come up."""

    def __init__(self, table: ScreenTable) -> None:
        super().__init__()
        self._index, self._pages = table.page_index, table.pages

    def __missing__(self, code: int) -> str | None:
        entry = int(self._pages[(int(self._index[code >> 8]) << 8) | (code & 0xFF)])
        given = {NOTHING: None, UNKNOWN: _UNKNOWN, UNTELLABLE: _UNTELLABLE, ITSELF: chr(code)}
        self[code] = given[entry] if entry in given else entry.to_bytes(4, "little").rstrip(b"\0").decode()
        return self[code]


class _Screening:
    """The screening of ranges by one table.

    What is looked for everywhere is looked for in all windows at once, after the last line has been read.
    """

    def __init__(self, table: ScreenTable, count: int) -> None:
        self.found = [0] * count
        self._table = table
        self._folding = _Folding(table)
        self._groups = {
            value: bits
            for value, *bits in zip(table.slots.tolist(), table.anywhere.tolist(), table.leading.tolist(), strict=True)
            if value
        }
        self._first = np.unpackbits(table.first.view(np.uint8), bitorder="little").astype(np.bool_).reshape(3, -1)
        self._windows: list[bytes] = []
        self._rows: list[int] = []
        self._masks: list[int] = []

    def read(self, row: int, line: str, wanted: int) -> None:
        """Read a line of a row, for some groups."""
        table = self._table
        if not line:
            return
        if not wanted & int(table.all_anywhere):
            few = line[:FEW]
            whole = len(line.encode("utf-8", "surrogatepass")) <= FEW
            if _PLAIN.fullmatch(few) and (whole or _tells_first_word(_run_together(few.lower()))):
                self._read_window(row, few.lower(), wanted, lead=True)
                return
        folded = line[: table.head].translate(self._folding)
        self._read_window(row, folded, wanted, lead=True)
        cut = len(line) > table.head or "<" in folded
        if wanted & int(table.all_anywhere) and len(line) > table.tail and cut and _UNTELLABLE not in folded:
            self._read_window(row, line[-table.tail :].translate(self._folding), wanted, lead=False)

    def _read_window(self, row: int, folded: str, wanted: int, *, lead: bool) -> None:
        if _UNTELLABLE in folded:
            self.found[row] |= wanted
            return
        plain = _run_together(_MARKUP.sub(" ", folded))
        if lead and (word := _FIRST_WORD.search(plain)) is not None:
            self.found[row] |= wanted & self._look_up(plain[word.start() :], 1)
        table = self._table
        for groups, text in ((table.blanked, plain), (table.literal, folded)):
            if mask := wanted & int(groups) & int(table.all_anywhere):
                self._windows.append(_run_together(text) if isinstance(text, str) else text)
                self._rows.append(row)
                self._masks.append(mask)

    def look_everywhere(self) -> None:
        """Look at every place of the windows that were read for groups that ask for it."""
        text = (b"\0" * LEAST_BYTES).join([*self._windows, b"", b""])
        ends = np.cumsum([len(window) + LEAST_BYTES for window in self._windows], dtype=np.int64) - LEAST_BYTES
        buffer = np.frombuffer(text, dtype=np.uint8)
        count = max(buffer.size - 2 * LEAST_BYTES + 1, 0)
        leading = np.stack([buffer[step : step + count] for step in range(2 * LEAST_BYTES)])
        places = np.flatnonzero(self._first[0, first_places(leading)])
        leading = leading[:, places]
        places = places[self._first[1, first_places(leading)] | self._first[2, second_places(leading)]]
        windows = np.searchsorted(ends, places, side="right")
        for place, window in zip(places.tolist(), windows.tolist(), strict=True):
            passed = self._look_up(text[place : min(place + MOST_BYTES, int(ends[window]))], 0)
            self.found[self._rows[window]] |= passed & self._masks[window]

    def _look_up(self, text: bytes, side: int) -> int:
        found = 0
        for value in hashes_of(text):
            if value in self._groups:
                found |= self._groups[value][side]
        return found


def _tells_first_word(plain: bytes) -> bool:
    """Whether so much of a line is enough to look up its first word."""
    word = _FIRST_WORD.search(plain)
    return word is not None and word.start() + MOST_BYTES <= len(plain)


def _run_together(text: str) -> bytes:
    return _SPACES.sub(" ", f" {text}").encode()


def screen(data: U8, starts: I64, ends: I64, groups: U64, table: ScreenTable) -> U64:
    """See `Kernels.screen`."""
    screening = _Screening(table, starts.size)
    buffer = data.data
    free = int(table.free)
    for row, (start, end, wanted) in enumerate(zip(starts.tolist(), ends.tolist(), groups.tolist(), strict=True)):
        screening.found[row] = wanted & free
        if wanted & ~free:
            for line in str(buffer[start:end], "utf-8", "surrogatepass").split("\n"):
                screening.read(row, line.strip(), wanted & ~free)
    screening.look_everywhere()
    return np.array(screening.found, dtype=np.uint64)
