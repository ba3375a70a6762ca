"""The lists of anchors in several tables, and the anchors of documents there, each in one call."""

import numpy as np

from dedup.kernels import F64, I64, U8, U16, U32, U64, Bool
from dedup.kernels.compiled_tables import first_damaged
from dedup.kernels.compiled_tokens import popcount, trailing_zeros
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
    POSTINGS,
    RANKS,
    SLOT_BITS,
    STRENGTHS,
    UNIT_BEGINS,
    AnchorStack,
    Gathered,
    Taken,
    nothing_gathered,
)
from dedup.kernels.jit import Integer, compiled, exported

_ONE = np.uint64(1)
_SLOTS = np.uint32((1 << SLOT_BITS) - 1)
_MOST_ANCHORS = 1 << SLOT_BITS


@compiled
def _lower_bound(halves: U32, first: Integer, count: Integer, key: np.uint64) -> Integer:
    """The place of the first of `count` ascending keys that is not smaller than one.

    Keys are hashes, so where one stands can be guessed: that takes three steps into memory instead of twenty.
    """
    low: Integer = 0
    high = count
    if count == 0:
        return 0
    place = min(np.int64((key * np.uint64(count)) >> np.uint64(32)), count - 1)
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
def _damaged_items(
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
def _document(halves: U32, places: I64, row: Integer, unit: np.uint32) -> np.int64:
    return np.int64(halves[places[row + OWNERS] + unit]) if places[row + HAS_OWNERS] != 0 else np.int64(unit)


@compiled
def _count_living(
    words: U64,
    halves: U32,
    octets: U8,
    places: I64,
    blocks: I64,
    alive: Bool,
    cap: Integer,
    begins: I64,
    ends: I64,
    key: Integer,
    n_keys: Integer,
    state: I64,
) -> Integer:
    """How many living members a list has, or more than `cap` where it has that many; -1 where a block is damaged."""
    n_tables = places.size // COLUMNS
    count: Integer = 0
    for table in range(n_tables):
        if places[COLUMNS * table + IS_PARTLY_GONE] == 0:
            count += ends[table * n_keys + key] - begins[table * n_keys + key]
    for table in range(n_tables):
        row = COLUMNS * table
        first, last = begins[table * n_keys + key], ends[table * n_keys + key]
        if places[row + IS_PARTLY_GONE] == 0 or first == last or count > cap:
            continue
        base = places[row + POSTINGS]
        if _damaged_items(words, octets, blocks, table, (base + first) >> 1, (base + last - 1) >> 1, state):
            return -1
        while first < last and count <= cap:
            document = _document(halves, places, row, halves[base + first] >> np.uint32(SLOT_BITS))
            count += np.int64(alive[halves[places[row + RANKS] + document]])
            first += 1
    return count


@exported
def choose_lists_loop(
    words: U64,
    halves: U32,
    octets: U8,
    places: I64,
    blocks: I64,
    keys: U32,
    alive: Bool,
    cap: Integer,
    budget: Integer,
    begins: I64,
    ends: I64,
    totals: I64,
    order: I64,
    read: Bool,
    state: I64,
) -> Integer:
    """Fill where the lists are, table by table, and which are to be `read`; how many postings these have, or -1.

    `budget` may be negative for none. `state`: a damaged block and its table, where that is given.
    """
    n_tables, n_keys = places.size // COLUMNS, keys.size
    is_gone = False
    for table in range(n_tables):
        row = COLUMNS * table
        is_gone = is_gone or places[row + IS_PARTLY_GONE] != 0
        for key in range(n_keys):
            value = np.uint64(keys[key])
            place = _lower_bound(halves, places[row + LIST_KEYS], places[row + N_LISTS], value)
            first: Integer = 0
            last: Integer = 0
            if place < places[row + N_LISTS] and np.uint64(halves[places[row + LIST_KEYS] + place]) == value:
                first = np.int64(halves[places[row + LIST_BEGINS] + place])
                last = np.int64(halves[places[row + LIST_BEGINS] + place + 1])
            begins[table * n_keys + key], ends[table * n_keys + key] = first, last
            totals[key] = last - first + (totals[key] if table > 0 else 0)
    for key in range(n_keys):
        if is_gone and totals[key] > cap:
            totals[key] = _count_living(
                words, halves, octets, places, blocks, alive, cap, begins, ends, key, n_keys, state
            )
            if totals[key] < 0:
                return -1
        read[key] = totals[key] <= cap
    if budget >= 0 and not is_gone:
        count = 0
        for key in range(n_keys):
            if read[key]:
                place = count
                count += 1
                while place > 0 and totals[order[place - 1]] > totals[key]:
                    order[place] = order[place - 1]
                    place -= 1
                order[place] = key
        total = 0
        for place in range(count):
            total += totals[order[place]]
            read[order[place]] = total <= budget
    room = 0
    for key in range(n_keys):
        if read[key]:
            for table in range(n_tables):
                room += ends[table * n_keys + key] - begins[table * n_keys + key]
    return room


@exported
def gather_loop(
    words: U64,
    numbers: I64,
    halves: U32,
    shorts: U16,
    octets: U8,
    places: I64,
    blocks: I64,
    table_firsts: I64,
    alive: Bool,
    read: Bool,
    begins: I64,
    ends: I64,
    bitmap: U64,
    before: U32,
    documents: U32,
    units: U32,
    strengths: U16,
    offsets: I64,
    anchors: I64,
    tables: I64,
    document_places: I64,
    first_units: I64,
    state: I64,
) -> Integer:
    """Fill the lists that are to be read, and the documents in them; how many these are, or -1 as `choose_lists_loop`.

    `bitmap` has a bit, zero, for each document of all tables, and `before` a number for each of its words; `documents`
    has room for all postings, `anchors` for those of one list in one table, and `tables` for all documents in them.
    """
    n_tables, n_keys = places.size // COLUMNS, read.size
    count = np.uint64(0)
    offsets[0] = 0
    for key in range(n_keys):
        for table in range(n_tables):
            first, last = begins[table * n_keys + key], ends[table * n_keys + key]
            if first == last or not read[key]:
                continue
            row = COLUMNS * table
            base, whole = places[row + POSTINGS], places[row + HAS_OWNERS] == 0
            if _damaged_items(words, octets, blocks, table, (base + first) >> 1, (base + last - 1) >> 1, state):
                return -1
            is_gone = places[row + IS_PARTLY_GONE] != 0
            begun = count
            for place in range(np.uint64(base + first), np.uint64(base + last)):
                posting = halves[place]
                unit = np.int64(posting >> np.uint32(SLOT_BITS))
                document = unit if whole else np.int64(halves[places[row + OWNERS] + unit])
                if is_gone and not alive[halves[places[row + RANKS] + document]]:
                    continue
                anchors[count - begun] = (
                    places[row + STRENGTHS]
                    + numbers[places[row + UNIT_BEGINS] + unit]
                    + np.int64(posting & _SLOTS)
                )  # fmt: skip
                local = np.uint64(table_firsts[table] + document)
                bitmap[local >> np.uint64(6)] |= _ONE << (local & np.uint64(63))
                documents[count] = np.uint32(local)
                units[count] = np.uint32(0 if whole else unit - numbers[places[row + FIRST_UNITS] + document])
                count += _ONE
            # Each of these loops waits for one place in memory alone, so that the processor fetches many at a time.
            if blocks[4 * table + 2] >= 0:
                for number in range(count - begun):
                    word = anchors[number] >> 2
                    if _damaged_items(words, octets, blocks, table, word, word, state):
                        return -1
            for number in range(count - begun):
                strengths[begun + number] = shorts[anchors[number]]
        offsets[key + 1] = np.int64(count)
    found = np.uint64(0)
    table = 0
    first_units[0] = 0
    for chunk in range(np.uint64(bitmap.size)):
        before[chunk] = np.uint32(found)
        bits = bitmap[chunk]
        while bits != np.uint64(0):
            own = np.int64((chunk << np.uint64(6)) + trailing_zeros(bits))
            bits &= bits - _ONE
            while own >= table_firsts[table + 1]:
                table += 1
            tables[found], document_places[found] = table, own - table_firsts[table]
            n_units: Integer = 1
            if places[COLUMNS * table + HAS_OWNERS] != 0:
                place_of_first = places[COLUMNS * table + FIRST_UNITS] + own - table_firsts[table]
                n_units = numbers[place_of_first + 1] - numbers[place_of_first]
            first_units[found + _ONE] = first_units[found] + n_units
            found += _ONE
    for posted in range(count):
        local = np.uint64(documents[posted])
        own_word = local >> np.uint64(6)
        lower = bitmap[own_word] & ((_ONE << (local & np.uint64(63))) - _ONE)
        units[posted] += np.uint32(first_units[np.uint64(before[own_word]) + popcount(lower)])
    return np.int64(found)


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
    tables: I64,
    document_places: I64,
    first_units: I64,
    chosen: I64,
    keys: U32,
    strengths: U16,
    sizes: I64,
    ranks: I64,
    elsewhere: F64,
    state: I64,
) -> Integer:
    """Fill what is known of the documents chosen, and the size of each of their units; how many anchors, or -1."""
    count = 0
    for number in range(chosen.size):
        document = chosen[number]
        table = tables[document]
        row = COLUMNS * table
        ranks[number] = np.int64(halves[places[row + RANKS] + document_places[document]])
        elsewhere[number] = doubles[places[row + ELSEWHERE] + document_places[document]]
        first = numbers[places[row + FIRST_UNITS] + document_places[document]]
        last = first + first_units[document + 1] - first_units[document]
        begin, end = numbers[places[row + UNIT_BEGINS] + first], numbers[places[row + UNIT_BEGINS] + last]
        if end > begin:
            of_keys, of_strengths = places[row + KEYS] + begin, places[row + STRENGTHS] + begin
            most = end - begin - 1
            if _damaged_items(words, octets, blocks, table, of_keys >> 1, (of_keys + most) >> 1, state):
                return -1
            if _damaged_items(words, octets, blocks, table, of_strengths >> 2, (of_strengths + most) >> 2, state):
                return -1
            for step in range(end - begin):
                keys[count + step], strengths[count + step] = halves[of_keys + step], shorts[of_strengths + step]
        for unit in range(last - first):
            place = places[row + UNIT_BEGINS] + first + unit
            sizes[first_units[document] + unit] = numbers[place + 1] - numbers[place]
        count += end - begin
    return count


def gather_lists(stack: AnchorStack, keys: U32, alive: Bool, cap: int, budget: int | None) -> Gathered:
    """See `RewriteKernels.gather_lists`."""
    n_tables = len(stack.several)
    if not n_tables or not keys.size:
        return nothing_gathered(keys.size)
    begins, ends = np.empty((2, n_tables * keys.size), dtype=np.int64)
    totals, order = np.empty((2, keys.size), dtype=np.int64)
    read, state = np.empty(keys.size, dtype=np.bool_), np.full(2, -1, dtype=np.int64)
    room = choose_lists_loop(
        stack.words, stack.halves, stack.octets, stack.places, stack.blocks, keys, alive, cap,
        -1 if budget is None else budget, begins, ends, totals, order, read, state,
    )  # fmt: skip
    if room < 0:
        return nothing_gathered(keys.size, *state.tolist())
    n_words = (int(stack.firsts[-1]) >> 6) + 1
    bitmap, before = np.zeros(n_words, dtype=np.uint64), np.empty(n_words, dtype=np.uint32)
    documents, units = np.empty((2, room), dtype=np.uint32)
    strengths, offsets = np.empty(room, dtype=np.uint16), np.empty(keys.size + 1, dtype=np.int64)
    most = min(room, int(stack.firsts[-1]))
    tables, places = np.empty((2, most), dtype=np.int64)
    anchors = np.empty(int((ends - begins).max()), dtype=np.int64)
    first_units = np.empty(most + 1, dtype=np.int64)
    count = gather_loop(
        stack.words, stack.numbers, stack.halves, stack.shorts, stack.octets, stack.places, stack.blocks, stack.firsts,
        alive, read, begins, ends, bitmap, before, documents, units, strengths, offsets, anchors, tables, places,
        first_units, state,
    )  # fmt: skip
    if count < 0:
        return nothing_gathered(keys.size, *state.tolist())
    filled = int(offsets[-1])
    return Gathered(
        tables[:count], places[:count], first_units[: count + 1], units[:filled], strengths[:filled], offsets, ~read
    )  # fmt: skip


def take_anchors(stack: AnchorStack, gathered: Gathered, chosen: I64) -> Taken:
    """See `RewriteKernels.take_anchors`."""
    firsts = gathered.first_units
    room = _MOST_ANCHORS * int((firsts[chosen + 1] - firsts[chosen]).sum())
    keys, strengths = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.uint16)
    sizes, state = np.zeros(int(firsts[-1]), dtype=np.int64), np.full(2, -1, dtype=np.int64)
    ranks, elsewhere = np.empty(chosen.size, dtype=np.int64), np.empty(chosen.size, dtype=np.float64)
    count = take_anchors_loop(
        stack.words, stack.numbers, stack.halves, stack.shorts, stack.octets, stack.doubles, stack.places, stack.blocks,
        gathered.tables, gathered.places, firsts, chosen, keys, strengths, sizes, ranks, elsewhere, state,
    )  # fmt: skip
    if count < 0:
        return Taken(keys[:0], strengths[:0], sizes, ranks, elsewhere, *state.tolist())
    return Taken(keys[:count], strengths[:count], sizes, ranks, elsewhere)
