"""Both implementations of each kernel give the same bits, on any input."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis.strategies import SearchStrategy

from dedup.kernels import Ragged, Samples, choose, compiled, reference
from dedup.kernels.hashing import no_marks, weight_table
from dedup.model import TextColumn
from dedup.sketching import stepped_permutations
from dedup.tokenising.codepoints import codepoint_table
from tests.kernels.twins import PLAIN_PYTHON, assert_same, examples
from tests.strategies import prose, ragged, texts, to_ragged, wrapped_texts

many_texts = st.lists(st.one_of(texts(), prose()), max_size=6)


@given(many_texts)
def test_tokenise(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    table = codepoint_table()
    assert_same(
        reference.tokenise(column.data, column.offsets, *table),
        compiled.tokenise(column.data, column.offsets, *table),
    )
    assert_same(
        reference.hash_tokens(column.data, column.offsets[:-1], column.offsets[1:], *table),
        compiled.hash_tokens(column.data, column.offsets[:-1], column.offsets[1:], *table),
    )


@given(st.lists(st.one_of(texts(), prose(), wrapped_texts()), max_size=6))
@settings(max_examples=examples(150))
@example(["the line before is long enough to be wrapped\nA", "wrapped lines of more than forty characters\né"])
def test_segment(documents: list[str]) -> None:
    column = TextColumn.from_strings(documents)
    assert_same(reference.segment(column.data, column.offsets), compiled.segment(column.data, column.offsets))


@given(ragged(), st.integers(1, 7))
def test_shingle_and_digest(rows: Ragged, size: int) -> None:
    assert_same(reference.shingle(*rows, size), compiled.shingle(*rows, size))
    assert_same(reference.digest(*rows), compiled.digest(*rows))


@given(ragged(), st.integers(1, 20))
def test_minhash(rows: Ragged, permutations: int) -> None:
    generator = np.random.default_rng(permutations)
    a = generator.integers(0, 2**32, permutations, dtype=np.uint32) | np.uint32(1)
    b = generator.integers(0, 2**32, permutations, dtype=np.uint32)
    signatures = reference.minhash(*rows, a, b)
    assert_same(signatures, compiled.minhash(*rows, a, b))
    for width in {1, permutations // 2, permutations} - {0}:
        banding = (permutations // width, width)
        assert_same(reference.band_keys(signatures, *banding), compiled.band_keys(signatures, *banding))


@given(ragged(values=6), st.data())
def test_rows_counted_and_compared(rows: Ragged, data: st.DataObject) -> None:
    counted = reference.count_rows(rows)
    assert_same(counted, compiled.count_rows(rows))
    wide = data.draw(ragged(max_length=200))
    assert_same(reference.count_rows(wide), compiled.count_rows(wide))
    known = np.unique(wide.values)[::2]
    table = weight_table(known, np.sqrt(np.arange(known.size)))
    assert_same(reference.look_up(table, wide.values, 0.5), compiled.look_up(table, wide.values, 0.5))
    n_rows = rows.offsets.size - 1
    some_rows = st.lists(st.integers(0, n_rows - 1), min_size=3, max_size=3)
    left, right = np.array(data.draw(some_rows)), np.array(data.draw(some_rows))
    assert_same(reference.count_rows(rows, left), compiled.count_rows(rows, left))
    distinct = Ragged(counted.values, counted.offsets)
    weights = np.random.default_rng(1).random(distinct.values.size)
    assert_same(
        reference.dot_common(distinct, weights, left, right),
        compiled.dot_common(distinct, weights, left, right),
    )
    assert_same(reference.equal_rows(rows, left, right), compiled.equal_rows(rows, left, right))


@pytest.mark.parametrize("row", [[7] * 200, list(range(200)), [*range(70), 2**64 - 1, *range(70)]])
def test_rows_of_values_that_are_not_spread_like_hashes(row: list[int]) -> None:
    rows = to_ragged([row, [], row[:3]])
    assert_same(reference.count_rows(rows), compiled.count_rows(rows))


def clustered() -> SearchStrategy[list[int]]:
    """Values that stand close together at a few places: at both ends, at a border between slots, and spread."""
    cluster = st.tuples(
        st.sampled_from([0, 2**58 - 60, 2**63, 2**64 - 130, 0x9E3779B97F4A7C15]),
        st.lists(st.integers(0, 129), max_size=150),
    ).map(lambda drawn: [(drawn[0] + offset) % 2**64 for offset in drawn[1]])
    spread = st.lists(st.integers(0, 2**64 - 1), max_size=20)
    return st.lists(cluster | spread, max_size=3).map(lambda several: [value for each in several for value in each])


@given(st.lists(clustered(), min_size=1, max_size=4), st.data())
def test_rows_of_values_that_stand_close_together(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = np.array(data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=5)), dtype=np.int64)
    ragged_rows = to_ragged(rows)
    assert_same(reference.count_rows(ragged_rows), compiled.count_rows(ragged_rows))
    assert_same(reference.count_rows(ragged_rows, chosen), compiled.count_rows(ragged_rows, chosen))


def test_tables_of_long_rows_grow() -> None:
    values = np.random.default_rng(1).integers(0, 2**64, 50_000, dtype=np.uint64)
    row = np.concatenate([values, values[::3]])
    rows = Ragged(np.append(row, row[:9]), np.array([0, row.size, row.size + 9]))
    assert_same(reference.count_rows(rows), compiled.count_rows(rows))
    assert_same(reference.distinct_rows(rows), compiled.distinct_rows(rows))


@pytest.mark.parametrize("count", [1, 31, 400, 4096, 4097])
@pytest.mark.parametrize("again", [[], [0], [0, 1, 3], range(300)])
def test_shingles_that_come_again_are_left_out(count: int, again: list[int]) -> None:
    """A few are told by the slots that they share, many by a table, and so are those of long rows."""
    first = np.random.default_rng(count).integers(0, 2**64, count, dtype=np.uint64)
    parts = [part for place in again for part in (first[place : place + 7], first[-3:])]
    hashes = np.concatenate([first, *parts, first[:5]])
    rows = (hashes, np.array([0, hashes.size - min(count, 5), hashes.size]))
    for size in (1, 2, 5):
        found = compiled.shingle_sets(*rows, size)
        assert_same(reference.shingle_sets(*rows, size), found)
        shingles = reference.shingle(*rows, size)
        row = shingles.values[: shingles.offsets[1]].tolist()
        assert found.values[: found.offsets[1]].tolist() == list(dict.fromkeys(row))


@given(clustered(), clustered())
def test_look_up(known: list[int], others: list[int]) -> None:
    hashes = np.unique(np.array(known, dtype=np.uint64))
    table = weight_table(hashes, np.arange(hashes.size, dtype=np.float64) + 0.5)
    values = np.array([*known, *others, 0, 2**64 - 1, *((value + 1) % 2**64 for value in known)], dtype=np.uint64)
    found = compiled.look_up(table, values, -1.0)
    assert_same(reference.look_up(table, values, -1.0), found)
    expected = {value: place + 0.5 for place, value in enumerate(hashes.tolist())}
    assert found.tolist() == [expected.get(value, -1.0) for value in values.tolist()]


@given(
    st.lists(st.sets(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=70), min_size=1, max_size=4), st.data()
)
@example([set(), {2}, {2, 1}, {1}], None)
def test_common_values(sets: list[set[int]], data: st.DataObject | None) -> None:
    """Pairs that come again with the same left row among them."""
    rows = to_ragged([sorted(each) if data is None else data.draw(st.permutations(sorted(each))) for each in sets])
    place = st.integers(0, len(sets) - 1)
    pairs = [(left, right) for left in range(len(sets)) for right in range(len(sets))]
    if data is not None:
        pairs = data.draw(st.lists(st.tuples(place, place), max_size=8))
    least = [0] * len(pairs) if data is None else data.draw(st.lists(st.integers(-2, 80), min_size=8, max_size=8))
    common = [len(sets[left] & sets[right]) for left, right in pairs]
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    fewest = np.array(least[: len(pairs)], dtype=np.int64)
    found = compiled.count_common(rows, left, right, fewest)
    assert_same(reference.count_common(rows, left, right, fewest), found)
    assert found.tolist() == [count if count >= few else 0 for count, few in zip(common, least, strict=False)]
    weights = np.random.default_rng(len(sets)).random(rows.values.size)
    dots = compiled.dot_common(rows, weights, left, right)
    assert_same(reference.dot_common(rows, weights, left, right), dots)


@given(ragged(values=4), ragged(max_length=90))
def test_distinct_rows(few: Ragged, many: Ragged) -> None:
    for rows in (few, many):
        found = compiled.distinct_rows(rows)
        assert_same(reference.distinct_rows(rows), found)
        for place in range(rows.offsets.size - 1):
            row = rows.values[rows.offsets[place] : rows.offsets[place + 1]].tolist()
            distinct = found.values[found.offsets[place] : found.offsets[place + 1]].tolist()
            assert distinct == list(dict.fromkeys(row))


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1) | st.integers(0, 3), st.integers(-1, 9)), max_size=300))
@example([(7, 0)])
@example([(0, -1), (0, 3)])
def test_keys_that_may_come_again(several: list[tuple[int, int]]) -> None:
    keys = np.array([key for key, _ in several], dtype=np.uint32)
    owners = np.array([owner for _, owner in several], dtype=np.int64)
    found = compiled.repeated_keys(keys, owners)
    assert_same(reference.repeated_keys(keys, owners), found)
    held = [key << 32 | owner for key, owner in several if owner >= 0]
    counts = Counter(entry >> 32 for entry in held)
    # None that comes again is left out, and what is left out is alone.
    assert [each for each in found.tolist() if counts[each >> 32] > 1] == [e for e in held if counts[e >> 32] > 1]


row_sets = st.lists(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 8), max_size=8, unique=True), max_size=7)


@given(row_sets, st.data())
@example([[7], [7, 8], [8]], None)
def test_samples_that_may_be_linked(rows: list[list[int]], data: st.DataObject | None) -> None:
    offsets = np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64))
    samples = Samples(np.array([value for row in rows for value in row], dtype=np.uint32), offsets)
    owners, levels, low, high = [*range(len(rows))], [0] * 10, 0, 2**32
    if data is not None:
        owners = data.draw(st.lists(st.integers(-1, 9), min_size=len(rows), max_size=len(rows)))
        levels = data.draw(st.lists(st.sampled_from([0, 1, 2, 32]), min_size=10, max_size=10))
        low, high = sorted(data.draw(st.tuples(*[st.sampled_from([0, 1, 3, 2**31, 2**32])] * 2)))
    of_rows, of_owners = np.array(owners, dtype=np.int64), np.array(levels, dtype=np.uint8)
    marks, others = (no_marks(samples.values.size) for _ in range(2))
    # In two batches, the second of which may have what the first has.
    half = len(rows) // 2
    batches = [
        (
            Samples(samples.values[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first]),
            of_rows[first:last],
        )
        for first, last in ((0, half), (half, len(rows)))
    ]
    for batch, ranks in batches:
        reference.mark_samples(batch, ranks, of_owners, low, high, marks)
        compiled.mark_samples(batch, ranks, of_owners, low, high, others)
    assert_same(marks, others)
    found = []
    for batch, ranks in batches:
        posted = reference.post_repeated(batch, ranks, low, high, marks)
        assert_same(posted, compiled.post_repeated(batch, ranks, low, high, marks))
        found += posted.tolist()
    held = [
        (value, owner)
        for row, owner in zip(rows, owners, strict=True)
        for value in row
        if owner >= 0 and low <= value < high
    ]
    counts = Counter(value for value, _ in held)
    looked_for = {value for value, owner in held if value % 2 ** levels[owner] == 0}
    wanted = [value << 32 | owner for value, owner in held if counts[value] > 1 and value in looked_for]
    assert [each for each in found if counts[each >> 32] > 1 and each >> 32 in looked_for] == wanted
    # What is besides has the slot of another.
    assert set(found) <= {value << 32 | owner for value, owner in held}


@pytest.mark.parametrize(("stretch", "count"), [(8, 100), (1 << 12, (1 << 12) + 3 if not PLAIN_PYTHON else 50)])
def test_signatures_of_long_rows_and_of_many_permutations(
    stretch: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_STRETCH", stretch)
    generator = np.random.default_rng(1)
    rows = Ragged(
        generator.integers(0, 2**64, 3 * count + 9, dtype=np.uint64), np.cumsum([0, count, 0, 8, 2 * count, 1])
    )
    for permutations in (127, 128, 129, 300):
        a = generator.integers(0, 2**32, permutations, dtype=np.uint32) | np.uint32(1)
        b = generator.integers(0, 2**32, permutations, dtype=np.uint32)
        assert_same(reference.minhash(*rows, a, b), compiled.minhash(*rows, a, b))
    for number in (1, 16, 17, 40, 127, 128, 300):
        a, b = stepped_permutations(number, 7)
        assert_same(reference.minhash(*rows, a, b), compiled.minhash(*rows, a, b))
        # A step that one of them lacks.
        others = b.copy()
        others[-1] += np.uint32(2)
        assert_same(reference.minhash(*rows, a, others), compiled.minhash(*rows, a, others))


@given(st.lists(st.one_of(texts(), prose()), min_size=1, max_size=6), st.data())
def test_ranges_are_hashed_like_texts_of_their_own(documents: list[str], data: st.DataObject) -> None:
    column = TextColumn.from_strings(documents)
    segments = reference.segment(column.data, column.offsets)
    every = [*zip(segments.starts.tolist(), segments.ends.tolist(), strict=True)]
    every += zip(column.offsets[:-1].tolist(), column.offsets[1:].tolist(), strict=True)
    ranges = data.draw(st.lists(st.sampled_from(every), max_size=8))
    starts, ends = (np.array([each[side] for each in ranges], dtype=np.int64) for side in (0, 1))
    table = codepoint_table()
    found = compiled.hash_tokens(column.data, starts, ends, *table)
    assert_same(reference.hash_tokens(column.data, starts, ends, *table), found)
    alone = TextColumn.from_bytes([column.data[start:end].tobytes() for start, end in ranges])
    tokens = reference.tokenise(alone.data, alone.offsets, *table)
    assert_same(tuple(found), (tokens.hashes, tokens.offsets))


def test_a_table_entry_stands_alone_if_it_is_one_token_of_three_bytes_or_a_space() -> None:
    # By their bits: the compiled loop tells them by one comparison, which the table has to allow.
    passed = [entry for entry in np.unique(codepoint_table()[1]).tolist() if entry & 0xFFFFFFDF000000FF == 0x20]
    assert len(passed) > 20_000
    for entry in passed:
        text = entry.to_bytes(8, "little").rstrip(b"\0").decode()
        assert text == " " or (text[0] == text[-1] == " " and len(text) == 3 and len(text.encode()) == 5)


@given(
    st.lists(
        st.sampled_from(
            ["北京", "，", "。", " ", "\n", "一" * 7, "二" * 9, "ガ", "か\u3099", "x", "12", "é", "🙂", "\u00ad"]
        )
    )
)
@example(["二" * 9, "\u00ad", "二" * 9, "x"])
@example(["é" * 300, "二" * 30, "é", "北京"])
def test_characters_that_are_tokens_among_others(pieces: list[str]) -> None:
    column = TextColumn.from_strings(["".join(pieces), "二" + "".join(pieces) * 9])
    ranges = column.offsets[:-1], column.offsets[1:]
    table = codepoint_table()
    expected = reference.hash_tokens(column.data, *ranges, *table)
    assert_same(expected, compiled.hash_tokens(column.data, *ranges, *table))


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])))
def test_anchor(pairs: set[tuple[int, int]]) -> None:
    ordered = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    left = np.array([pair[0] for pair in ordered], dtype=np.int64)
    right = np.array([pair[1] for pair in ordered], dtype=np.int64)
    assert_same(reference.anchor(left, right, 10), compiled.anchor(left, right, 10))


def test_size_chooses_and_the_environment_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEDUP_KERNELS", raising=False)
    assert (choose(100).name, choose(1 << 30).name) == ("numpy", "compiled")
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    assert choose(100).name == "compiled"
    monkeypatch.setenv("DEDUP_KERNELS", "numpy")
    assert choose(1 << 30).name == "numpy"
