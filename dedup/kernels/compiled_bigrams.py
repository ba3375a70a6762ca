"""Skip-bigrams that documents share, compiled by Numba. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.bigrams import GAP, MOST_POSTED, SKIPS, UNIT_BITS, UNIT_COLUMNS, BigramIndex, Meetings, Stretches
from dedup.kernels.hashing import FINISHER, MULTIPLIER
from dedup.kernels.jit import Integer, compiled, exported

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_SATURATED = 15


@compiled
def _choose_content(hashes: U64, first: Integer, end: Integer, common: U64, content: U64, tokens: U32) -> np.uint64:
    """Fill the content tokens of a stretch and their numbers in it; how many there are."""
    count = np.uint64(0)
    start = np.uint64(first)
    for number in range(np.uint64(end - first)):
        value = hashes[start + number]
        content[count] = value
        tokens[count] = np.uint32(number)
        count += np.uint64(1) - (
            common[value >> np.uint64(54)] >> (value >> np.uint64(48) & np.uint64(63)) & np.uint64(1)
        )
    return count


@compiled
def _bigram(one: np.uint64, other: np.uint64) -> np.uint64:
    value = max(one, other) * FINISHER + min(one, other)
    value = (value ^ (value >> np.uint64(29))) * MULTIPLIER
    return value ^ (value >> np.uint64(32))


@compiled
def _counted(counters: U8, slot: np.uint64) -> np.uint64:
    return np.uint64(counters[slot >> np.uint64(1)] >> np.uint8((slot & np.uint64(1)) << np.uint64(2))) & np.uint64(15)


@exported
def count_bigrams_loop(
    hashes: U64, offsets: I64, common: U64, content: U64, tokens: U32, counters: U8, bits: Integer
) -> None:
    """Count the skip-bigrams of stretches, up to 15 each."""
    shift = np.uint64(64 - bits)
    for row in range(offsets.size - 1):
        count = _choose_content(hashes, offsets[row], offsets[row + 1], common, content, tokens)
        for place in range(count):
            one = content[place]
            for there in range(place + np.uint64(1), min(place + np.uint64(SKIPS + 1), count)):
                if content[there] != one:
                    slot = _bigram(one, content[there]) >> shift
                    lower = (slot & np.uint64(1)) << np.uint64(2)
                    if _counted(counters, slot) < np.uint64(_SATURATED):
                        counters[slot >> np.uint64(1)] += np.uint8(np.uint64(1) << lower)


@exported
def post_bigrams_loop(
    hashes: U64, offsets: I64, places: I64, sizes: I64, common: U64, content: U64, tokens: U32, counters: U8,
    bits: Integer, words: U64,
) -> Integer:  # fmt: skip
    """Fill the words of the skip-bigrams that stand in several places, and not in too many; their number."""
    shift = np.uint64(64 - bits)
    found = np.uint64(0)
    for row in range(offsets.size - 1):
        count = _choose_content(hashes, offsets[row], offsets[row + 1], common, content, tokens)
        length = max(offsets[row + 1] - offsets[row], 1)
        for place in range(count):
            one = content[place]
            here = places[row] + sizes[row] * np.int64(tokens[place]) // length
            unit = np.uint64(here >> UNIT_BITS)
            for there in range(place + np.uint64(1), min(place + np.uint64(SKIPS + 1), count)):
                bigram = _bigram(one, content[there])
                often = _counted(counters, bigram >> shift)
                words[found] = bigram << _HALF | unit
                found += np.uint64(
                    (content[there] != one) & (often >= np.uint64(2)) & (often <= np.uint64(MOST_POSTED))
                )
    return np.int64(found)


# Columns of what is known of a unit while a document is gone through: the weight of the tokens in what it shares, the
# places of the last and of the first that it shares (one more than they are), the number of the token at which the last
# begins, and which of this and the next ones have counted; the greatest weight together with a unit beside it, with its
# places.
_SUM, _LAST, _FIRST, _TOKEN, _COUNTED, _BEST, _BEST_FIRST, _BEST_LAST = 0, 1, 2, 3, 4, 5, 6, 7


@compiled
def _enter(known: U32, unit: np.uint64, place: np.uint64, token: np.uint64, skip: np.uint64, weight: np.uint64) -> bool:
    """Count a skip-bigram at a place of the document that stands in a unit too; whether it is the unit's first."""
    at = unit * np.uint64(UNIT_COLUMNS)
    new = known[at + np.uint64(_LAST)] == 0
    if new or np.uint64(known[at + np.uint64(_LAST)]) + np.uint64(GAP) < place:
        known[at + np.uint64(_SUM)] = np.uint32(0)
        known[at + np.uint64(_FIRST)] = np.uint32(place)
        known[at + np.uint64(_COUNTED)] = np.uint32(0)
    moved = token - np.uint64(known[at + np.uint64(_TOKEN)])
    counted = np.uint64(0)
    if moved <= np.uint64(SKIPS):
        counted = np.uint64(known[at + np.uint64(_COUNTED)]) >> moved
    both = np.uint64(1) | np.uint64(1) << skip
    fresh = np.uint64(2) - (counted & np.uint64(1)) - (counted >> skip & np.uint64(1))
    known[at + np.uint64(_TOKEN)] = np.uint32(token)
    known[at + np.uint64(_COUNTED)] = np.uint32(counted | both)
    known[at + np.uint64(_SUM)] += np.uint32(fresh * weight)
    known[at + np.uint64(_LAST)] = np.uint32(place)
    beside = np.uint64(0)
    first = np.uint64(known[at + np.uint64(_FIRST)])
    for side in range(2):
        other = at + np.uint64(UNIT_COLUMNS) if side else at - np.uint64(UNIT_COLUMNS)
        near = np.uint64(known[other + np.uint64(_LAST)]) + np.uint64(GAP) >= place
        if near and np.uint64(known[other + np.uint64(_SUM)]) > beside:
            beside = np.uint64(known[other + np.uint64(_SUM)])
            first = min(np.uint64(known[at + np.uint64(_FIRST)]), np.uint64(known[other + np.uint64(_FIRST)]))
    total = np.uint64(known[at + np.uint64(_SUM)]) + beside
    if total > np.uint64(known[at + np.uint64(_BEST)]):
        known[at + np.uint64(_BEST)] = np.uint32(total)
        known[at + np.uint64(_BEST_FIRST)] = np.uint32(first)
        known[at + np.uint64(_BEST_LAST)] = np.uint32(place)
    return bool(new)


@compiled
def _better(weight: Integer, unit: Integer, other_weight: Integer, other_unit: Integer) -> bool:
    return bool(weight > other_weight or (weight == other_weight and unit < other_unit))


@compiled
def _take_best(
    document: Integer, origin: Integer, touched: U32, count: np.uint64, known: U32, least: Integer, most: Integer,
    base: Integer, columns: I64, capacity: Integer,
) -> Integer:  # fmt: skip
    """Write the best units of a document, the best first; how many, or one more than `most` where some are left out."""
    found = 0
    cut = 0
    for number in range(count):
        unit = np.int64(touched[number])
        at = np.uint64(unit) * np.uint64(UNIT_COLUMNS)
        weight = np.int64(known[at + np.uint64(_BEST)])
        if weight < least:
            continue
        before = np.int64(known[at + np.uint64(_BEST) - np.uint64(UNIT_COLUMNS)])
        behind = np.int64(known[at + np.uint64(_BEST) + np.uint64(UNIT_COLUMNS)])
        if before >= weight or behind > weight:
            continue
        place = found
        if found == most:
            cut = 1
            place -= 1
            if not _better(weight, unit, columns[2 * capacity + base + place], columns[capacity + base + place]):
                continue
        else:
            found += 1
        while place > 0 and _better(
            weight, unit, columns[2 * capacity + base + place - 1], columns[capacity + base + place - 1]
        ):
            for column in range(5):
                columns[column * capacity + base + place] = columns[column * capacity + base + place - 1]
            place -= 1
        columns[base + place] = document
        columns[capacity + base + place] = unit
        columns[2 * capacity + base + place] = weight
        columns[3 * capacity + base + place] = origin + np.int64(known[at + np.uint64(_BEST_FIRST)]) - 1
        columns[4 * capacity + base + place] = origin + np.int64(known[at + np.uint64(_BEST_LAST)]) - 1
    return found + cut


@exported
def meet_bigrams_loop(
    hashes: U64, offsets: I64, places: I64, sizes: I64, documents: I64, firsts: I64, common: U64, content: U64,
    tokens: U32, keys: U64, pairs: U64, begins: U32, counters: U8, bits: Integer, words: U64, prefixes: U32,
    prefix_bits: Integer, weights: U32, least: Integer, most: Integer, known: U32, touched: U32, columns: I64,
    capacity: Integer, state: I64,
) -> Integer:  # fmt: skip
    """Fill the meetings of documents, whose stretches are `documents[i]` to `documents[i + 1]`; their number.

    `firsts`: the first unit of each document. `words` end with one that is greater than all. `known` is zero, and left
    so. `state` takes how many documents had more than `most`.
    """
    shift = np.uint64(64 - bits)
    prefix_shift = np.uint64(32 - prefix_bits)
    filled: Integer = 0
    for document in range(documents.size - 1):
        origin = firsts[document] << UNIT_BITS
        own = np.uint64(firsts[document])
        n_touched = np.uint64(0)
        token = np.uint64(0)
        for row in range(documents[document], documents[document + 1]):
            count = _choose_content(hashes, offsets[row], offsets[row + 1], common, content, tokens)
            length = max(offsets[row + 1] - offsets[row], 1)
            n_found = np.uint64(0)
            for place in range(count):
                one = content[place]
                for there in range(place + np.uint64(1), min(place + np.uint64(SKIPS + 1), count)):
                    bigram = _bigram(one, content[there])
                    often = _counted(counters, bigram >> shift)
                    keys[n_found] = bigram & _LOW
                    pairs[n_found] = place << np.uint64(2) | (there - place)
                    n_found += np.uint64(
                        (content[there] != one) & (often >= np.uint64(2)) & (often <= np.uint64(MOST_POSTED))
                    )
            # All memory is asked for before any of it is waited for.
            for number in range(n_found):
                begins[number] = prefixes[keys[number] >> prefix_shift]
            warm = np.uint64(0)
            for number in range(n_found):
                warm |= words[begins[number]]
            state[1] |= np.int64(warm >> np.uint64(1))
            for number in range(n_found):
                key, place, skip = keys[number], pairs[number] >> np.uint64(2), pairs[number] & np.uint64(3)
                here = places[row] + sizes[row] * np.int64(tokens[place]) // length
                begin = np.uint64(begins[number])
                while words[begin] >> _HALF < key:
                    begin += np.uint64(1)
                end = begin
                limit = min(begin + np.uint64(MOST_POSTED + 1), np.uint64(words.size))
                while end < limit and words[end] >> _HALF == key:
                    end += np.uint64(1)
                if end - begin < np.uint64(2) or end - begin > np.uint64(MOST_POSTED):
                    continue
                weight = np.uint64(weights[end - begin])
                # A document that says it again says nothing new.
                mine = begin
                while mine < end and words[mine] & _LOW < own:
                    mine += np.uint64(1)
                if mine < end and words[mine] & _LOW < np.uint64(here >> UNIT_BITS):
                    continue
                before = _LOW
                for member in range(begin, mine):
                    unit = words[member] & _LOW
                    if unit == before:
                        continue
                    before = unit
                    if _enter(known, unit, np.uint64(here - origin + 1), token + place, skip, weight):
                        touched[n_touched] = np.uint32(unit)
                        n_touched += np.uint64(1)
            token += count + np.uint64(SKIPS + 1)
        found = _take_best(document, origin, touched, n_touched, known, least, most, filled, columns, capacity)
        if found > most:
            state[0] += 1
        filled += min(found, most)
        for number in range(n_touched):
            at = np.uint64(touched[number]) * np.uint64(UNIT_COLUMNS)
            for column in range(np.uint64(UNIT_COLUMNS)):
                known[at + column] = np.uint32(0)
    return filled


def _content(stretches: Stretches) -> tuple[U64, U32]:
    """Room for the content tokens of a stretch and their numbers."""
    longest = int(np.diff(stretches.offsets).max(initial=0))
    return np.empty(longest + 1, dtype=np.uint64), np.empty(longest + 1, dtype=np.uint32)


def _bits(counters: U8) -> int:
    return int(counters.size).bit_length()


def count_bigrams(stretches: Stretches, common: U64, counters: U8) -> None:
    """See `Kernels.count_bigrams`."""
    content, tokens = _content(stretches)
    count_bigrams_loop(stretches.hashes, stretches.offsets, common, content, tokens, counters, _bits(counters))


def post_bigrams(stretches: Stretches, common: U64, counters: U8) -> U64:
    """See `Kernels.post_bigrams`."""
    content, tokens = _content(stretches)
    words = np.empty(SKIPS * stretches.hashes.size + 1, dtype=np.uint64)
    count = post_bigrams_loop(*stretches, common, content, tokens, counters, _bits(counters), words)
    return words[:count].copy()


def meet_bigrams(
    stretches: Stretches, documents: I64, firsts: I64, common: U64, counters: U8, index: BigramIndex, least: int,
    most: int, known: U32,
) -> tuple[Meetings, int]:  # fmt: skip
    """See `Kernels.meet_bigrams`."""
    content, tokens = _content(stretches)
    capacity = most * (documents.size - 1)
    columns = np.empty(5 * capacity, dtype=np.int64)
    state = np.zeros(2, dtype=np.int64)
    keys, pairs = np.empty((2, SKIPS * content.size), dtype=np.uint64)
    begins = np.empty(keys.size, dtype=np.uint32)
    touched = np.empty(known.size // UNIT_COLUMNS + 1, dtype=np.uint32)
    prefix_bits = int(index.prefixes.size - 1).bit_length() - 1
    count = meet_bigrams_loop(
        *stretches, documents, firsts, common, content, tokens, keys, pairs, begins, counters, _bits(counters),
        index.words, index.prefixes, prefix_bits, index.weights, least, most, known, touched, columns, capacity, state,
    )  # fmt: skip
    return Meetings(*(column[:count].copy() for column in columns.reshape(5, capacity))), int(state[0])
