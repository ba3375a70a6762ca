"""Seeds of aligned passages: skip-bigrams that two texts share, and the rectangles in which they lie close together.

A skip-bigram is an unordered pair of terms that stand one or two places apart. One that both texts share is a point
(place in the left text, place in the right text); points are parted wherever they lie further apart than a gap, along
the left and along the right text in turn, until neither parts them (Sanchez-Perez, Sidorov and Gelbukh 2014).
"""

import numpy as np

from dedup.kernels import F64, I64, U32, U64
from dedup.kernels.alignment import LEAST_DISTANCE, LEAST_POINTS, LEAST_WEIGHT, MOST_OCCURRENCES, SKIPS
from dedup.kernels.jit import Integer, compiled

MOST_LEVELS = 40

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@compiled
def join_terms(
    left_terms: U64, left_first: Integer, left_last: Integer, right_terms: U64, right_first: Integer,
    right_last: Integer, slots: I64, mapped: U32,
) -> Integer:  # fmt: skip
    """Number the left text's terms by the right text's, which come first; how many there are together."""
    n_right = right_last - right_first
    size = 16
    while size < 2 * n_right:
        size *= 2
    mask = np.uint64(size - 1)
    for entry in range(size):
        slots[entry] = -1
    for number in range(n_right):
        slot = (right_terms[right_first + number] >> np.uint64(20)) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = number
    count = n_right
    for number in range(left_last - left_first):
        term = left_terms[left_first + number]
        slot = (term >> np.uint64(20)) & mask
        while slots[slot] >= 0 and right_terms[right_first + slots[slot]] != term:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] >= 0:
            mapped[number] = np.uint32(slots[slot])
        else:
            mapped[number] = np.uint32(count)
            count += 1
    return count


@compiled
def number_bigrams(
    left: U32, n_left: Integer, right: U32, n_right: Integer, left_counts: U32, right_counts: U32,
    keys: U64, values: U32, left_bigrams: U32, right_bigrams: U32, left_found: U32, right_found: U32,
) -> Integer:  # fmt: skip
    """Number the skip-bigrams that both texts share, from 1; at `SKIPS` times its place each token has those it begins.

    0 stands for one that is not shared. `left_found` and `right_found` count them. Gives the highest number.
    """
    shared = 0
    for token in range(n_right):
        shared += left_counts[right[token]] > 0
    size = 16
    while size < 2 * SKIPS * shared:
        size *= 2
    mask = np.uint64(size - 1)
    for entry in range(size):
        keys[entry] = np.uint64(0)
    count = 0
    right_found[0] = np.uint32(0)
    left_found[0] = np.uint32(0)
    for token in range(n_right):
        one = right[token]
        known = left_counts[one] > 0
        for skip in range(SKIPS):
            place = SKIPS * token + skip
            right_bigrams[place] = np.uint32(0)
            if not known or token + skip + 1 >= n_right:
                continue
            other = right[token + skip + 1]
            if left_counts[other] == 0:
                continue
            key = (np.uint64(max(one, other)) << _HALF | np.uint64(min(one, other))) + np.uint64(1)
            slot = (key * _GOLDEN) >> np.uint64(30) & mask
            while keys[slot] != np.uint64(0) and keys[slot] != key:
                slot = (slot + np.uint64(1)) & mask
            if keys[slot] == np.uint64(0):
                keys[slot] = key
                count += 1
                values[slot] = np.uint32(count)
                right_found[count] = np.uint32(0)
                left_found[count] = np.uint32(0)
            right_found[values[slot]] += np.uint32(1)
            right_bigrams[place] = values[slot]
    for token in range(n_left):
        one = left[token]
        known = right_counts[one] > 0
        for skip in range(SKIPS):
            place = SKIPS * token + skip
            left_bigrams[place] = np.uint32(0)
            if not known or token + skip + 1 >= n_left:
                continue
            other = left[token + skip + 1]
            if right_counts[other] == 0:
                continue
            key = (np.uint64(max(one, other)) << _HALF | np.uint64(min(one, other))) + np.uint64(1)
            slot = (key * _GOLDEN) >> np.uint64(30) & mask
            while keys[slot] != np.uint64(0) and keys[slot] != key:
                slot = (slot + np.uint64(1)) & mask
            if keys[slot] == key:
                left_found[values[slot]] += np.uint32(1)
                left_bigrams[place] = values[slot]
    for place in range(SKIPS * n_right):
        if left_found[right_bigrams[place]] == 0:
            right_bigrams[place] = np.uint32(0)
    return count


@compiled
def most_occurrences(count: Integer, left_found: U32, right_found: U32, most: Integer) -> Integer:
    """How often a skip-bigram may stand in each text for the points to be no more than `most`; 1 always fits."""
    allowed = MOST_OCCURRENCES
    while allowed > 1:
        points: Integer = 0
        for bigram in range(1, count + 1):
            if left_found[bigram] <= allowed and right_found[bigram] <= allowed:
                points += np.int64(left_found[bigram]) * np.int64(right_found[bigram])
        if points <= most:
            break
        allowed -= 1
    return allowed


@compiled
def find_points(
    left: U32, n_left: Integer, n_right: Integer, left_bigrams: U32, right_bigrams: U32, count: Integer,
    left_found: U32, right_found: U32, weights: F64, most: Integer, within: bool,
    firsts: U32, places: U32, points: U64,
) -> Integer:  # fmt: skip
    """The points of skip-bigrams that are rare enough in both texts, left place in the upper half; their number.

    They ascend but for those of one left place. `within`: both texts are the same one, and points lie above its
    diagonal.
    """
    allowed = most_occurrences(count, left_found, right_found, most)
    filled: Integer = 0
    for bigram in range(1, count + 1):
        firsts[bigram] = np.uint32(filled)
        if 0 < left_found[bigram] <= allowed and right_found[bigram] <= allowed:
            filled += np.int64(right_found[bigram])
    for token in range(n_right):
        for skip in range(SKIPS):
            bigram = right_bigrams[SKIPS * token + skip]
            if bigram and left_found[bigram] <= allowed and right_found[bigram] <= allowed:
                places[firsts[bigram]] = np.uint32(token)
                firsts[bigram] += np.uint32(1)
    n_points = 0
    for token in range(n_left):
        for skip in range(SKIPS):
            bigram = left_bigrams[SKIPS * token + skip]
            if not bigram or left_found[bigram] > allowed or right_found[bigram] > allowed:
                continue
            if weights[left[token]] + weights[left[token + skip + 1]] < LEAST_WEIGHT:
                continue
            end = np.int64(firsts[bigram])
            for number in range(end - np.int64(right_found[bigram]), end):
                other = np.int64(places[number])
                if within and other < token + LEAST_DISTANCE:
                    continue
                points[n_points] = np.uint64(token) << _HALF | np.uint64(other)
                n_points += 1
    return n_points


@compiled
def _swapped(point: np.uint64) -> np.uint64:
    return point >> _HALF | (point & _LOW) << _HALF


@compiled
def sort(values: U64, first: Integer, last: Integer, buffer: U64) -> None:
    """Sort values[first:last] by merging; what is in order already is seen in one pass."""
    ordered = True
    for place in range(first + 1, last):
        if values[place] < values[place - 1]:
            ordered = False
            break
    if ordered:
        return
    run = 12
    for begin in range(first, last, run):
        for place in range(begin + 1, min(begin + run, last)):
            value = values[place]
            other = place
            while other > begin and values[other - 1] > value:
                values[other] = values[other - 1]
                other -= 1
            values[other] = value
    while run < last - first:
        for begin in range(first, last, 2 * run):
            one: Integer = begin
            middle = min(begin + run, last)
            end = min(begin + 2 * run, last)
            if middle >= end or values[middle - 1] <= values[middle]:
                continue
            for place in range(begin, middle):
                buffer[place] = values[place]
            second: Integer = middle
            target = begin
            while one < middle:
                if second < end and values[second] < buffer[one]:
                    values[target] = values[second]
                    second += 1
                else:
                    values[target] = buffer[one]
                    one += 1
                target += 1
        run *= 2


@compiled
def _part_diagonals(
    points: U64, first: Integer, last: Integer, gap: Integer, buffer: U64, stack: I64, height: Integer
) -> Integer:
    """Part points, left place in the upper half, by their diagonals, and put the parts on the stack; its new height."""
    for place in range(first, last):
        point = points[place]
        points[place] = ((point & _LOW) - (point >> _HALF)) << _HALF | point >> _HALF
    sort(points, first, last, buffer)
    begin = first
    for place in range(first + 1, last + 1):
        if place < last and np.int64(points[place] >> _HALF) - np.int64(points[place - 1] >> _HALF) - 1 <= gap:
            continue
        # A single part would come back for ever.
        if place - begin >= LEAST_POINTS and (begin > first or place < last):
            stack[4 * height], stack[4 * height + 1], stack[4 * height + 2], stack[4 * height + 3] = begin, place, 0, 0
            height += 1
        begin = place
    for place in range(first, last):
        point = points[place]
        points[place] = (point & _LOW) << _HALF | ((point & _LOW) + (point >> _HALF))
    return height


@compiled
def cluster(
    points: U64, n_points: Integer, gap: Integer, within: bool, left_sections: U32, right_sections: U32, buffer: U64,
    stack: I64, rectangles: I64,
) -> Integer:  # fmt: skip
    """The rectangles (left first and last, right first and last, inclusive) of points no further apart than `gap`.

    `points` are worked on in place and need not be in order. `stack` and `rectangles` have four entries for every three
    points, or more. Of points `within` one text those of a rectangle that overlaps itself are parted by their
    diagonals. Points of different sections, between which a barrier lies, are parted too. Gives the number of
    rectangles.
    """
    if n_points < LEAST_POINTS:
        return 0
    stack[0], stack[1], stack[2], stack[3] = 0, n_points, 0, 0
    height: Integer = 1
    found = 0
    while height > 0:
        height -= 1
        first, last = stack[4 * height], stack[4 * height + 1]
        level, settled = stack[4 * height + 2], stack[4 * height + 3]
        # Points are kept with the side looked at in the upper half: the left at even levels.
        if level > 0:
            for place in range(first, last):
                points[place] = _swapped(points[place])
        sort(points, first, last, buffer)
        begin = first
        parted = False
        sections = right_sections if level & 1 else left_sections
        for place in range(first + 1, last + 1):
            if place < last:
                one, other = np.int64(points[place - 1] >> _HALF), np.int64(points[place] >> _HALF)
                if other - one - 1 <= gap and sections[one] == sections[other]:
                    continue
                parted = True
            elif not parted:
                break
            if place - begin >= LEAST_POINTS:
                stack[4 * height], stack[4 * height + 1] = begin, place
                stack[4 * height + 2], stack[4 * height + 3] = level + 1, 0
                height += 1
            begin = place
        if parted:
            continue
        if not settled and level < MOST_LEVELS:
            stack[4 * height], stack[4 * height + 1] = first, last
            stack[4 * height + 2], stack[4 * height + 3] = level + 1, 1
            height += 1
            continue
        low, high = _LOW, np.uint64(0)
        for place in range(first, last):
            low = min(low, points[place] & _LOW)
            high = max(high, points[place] & _LOW)
        upper_low, upper_high = np.int64(points[first] >> _HALF), np.int64(points[last - 1] >> _HALF)
        if within and (np.int64(high) >= upper_low if level & 1 else upper_high >= np.int64(low)):
            if level & 1:
                for place in range(first, last):
                    points[place] = _swapped(points[place])
            height = _part_diagonals(points, first, last, gap, buffer, stack, height)
            continue
        rectangle = 4 * found
        if level & 1:
            rectangles[rectangle], rectangles[rectangle + 1] = np.int64(low), np.int64(high)
            rectangles[rectangle + 2], rectangles[rectangle + 3] = upper_low, upper_high
        else:
            rectangles[rectangle], rectangles[rectangle + 1] = upper_low, upper_high
            rectangles[rectangle + 2], rectangles[rectangle + 3] = np.int64(low), np.int64(high)
        found += 1
    return found
