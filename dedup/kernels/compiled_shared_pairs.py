"""The skip-bigrams that two rows of terms share: pairs of terms next to each other or one apart, in any order."""

import numpy as np

from dedup.kernels import U8, U32, U64
from dedup.kernels.hashing import MULTIPLIER
from dedup.kernels.jit import Integer, compiled


@compiled
def _pair_key(one: np.uint32, two: np.uint32) -> np.uint64:
    """A key, over 0, of two codes in any order."""
    return (np.uint64(max(one, two)) << np.uint64(32)) + np.uint64(min(one, two))


@compiled
def _slot_of(table: U64, bits: Integer, key: np.uint64) -> np.uint64:
    """Where a key stands in an open-addressing table, or where it would."""
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    slot = (key * MULTIPLIER) >> np.uint64(64 - bits)
    while table[slot] != key and table[slot] != np.uint64(0):
        slot = (slot + np.uint64(1)) & mask
    return slot


@compiled
def enter_pairs(codes: U32, length: Integer, bits: Integer, table: U64, hits: U32, known: U8, slots: U32) -> None:
    """Enter the skip-bigrams of a row, at offsets of 1 and 2 and not of two stop words, and note their slots.

    `known`, four times as wide as the table, flags upper bits of their hashes. The slot of none is that behind all.
    """
    for each in range(1 << bits):
        table[each] = np.uint64(0)
        hits[each] = np.uint32(0)
    hits[1 << bits] = np.uint32(0)
    for each in range(4 << bits):
        known[each] = np.uint8(0)
    for place in range(length):
        for step in range(1, 3):
            one, two = codes[place], codes[place + step]
            noted = 2 * place + step - 1
            slots[noted] = np.uint32(1 << bits)
            if two == np.uint32(0) or one & two & np.uint32(1) != np.uint32(0):
                continue
            key = _pair_key(one, two)
            slot = _slot_of(table, bits, key)
            table[slot] = key
            known[(key * MULTIPLIER) >> np.uint64(62 - bits)] = np.uint8(1)
            slots[noted] = np.uint32(slot)


@compiled
def find_shared_pairs(
    codes: U32,
    length: Integer,
    left_length: Integer,
    bits: Integer,
    table: U64,
    hits: U32,
    known: U8,
    slots: U32,
    stamp: np.uint32,
    left_held: U8,
    right_held: U8,
) -> None:
    """Flag the terms of both rows that are part of a skip-bigram that both hold; `codes` are those of the right."""
    for place in range(left_length + 2):
        left_held[place] = np.uint8(0)
    for place in range(length + 2):
        right_held[place] = np.uint8(0)
    for place in range(length):
        for step in range(1, 3):
            one, two = codes[place], codes[place + step]
            key = _pair_key(one, two)
            # One branch, that is hardly ever taken, for all that rules a pair out.
            there = (one != np.uint32(0)) & (two != np.uint32(0)) & (one & two & np.uint32(1) == np.uint32(0))
            if np.uint8(there) & known[(key * MULTIPLIER) >> np.uint64(62 - bits)] != np.uint8(0):
                slot = _slot_of(table, bits, key)
                if table[slot] != np.uint64(0):
                    hits[slot] = stamp
                    right_held[place] = np.uint8(1)
                    right_held[place + step] = np.uint8(1)
    for place in range(left_length):
        for step in range(1, 3):
            if hits[slots[2 * place + step - 1]] == stamp:
                left_held[place] = np.uint8(1)
                left_held[place + step] = np.uint8(1)
