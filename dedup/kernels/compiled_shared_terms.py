"""The terms that two rows share: the distinct terms of one numbered, and found again by number in the other."""

import numpy as np

from dedup.kernels import F64, U8, U32
from dedup.kernels.jit import Integer, compiled
from dedup.kernels.rewriting import STOP_TYPE


@compiled
def number_row(ids: U32, types: U8, start: Integer, end: Integer, number_of: U32, numbers: U32, codes: U32) -> Integer:
    """Number the distinct terms of a row from 1, in `number_of` by id and in `numbers` by place; how many there are.

    `codes` are twice the numbers, and 1 more for a stop word, with two zeros behind them.
    """
    count = 0
    for place in range(start, end):
        if number_of[ids[place]] == np.uint32(0):
            count += 1
            number_of[ids[place]] = np.uint32(count)
        number = number_of[ids[place]]
        numbers[place - start] = number
        codes[place - start] = number + number + np.uint32(types[place] & np.uint8(3) == np.uint8(STOP_TYPE))
    codes[end - start] = np.uint32(0)
    codes[end - start + 1] = np.uint32(0)
    return count


@compiled
def forget_row(ids: U32, start: Integer, end: Integer, number_of: U32) -> None:
    """Leave `number_of` as it was before `number_row`."""
    for place in range(start, end):
        number_of[ids[place]] = np.uint32(0)


@compiled
def chain_places(numbers: U32, length: Integer, count: Integer, heads: U32, nexts: U32) -> None:
    """Chain the places of each numbered term of a row, ascending and from 1; terms of the number 0 are left out."""
    for number in range(count + 1):
        heads[number] = np.uint32(0)
    for back in range(length):
        place = length - 1 - back
        number = numbers[place]
        if number != np.uint32(0):
            nexts[place] = heads[number]
            heads[number] = np.uint32(place + 1)


@compiled
def match_row(
    ids: U32,
    types: U8,
    weights: F64,
    start: Integer,
    end: Integer,
    number_of: U32,
    numbers: U32,
    codes: U32,
) -> float:
    """Fill the numbers and codes that the terms of a row have in another one, 0 for the others; the weight of those.

    See `number_row`.
    """
    total = 0.0
    for place in range(start, end):
        number = number_of[ids[place]]
        numbers[place - start] = number
        there = np.uint32(number != np.uint32(0))
        stop = np.uint32(types[place] & np.uint8(3) == np.uint8(STOP_TYPE))
        codes[place - start] = number + number + (there & stop)
        total += weights[place] if number != np.uint32(0) else 0.0
    codes[end - start] = np.uint32(0)
    codes[end - start + 1] = np.uint32(0)
    return total
