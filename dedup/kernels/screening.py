"""The table by which lines are screened: with what texts begin that groups of expressions match.

Both implementations of `Kernels.screen` read lines as this table says. A line is first folded, a character at a time,
to what the table has for it; then white space is run together, and the first bytes of what follows are looked up at the
line's first word and, for other groups, everywhere.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.hashing import MULTIPLIER, SEED

NOTHING, UNKNOWN, UNTELLABLE, ITSELF = 0, 1, 2, 3
"""Entries of a code point that are no bytes: it vanishes; it is one of those that are not told apart; to an expression
it may be what it does not look like, so that nothing can be told of its line; it stays as it is.
"""

MOST_BYTES = 24
"""Bytes of the longest beginning."""

LEAST_BYTES = 4
"""Bytes of the shortest beginning that is looked for everywhere."""

MOST_IN_TAG = 200
"""Characters of a tag's inside after its first letter; what is longer is no tag."""

FEW = 64
"""Characters that are read, at first, where only a line's first word is asked for."""

FIRST_FACTOR = 0x9E3779B1
FIRST_BITS = 16


class ScreenTable(NamedTuple):
    """Beginnings, the groups they speak for, and how a line is read.

    `slots` (uint64): hashes of beginnings in open addressing, a power of two, 0 where free. `anywhere` and `leading`
    (uint64) go with the slots: the groups for which a beginning counts at any place, and those for which it counts at
    the line's first word. `first` (uint64): 2**16 bits, by a hash of the first four bytes of what counts anywhere, then
    as many for those of them that are shorter than eight bytes, and for the first eight bytes of the others.

    `free`: groups that are always possible. `blanked` and `literal`: groups that read lines with markup blanked, and as
    they are. `all_anywhere` and `all_leading`: the groups of all beginnings of either kind.

    `page_index` (uint16) and `pages` (uint32, 256 a page) have the entry of each code point: one of those above, or its
    bytes, the first lowest. `head` and `tail`: how many characters are read from a line's beginning and of its end.
    """

    slots: NDArray[np.uint64]
    anywhere: NDArray[np.uint64]
    leading: NDArray[np.uint64]
    first: NDArray[np.uint64]
    free: np.uint64
    blanked: np.uint64
    literal: np.uint64
    all_anywhere: np.uint64
    all_leading: np.uint64
    page_index: NDArray[np.uint16]
    pages: NDArray[np.uint32]
    head: int
    tail: int


class Beginnings(NamedTuple):
    """A table of beginnings: see the fields of the same names of `ScreenTable`."""

    slots: NDArray[np.uint64]
    anywhere: NDArray[np.uint64]
    leading: NDArray[np.uint64]
    first: NDArray[np.uint64]


def beginnings_table(anywhere: Iterable[tuple[bytes, int]], leading: Iterable[tuple[bytes, int]]) -> Beginnings:
    """The table of beginnings and of the bits of their groups.

    Those of over `MOST_BYTES` are cut; those that count anywhere have `LEAST_BYTES` or more, and none is empty.
    """
    texts: dict[bytes, tuple[int, int]] = {}
    for side, several in enumerate((anywhere, leading)):
        for beginning, bits in several:
            cut = beginning[:MOST_BYTES]
            one, other = texts.get(cut, (0, 0))
            texts[cut] = (one, other | bits) if side else (one | bits, other)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    columns = np.frombuffer(b"".join(text.ljust(MOST_BYTES, b"\0") for text in texts), dtype=np.uint8)
    columns = columns.reshape(-1, MOST_BYTES)
    masks = np.array(list(texts.values()), dtype=np.uint64).reshape(-1, 2)
    values = np.full(lengths.size, SEED)
    for step in range(MOST_BYTES):
        mixed = (values ^ columns[:, step]) * MULTIPLIER
        values = np.where(step < lengths, mixed ^ (mixed >> np.uint64(29)), values)
    sought = masks[:, 0] > 0
    long = lengths >= 2 * LEAST_BYTES
    first = np.zeros((3, 1 << FIRST_BITS), dtype=np.uint8)
    first[0, first_places(columns[sought].T)] = 1
    first[1, first_places(columns[sought & ~long].T)] = 1
    first[2, second_places(columns[sought & long].T)] = 1
    slots, placed = _open_addressing((values | np.uint64(1)).tolist())
    both = np.zeros((2, slots.size), dtype=np.uint64)
    both[:, placed] = masks.T
    return Beginnings(slots, both[0], both[1], np.packbits(first, bitorder="little").view(np.uint64))


def _open_addressing(values: list[int]) -> tuple[NDArray[np.uint64], list[int]]:
    """A table of distinct values, at most half full, and the slot of each."""
    size = 1 << max(4, (2 * len(values)).bit_length())
    shift = 65 - size.bit_length()
    slots = [0] * size
    placed = []
    for value in values:
        slot = value >> shift
        while slots[slot]:
            slot = (slot + 1) % size
        slots[slot] = value
        placed.append(slot)
    return np.array(slots, dtype=np.uint64), placed


def first_places(leading: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The bits for first bytes, which are given in rows: the first byte of each text, the second, and so on."""
    return (_words(leading[:LEAST_BYTES]) * np.uint32(FIRST_FACTOR)) >> np.uint32(32 - FIRST_BITS)


def second_places(leading: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The bits for twice as many first bytes."""
    mixed = _words(leading[:LEAST_BYTES]) * np.uint32(FIRST_FACTOR) + _words(leading[LEAST_BYTES : 2 * LEAST_BYTES])
    return (mixed * np.uint32(FIRST_FACTOR)) >> np.uint32(32 - FIRST_BITS)


def _words(leading: NDArray[np.uint8]) -> NDArray[np.uint32]:
    words = np.zeros(leading.shape[1], dtype=np.uint32)
    for step, row in enumerate(leading):
        words |= row.astype(np.uint32) << np.uint32(8 * step)
    return words


def hashes_of(text: bytes) -> list[int]:
    """The hash of each beginning of a text, the shortest first, up to `MOST_BYTES`; none is 0."""
    found = []
    value = int(SEED)
    for byte in text[:MOST_BYTES]:
        value = (value ^ byte) * int(MULTIPLIER) & (2**64 - 1)
        value ^= value >> 29
        found.append(value | 1)
    return found
