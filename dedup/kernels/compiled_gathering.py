"""Where lists of anchors are in several tables, and the anchors of documents there, each in one call."""

import numpy as np

from dedup.kernels import F64, I64, U8, U16, U32, U64, Bool
from dedup.kernels.compiled_tables import first_damaged
from dedup.kernels.gathering import (
    COLUMNS,
    ELSEWHERE,
    FIRST_UNITS,
    HAS_OWNERS,
    IS_PARTLY_GONE,
    KEYS,
    LIST_BEGINS,
    LIST_KEYS,
    N_LISTS,
    OWNERS,
    POSTING,
    POSTINGS,
    RANKS,
    STRENGTHS,
    UNIT_BEGINS,
    AnchorStack,
    FoundLists,
    Taken,
)
from dedup.kernels.jit import Integer, compiled, exported


@compiled
def _guessed(key: np.uint64, count: Integer) -> np.int64:
    """About where a key stands among `count`."""
    return np.int64((key * np.uint64(count)) >> np.uint64(32))


@compiled
def _lower_bound(halves: U32, first: Integer, count: Integer, key: np.uint64) -> Integer:
    """The place of the first of `count` ascending keys that is not smaller than one.

    Keys are hashes, so where one stands can be guessed: that takes three steps into memory instead of twenty.
    """
    low: Integer = 0
    high = count
    if count == 0:
        return 0
    place = _guessed(key, count)
    step: Integer = 8
    if np.uint64(halves[first + place]) < key:
        low = place + 1
        while low + step < high and np.uint64(halves[first + low + step]) < key:
            low += step + 1
            step *= 2
        high = min(high, low + step)
    else:
        high = place
        while high - step > low and np.uint64(halves[first + high - step]) >= key:
            high -= step
            step *= 2
        low = max(low, high - step)
    while low < high:
        middle = (low + high) >> 1
        if np.uint64(halves[first + middle]) < key:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def damaged_items(
    words: U64, octets: U8, blocks: I64, table: Integer, first: Integer, last: Integer, state: I64
) -> bool:
    """Whether one of the words from `first` to `last` is in a damaged block of a table, which `state` says then."""
    if blocks[4 * table + 2] < 0:
        return False
    block = first_damaged(words, octets, blocks, table, np.uint64(first), np.uint64(last))
    if block < 0:
        return False
    state[0], state[1] = block, table
    return True


@compiled
def document_of(halves: U32, places: I64, row: Integer, unit: Integer) -> np.int64:
    """The document of a unit of the table whose places begin at `row`."""
    return np.int64(halves[places[row + OWNERS] + unit]) if places[row + HAS_OWNERS] != 0 else np.int64(unit)


@compiled
def damaged_postings(
    words: U64, octets: U8, places: I64, blocks: I64, table: Integer, first: Integer, last: Integer, state: I64
) -> bool:
    """`damaged_items` of a range of postings, half-open."""
    base = places[COLUMNS * table + POSTINGS]
    return damaged_items(
        words, octets, blocks, table, (base + POSTING * first) >> 2, (base + POSTING * last - 1) >> 2, state
    )


@compiled
def unit_at(shorts: U16, at: Integer) -> np.int64:
    """The unit of the posting that begins at a place."""
    return np.int64(np.uint32(shorts[at]) | np.uint32(shorts[at + 1]) << np.uint32(16))


@compiled
def _count_living(
    words: U64,
    halves: U32,
    shorts: U16,
    octets: U8,
    places: I64,
    blocks: I64,
    fixed: Integer,
    alive: Bool,
    cap: Integer,
    begins: U32,
    ends: U32,
    key: Integer,
    n_keys: Integer,
    state: I64,
) -> Integer:
    """How many living members a list has, or more than `cap` where it has that many; -1 where a block is damaged."""
    count: Integer = 0
    for table in range(fixed):
        if places[COLUMNS * table + IS_PARTLY_GONE] == 0:
            count += np.int64(ends[table * n_keys + key]) - np.int64(begins[table * n_keys + key])
    for table in range(fixed):
        row = COLUMNS * table
        first, last = np.int64(begins[table * n_keys + key]), np.int64(ends[table * n_keys + key])
        if places[row + IS_PARTLY_GONE] == 0 or first == last or count > cap:
            continue
        if damaged_postings(words, octets, places, blocks, table, first, last, state):
            return -1
        while first < last and count <= cap:
            document = document_of(halves, places, row, unit_at(shorts, places[row + POSTINGS] + POSTING * first))
            count += np.int64(alive[halves[places[row + RANKS] + document]])
            first += 1
    return count


@exported
def find_lists_loop(
    words: U64,
    halves: U32,
    shorts: U16,
    octets: U8,
    places: I64,
    blocks: I64,
    fixed: Integer,
    keys: U32,
    alive: Bool,
    cap: Integer,
    begins: U32,
    ends: U32,
    totals: I64,
    state: I64,
) -> None:
    """Fill where the lists are, and how many living members they have.

    `state`: a damaged block and its table, and a number that means nothing.
    """
    n_tables, n_keys = places.size // COLUMNS, keys.size
    n_gone: Integer = 0
    for key in range(n_keys):
        totals[key] = 0
    for table in range(n_tables):
        row = COLUMNS * table
        n_gone += places[row + IS_PARTLY_GONE] if table < fixed else 0
        # Where each search is going to begin is read before: no reading waits for another one then.
        for key in range(n_keys if places[row + N_LISTS] > 0 else 0):
            state[2] += np.int64(
                halves[places[row + LIST_KEYS] + _guessed(np.uint64(keys[key]), places[row + N_LISTS])]
            )
        for key in range(n_keys):
            value = np.uint64(keys[key])
            place = _lower_bound(halves, places[row + LIST_KEYS], places[row + N_LISTS], value)
            first, last = np.uint32(0), np.uint32(0)
            if place < places[row + N_LISTS] and np.uint64(halves[places[row + LIST_KEYS] + place]) == value:
                first, last = halves[places[row + LIST_BEGINS] + place], halves[places[row + LIST_BEGINS] + place + 1]
            begins[table * n_keys + key], ends[table * n_keys + key] = first, last
            if table < fixed:
                totals[key] += np.int64(last) - np.int64(first)
    if n_gone == 0:
        return
    for key in range(n_keys):
        if totals[key] > 0:
            totals[key] = _count_living(
                words, halves, shorts, octets, places, blocks, fixed, alive, cap, begins, ends, key, n_keys, state
            )
            if totals[key] < 0:
                return


@exported
def measure_documents_loop(
    numbers: I64,
    halves: U32,
    shorts: U16,
    words: U64,
    places: I64,
    table_firsts: I64,
    chosen: I64,
    tables: I64,
    firsts: I64,
    warmth: U64,
) -> Integer:
    """Fill the table of each document chosen, ascending, and their units; how many anchors they have.

    What is to be taken is read, so that much of it is under way at a time; `warmth` is of no use but for that.
    """
    count: Integer = 0
    table = 0
    firsts[0] = 0
    for number in range(chosen.size):
        document = chosen[number]
        while document >= table_firsts[table + 1]:
            table += 1
        tables[number] = table
        row = COLUMNS * table
        at = places[row + FIRST_UNITS] + document - table_firsts[table]
        firsts[number + 1] = firsts[number] + numbers[at + 1] - numbers[at]
        base = places[row + UNIT_BEGINS]
        begin, end = numbers[base + numbers[at]], numbers[base + numbers[at + 1]]
        count += end - begin
        place = document - table_firsts[table]
        touched = np.uint64(halves[places[row + RANKS] + place]) + words[places[row + ELSEWHERE] + place]
        if end > begin:
            of_keys, of_strengths = places[row + KEYS], places[row + STRENGTHS]
            touched += np.uint64(halves[of_keys + begin]) + np.uint64(halves[of_keys + ((begin + end) >> 1)])
            touched += np.uint64(halves[of_keys + end - 1])
            touched += np.uint64(shorts[of_strengths + begin]) + np.uint64(shorts[of_strengths + end - 1])
        warmth[0] += touched
    return count


@exported
def take_anchors_loop(
    words: U64,
    numbers: I64,
    halves: U32,
    shorts: U16,
    octets: U8,
    doubles: F64,
    places: I64,
    blocks: I64,
    table_firsts: I64,
    chosen: I64,
    tables: I64,
    keys: U32,
    strengths: U16,
    sizes: I64,
    ranks: I64,
    elsewhere: F64,
    state: I64,
) -> None:
    """Fill what is known of the documents chosen; `state`: a damaged block and its table."""
    count, unit = 0, 0
    for number in range(chosen.size):
        table = tables[number]
        row, document = COLUMNS * table, chosen[number] - table_firsts[table]
        ranks[number] = np.int64(halves[places[row + RANKS] + document])
        elsewhere[number] = doubles[places[row + ELSEWHERE] + document]
        first, last = (
            numbers[places[row + FIRST_UNITS] + document],
            numbers[places[row + FIRST_UNITS] + document + 1],
        )
        base = places[row + UNIT_BEGINS]
        begin, end = numbers[base + first], numbers[base + last]
        if end > begin:
            of_keys, of_strengths = places[row + KEYS] + begin, places[row + STRENGTHS] + begin
            most = end - begin - 1
            if damaged_items(words, octets, blocks, table, of_keys >> 1, (of_keys + most) >> 1, state):
                return
            if damaged_items(words, octets, blocks, table, of_strengths >> 2, (of_strengths + most) >> 2, state):
                return
            for step in range(end - begin):
                keys[count + step], strengths[count + step] = halves[of_keys + step], shorts[of_strengths + step]
        for each in range(first, last):
            sizes[unit] = numbers[base + each + 1] - numbers[base + each]
            unit += 1
        count += end - begin


def find_lists(stack: AnchorStack, keys: U32, fixed: int, alive: Bool, cap: int) -> FoundLists:
    """See `RewriteKernels.find_lists`."""
    begins, ends = np.empty((2, len(stack.several) * keys.size), dtype=np.uint32)
    totals, state = np.empty(keys.size, dtype=np.int64), np.array([-1, -1, 0], dtype=np.int64)
    find_lists_loop(
        stack.words, stack.halves, stack.shorts, stack.octets, stack.places, stack.blocks, fixed, keys, alive, cap,
        begins, ends, totals, state,
    )  # fmt: skip
    return FoundLists(begins, ends, totals, fixed, *state[:2].tolist())


def take_anchors(stack: AnchorStack, chosen: I64) -> Taken:
    """See `RewriteKernels.take_anchors`."""
    tables, firsts = np.empty(chosen.size, dtype=np.int64), np.empty(chosen.size + 1, dtype=np.int64)
    count = measure_documents_loop(
        stack.numbers, stack.halves, stack.shorts, stack.words, stack.places, stack.firsts, chosen, tables, firsts,
        np.zeros(1, dtype=np.uint64),
    )  # fmt: skip
    keys, strengths = np.empty(count, dtype=np.uint32), np.empty(count, dtype=np.uint16)
    sizes, state = np.empty(int(firsts[-1]), dtype=np.int64), np.full(2, -1, dtype=np.int64)
    ranks, elsewhere = np.empty(chosen.size, dtype=np.int64), np.empty(chosen.size, dtype=np.float64)
    take_anchors_loop(
        stack.words, stack.numbers, stack.halves, stack.shorts, stack.octets, stack.doubles, stack.places, stack.blocks,
        stack.firsts, chosen, tables, keys, strengths, sizes, ranks, elsewhere, state,
    )  # fmt: skip
    return Taken(keys, strengths, sizes, firsts, ranks, elsewhere, *state.tolist())
