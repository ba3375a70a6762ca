"""Skip-bigrams that documents share, in NumPy. Contracts are in `dedup.kernels.Kernels`."""

import numpy as np

from dedup.kernels import I64, U8, U32, U64
from dedup.kernels.bigrams import GAP, MOST_POSTED, SKIPS, UNIT_BITS, BigramIndex, Meetings, Stretches
from dedup.kernels.hashing import FINISHER, MULTIPLIER

_LOW = np.uint64(0xFFFFFFFF)


def count_bigrams(stretches: Stretches, common: U64, counters: U8) -> None:
    """See `Kernels.count_bigrams`."""
    bigrams, *_ = _bigrams(stretches, common)
    slots, numbers = np.unique(_slots(bigrams, counters), return_counts=True)
    for half in (0, 1):
        # The counters in one half of the bytes are of different bytes.
        chosen = slots % 2 == half
        places = slots[chosen] // 2
        before = counters[places] >> np.uint8(4 * half) & np.uint8(15)
        after = np.minimum(before + numbers[chosen], 15)
        counters[places] += ((after - before) << 4 * half).astype(np.uint8)


def post_bigrams(stretches: Stretches, common: U64, counters: U8) -> U64:
    """See `Kernels.post_bigrams`."""
    bigrams, places, *_ = _bigrams(stretches, common)
    chosen = _several(bigrams, counters)
    words: U64 = (bigrams[chosen] << np.uint64(32)) | (places[chosen] >> UNIT_BITS).astype(np.uint64)
    return words


def meet_bigrams(
    stretches: Stretches, documents: I64, firsts: I64, common: U64, counters: U8, index: BigramIndex, least: int,
    most: int, known: U32,
) -> tuple[Meetings, int]:  # fmt: skip
    """See `Kernels.meet_bigrams`."""
    bigrams, places, rows, tokens = _bigrams(stretches, common)
    chosen = _several(bigrams, counters)
    bigrams, places, tokens = bigrams[chosen], places[chosen], tokens[chosen]
    owners = np.searchsorted(documents, rows[chosen], side="right") - 1
    keys = bigrams & _LOW
    begins = np.searchsorted(index.words, keys << np.uint64(32))
    ends = np.searchsorted(index.words, (keys << np.uint64(32)) | _LOW, side="right")
    found: list[tuple[int, int, int, int, int]] = []
    cut = 0
    for document in range(documents.size - 1):
        origin = int(firsts[document]) << UNIT_BITS
        units: dict[int, _Unit] = {}
        for each in np.flatnonzero(owners == document).tolist():
            begin, end, place = int(begins[each]), int(ends[each]), int(places[each])
            if not 2 <= end - begin <= MOST_POSTED:
                continue
            members = (index.words[begin:end] & _LOW).astype(np.int64).tolist()
            own = [unit for unit in members if unit >= firsts[document]]
            if own and own[0] < place >> UNIT_BITS:
                continue
            for unit in dict.fromkeys(unit for unit in members if unit < firsts[document]):
                _enter(units, unit, place - origin, tokens[each].tolist(), int(index.weights[end - begin]))
        best = [
            (document, unit, of.best, origin + of.best_first, origin + of.best_last)
            for unit, of in units.items()
            if of.best >= least
            and (unit - 1 not in units or units[unit - 1].best < of.best)
            and (unit + 1 not in units or units[unit + 1].best <= of.best)
        ]
        best.sort(key=lambda row: (-row[2], row[1]))
        found += best[:most]
        cut += len(best) > most
    columns = np.array(found, dtype=np.int64).reshape(-1, 5).T
    return Meetings(*(column.copy() for column in columns)), cut


class _Unit:
    """What is known of a unit while a document is gone through: see `compiled_bigrams`."""

    def __init__(self) -> None:
        self.sum, self.first, self.last = 0, 0, 0
        self.best, self.best_first, self.best_last = 0, 0, 0
        self.counted: set[int] = set()


def _enter(units: dict[int, _Unit], number: int, place: int, tokens: list[int], weight: int) -> None:
    new = number not in units
    unit = units.setdefault(number, _Unit())
    if new or unit.last + GAP < place:
        unit.sum, unit.first = 0, place
        unit.counted.clear()
    unit.sum += weight * len(set(tokens) - unit.counted)
    unit.counted.update(tokens)
    unit.last = place
    beside, first = 0, unit.first
    for other in (units.get(number - 1), units.get(number + 1)):
        if other is not None and other.last + GAP >= place and other.sum > beside:
            beside, first = other.sum, min(unit.first, other.first)
    if unit.sum + beside > unit.best:
        unit.best, unit.best_first, unit.best_last = unit.sum + beside, first, place


def _bigrams(stretches: Stretches, common: U64) -> tuple[U64, I64, I64, I64]:
    """All skip-bigrams in order: hash, place, stretch, and shape (n, 2) the numbers of its tokens."""
    hashes, offsets = stretches.hashes, stretches.offsets
    lengths = np.diff(offsets)
    rows = np.repeat(np.arange(lengths.size), lengths)
    numbers = np.arange(hashes.size) - offsets[rows]
    said_often = common[hashes >> np.uint64(54)] >> (hashes >> np.uint64(48) & np.uint64(63)) & np.uint64(1)
    content = np.flatnonzero(said_often == 0)
    values, rows, numbers = hashes[content], rows[content], numbers[content]
    places = stretches.places[rows] + stretches.sizes[rows] * numbers // np.maximum(lengths[rows], 1)
    bigrams = np.zeros((values.size, SKIPS), dtype=np.uint64)
    there = np.zeros((values.size, SKIPS), dtype=np.bool_)
    for skip in range(1, SKIPS + 1):
        one, other = values[:-skip], values[skip:]
        mixed = np.maximum(one, other) * FINISHER + np.minimum(one, other)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * MULTIPLIER
        bigrams[: one.size, skip - 1] = mixed ^ (mixed >> np.uint64(32))
        there[: one.size, skip - 1] = (rows[:-skip] == rows[skip:]) & (one != other)
    chosen = there.reshape(-1)
    first = np.repeat(np.arange(values.size), SKIPS)
    second = first + np.tile(np.arange(1, SKIPS + 1), values.size)
    tokens = np.stack([first, second], axis=1)[chosen]
    return bigrams.reshape(-1)[chosen], places[first[chosen]], rows[first[chosen]], tokens


def _slots(bigrams: U64, counters: U8) -> I64:
    """The number of the counter of each skip-bigram."""
    slots: I64 = (bigrams >> np.uint64(64 - int(counters.size).bit_length())).astype(np.int64)
    return slots


def _several(bigrams: U64, counters: U8) -> I64:
    """Those that are counted in several places, and not in too many."""
    slots = _slots(bigrams, counters)
    often = counters[slots // 2] >> (4 * (slots % 2)).astype(np.uint8) & np.uint8(15)
    return np.flatnonzero((often >= 2) & (often <= MOST_POSTED))
