"""Skip-bigrams that documents share: both implementations, against counting them one by one."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.candidates.lifted import build_index, known_units, lay_out, make_counters
from dedup.kernels import U8, U64, Kernels, compiled, reference
from dedup.kernels.bigrams import MOST_POSTED, SKIPS, UNIT_BITS, Meetings, Stretches

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]
NOTHING: U64 = np.zeros(1024, dtype=np.uint64)


class Documents:
    """Random documents of few words, so that skip-bigrams come again, some of two stretches."""

    def __init__(self, seed: int, count: int, vocabulary: int) -> None:
        generator = np.random.default_rng(seed)
        words = generator.integers(0, 2**64, vocabulary, dtype=np.uint64)
        self.sizes = generator.integers(0, 6000, count)
        self.line = lay_out(generator.integers(0, 2**64, count, dtype=np.uint64), self.sizes)
        self.offsets = np.append(0, np.cumsum(generator.integers(1, 3, count)))
        owners = np.repeat(np.arange(count), np.diff(self.offsets))
        within = np.arange(owners.size) - self.offsets[owners]
        parts = np.diff(self.offsets)[owners]
        starts, ends = self.sizes[owners] * within // parts, self.sizes[owners] * (within + 1) // parts
        lengths = (ends - starts) // 40
        self.stretches = Stretches(
            words[generator.integers(0, vocabulary, int(lengths.sum()))],
            np.append(0, np.cumsum(lengths)),
            (self.line.firsts[owners] << UNIT_BITS) + starts,
            ends - starts,
        )
        self.common = NOTHING.copy()
        for value in words[: vocabulary // 4].tolist():
            self.common[value >> 54] |= np.uint64(1 << (value >> 48 & 63))

    def bigrams(self) -> list[tuple[frozenset[int], int]]:
        """Each skip-bigram with its place, told word by word."""
        found = []
        for row, (first, end) in enumerate(pairwise(self.stretches.offsets.tolist())):
            place, size = int(self.stretches.places[row]), int(self.stretches.sizes[row])
            tokens = [
                (value, place + size * number // (end - first))
                for number, value in enumerate(self.stretches.hashes[first:end].tolist())
                if not int(self.common[value >> 54]) >> (value >> 48 & 63) & 1
            ]
            for number, (one, at) in enumerate(tokens):
                found += [(frozenset((one, other)), at) for other, _ in tokens[number + 1 : number + 1 + SKIPS]]
        return [(pair, at) for pair, at in found if len(pair) == 2]

    def run(self, kernels: Kernels, least: int, most: int) -> tuple[U8, U64, Meetings, int]:
        counters = make_counters(1000)
        kernels.count_bigrams(self.stretches, self.common, counters)
        words = kernels.post_bigrams(self.stretches, self.common, counters)
        index = build_index([words], self.sizes.size)
        known = known_units(self.line)
        met, cut = kernels.meet_bigrams(
            self.stretches, self.offsets, self.line.firsts, self.common, counters, index, least, most, known
        )
        assert not known.any()
        return counters, words, met, cut


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 12), vocabulary=st.sampled_from([3, 12, 60]))
def test_skip_bigrams_are_counted_and_those_of_several_places_posted(
    kernels: Kernels, seed: int, count: int, vocabulary: int
) -> None:
    documents = Documents(seed, count, vocabulary)
    counters, words, _, _ = documents.run(kernels, 1, 4)
    every = documents.bigrams()
    numbers: dict[frozenset[int], int] = {}
    for pair, _ in every:
        numbers[pair] = numbers.get(pair, 0) + 1
    halves = np.concatenate([counters & 15, counters >> 4])
    # With so many counters two skip-bigrams seldom have the same.
    if int(np.count_nonzero(halves)) == len(numbers):
        assert sorted(halves[halves > 0].tolist()) == sorted(min(number, 15) for number in numbers.values())
        units = sorted(at >> UNIT_BITS for pair, at in every if 2 <= numbers[pair] <= MOST_POSTED)
        assert sorted((words & np.uint64(0xFFFFFFFF)).tolist()) == units


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 12),
    vocabulary=st.sampled_from([3, 12, 60, 200]),
    least=st.sampled_from([1, 2000, 8000]),
    most=st.sampled_from([1, 3, 16]),
)
def test_both_implementations_meet_alike(seed: int, count: int, vocabulary: int, least: int, most: int) -> None:
    documents = Documents(seed, count, vocabulary)
    one, other = (documents.run(kernels, least, most) for kernels in (reference, compiled))
    for left, right in ((one[0], other[0]), (one[1], other[1]), *zip(one[2], other[2], strict=True)):
        np.testing.assert_array_equal(left, right)
    assert one[3] == other[3]


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_documents_meet_where_they_share_words_and_nowhere_else(kernels: Kernels) -> None:
    generator = np.random.default_rng(1)
    words = generator.integers(0, 2**64, 3000, dtype=np.uint64)
    words[2200:2260] = words[500:560]
    # Two documents of 1,500 words of eight bytes, and some more that share nothing.
    line = lay_out(np.arange(40, dtype=np.uint64), np.full(40, 12_000))
    others = generator.integers(0, 2**64, 38 * 1500, dtype=np.uint64)
    stretches = Stretches(np.append(words, others), np.arange(41) * 1500, line.firsts << UNIT_BITS, np.full(40, 12_000))
    counters = make_counters(60_000)
    kernels.count_bigrams(stretches, NOTHING, counters)
    index = build_index([kernels.post_bigrams(stretches, NOTHING, counters)], 40)
    met, cut = kernels.meet_bigrams(
        stretches, np.arange(41), line.firsts, NOTHING, counters, index, 20_000, 4, known_units(line)
    )
    assert (cut, met.documents.tolist(), line.owners(met.units).tolist()) == (0, [1], [0])
    first, last = ((places - (line.firsts[1] << UNIT_BITS)).tolist()[0] // 8 for places in (met.firsts, met.lasts))
    assert first == 700
    assert 730 <= last <= 758
    assert 500 * 8 >> UNIT_BITS <= int(met.units[0] - line.firsts[0]) <= 560 * 8 >> UNIT_BITS
