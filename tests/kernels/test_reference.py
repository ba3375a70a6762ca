"""The NumPy kernels give what plain Python gives."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.kernels import Ragged, compiled, reference
from dedup.kernels.hashing import POLYNOMIAL, join_digests, no_triggers, powers, slot_table, trigger_table, weight_table
from dedup.model import TextColumn
from dedup.tokenising.codepoints import codepoint_table
from tests import oracles
from tests.kernels.twins import examples
from tests.strategies import prose, ragged, texts, to_ragged

_64_BITS = 2**64 - 1
few = settings(max_examples=examples(50))


def rows_of(rows: Ragged) -> list[list[int]]:
    return [rows.values[a:b].tolist() for a, b in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]


def finished(value: int, length: int) -> int:
    value = ((value ^ length) * 0xD6E8FEB86659FD93) & _64_BITS
    return value ^ (value >> 29)


@given(ragged(), st.integers(1, 6))
@few
def test_a_shingle_is_the_finished_polynomial_of_its_tokens(rows: Ragged, size: int) -> None:
    expected: list[list[int]] = []
    for row in rows_of(rows):
        runs = [row[place : place + size] for place in range(len(row) - size + 1)] or ([row] if row else [])
        expected.append([])
        for run in runs:
            value = 0
            for token in run:
                value = (value * int(POLYNOMIAL) + token) & _64_BITS
            expected[-1].append(finished(value, value >> 32))
    assert rows_of(reference.shingle(*rows, size)) == expected


@given(ragged())
@few
def test_a_digest_is_the_finished_polynomial_of_all_tokens(rows: Ragged) -> None:
    expected = [
        finished(sum(token * int(POLYNOMIAL) ** place for place, token in enumerate(row)) & _64_BITS, len(row))
        for row in rows_of(rows)
    ]
    assert reference.digest(*rows).tolist() == expected


@given(ragged(), st.integers(0, 2**32 - 1))
@few
def test_signatures_are_those_of_datasketch(rows: Ragged, seed: int) -> None:
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, 16, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = generator.randint(0, 1 << 32, 16, dtype=np.uint32)
    expected = [oracles.signature([value >> 32 for value in row], 16, seed).tolist() for row in rows_of(rows)]
    assert reference.minhash(*rows, a, b).tolist() == expected


@given(ragged(values=5), st.data())
@few
def test_rows_are_counted_as_their_values_first_come_up(rows: Ragged, data: st.DataObject) -> None:
    every = range(rows.offsets.size - 1)
    chosen = data.draw(st.none() | st.lists(st.sampled_from(every), max_size=6))
    counted = reference.count_rows(rows, None if chosen is None else np.array(chosen, dtype=np.int64))
    expected = [list(Counter(rows_of(rows)[row]).items()) for row in (every if chosen is None else chosen)]
    counts = [counted.counts[a:b].tolist() for a, b in zip(counted.offsets[:-1], counted.offsets[1:], strict=True)]
    assert rows_of(Ragged(counted.values, counted.offsets)) == [[value for value, _ in row] for row in expected]
    assert counts == [[count for _, count in row] for row in expected]


@given(st.lists(st.sets(st.integers(1, 9)), min_size=1, max_size=6), st.data())
@few
def test_common_values_are_counted_and_their_products_summed(sets: list[set[int]], data: st.DataObject) -> None:
    rows = to_ragged([data.draw(st.permutations(sorted(each))) for each in sets])
    weight = {value: value + 0.5 for value in range(10)}
    weights = np.array([weight[value] for value in rows.values.tolist()])
    place = st.integers(0, len(sets) - 1)
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=6))
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    common = [sorted(sets[one] & sets[two]) for one, two in pairs]
    least = data.draw(st.lists(st.integers(-1, 5), min_size=len(pairs), max_size=len(pairs)))
    counts = reference.count_common(rows, left, right, np.array(least, dtype=np.int64)).tolist()
    assert counts == [len(each) if len(each) >= few else 0 for each, few in zip(common, least, strict=True)]
    dots = [sum(weight[value] ** 2 for value in each) for each in common]
    assert reference.dot_common(rows, weights, left, right).tolist() == dots
    ordered = rows_of(rows)
    equal = [ordered[one] == ordered[two] for one, two in pairs]
    assert reference.equal_rows(rows, left, right).tolist() == equal


values64 = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 9), st.integers(2**64 - 9, 2**64 - 1))


@given(st.sets(values64), st.lists(values64))
@few
def test_weights_are_looked_up_and_are_missing_where_there_are_none(known: set[int], others: list[int]) -> None:
    ordered = sorted(known)
    table = weight_table(np.array(ordered, dtype=np.uint64), np.arange(len(ordered), dtype=np.float64))
    values = [*ordered, *others]
    expected = [float(ordered.index(value)) if value in known else -1.0 for value in values]
    for kernels in (reference, compiled):
        assert kernels.look_up(table, np.array(values, dtype=np.uint64), -1.0).tolist() == expected


@given(st.sets(st.one_of(st.integers(0, 2**64 - 1), st.integers(2**64 - 20, 2**64 - 1)), max_size=30))
@few
def test_a_slot_table_holds_each_hash_in_its_slot_or_the_next_free_one(hashes: set[int]) -> None:
    table = slot_table(np.array(sorted(hashes), dtype=np.uint64)).tolist()
    assert len(table) & (len(table) - 1) == 0
    assert Counter(each for each in table if each) == Counter(hashes - {0})
    bits = len(table).bit_length() - 1
    for value in hashes - {0}:
        slot = value >> (64 - bits)
        while table[slot] != value:
            assert table[slot] != 0
            slot = (slot + 1) % len(table)


def test_a_trigger_table_joins_the_bits_of_words_that_are_hashed_alike() -> None:
    hashes, keywords, beside = np.array([(7, 1, 0), (9, 2, 4), (7, 8, 16), (0, 1, 1)], dtype=np.uint64).T
    table = trigger_table(hashes, keywords, beside, free=2**63)
    held = {int(table.slots[slot]): (int(table.keywords[slot]), int(table.beside[slot])) for slot in range(16)}
    assert held == {0: (0, 0), 7: (9, 16), 9: (2, 4)}
    assert table.free == 2**63
    assert not any(column.any() for column in no_triggers())


@pytest.mark.parametrize("count", [0, 1, 2, 70])
def test_powers_wrap_at_64_bits(count: int) -> None:
    assert powers(count).tolist() == [int(POLYNOMIAL) ** exponent & _64_BITS for exponent in range(count)]


def test_mixing_32_bits_loses_none() -> None:
    values = np.arange(0, 2**32, 40_009, dtype=np.uint32)
    assert np.unique(reference.mix32(values)).size == values.size


@given(st.lists(st.one_of(texts(), prose()), max_size=6), st.sampled_from([1, 30, 100]))
@few
def test_tokens_do_not_depend_on_the_blocks_in_which_texts_are_worked_through(
    documents: list[str], block_bytes: int
) -> None:
    column = TextColumn.from_strings(documents)
    whole = reference.tokenise(column.data, column.offsets, *codepoint_table())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "_BLOCK_BYTES", block_bytes)
        in_blocks = reference.tokenise(column.data, column.offsets, *codepoint_table())
    for one, other in zip(whole, in_blocks, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()


@given(st.lists(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=40), max_size=5), max_size=5))
@few
def test_the_digest_of_a_text_follows_from_those_of_its_parts(texts: list[list[list[int]]]) -> None:
    parts = to_ragged([part for text in texts for part in text])
    whole = to_ragged([[value for part in text for value in part] for text in texts])
    offsets = np.append(0, np.cumsum([len(text) for text in texts], dtype=np.int64))
    joined = join_digests(reference.digest(*parts), np.diff(parts.offsets), offsets)
    assert joined.tolist() == reference.digest(*whole).tolist()
