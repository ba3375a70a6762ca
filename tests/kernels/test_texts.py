"""Hashes of whole texts: the same bits from both implementations, and others for other texts."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dedup.kernels import Kernels, compiled, reference
from dedup.model import TextColumn

IMPLEMENTATIONS = [pytest.param(reference, id="numpy"), pytest.param(compiled, id="compiled")]

some = st.lists(st.binary(max_size=40) | st.binary(max_size=3), max_size=8)


@given(some)
def test_both_implementations_agree(several: list[bytes]) -> None:
    column = TextColumn.from_bytes(several)
    one, other = (each.digest_texts(column.data, column.offsets) for each in (reference, compiled))
    assert one.dtype == other.dtype == np.uint64
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(several=some)
def test_texts_have_one_hash_when_they_are_the_same_bytes(kernels: Kernels, several: list[bytes]) -> None:
    column = TextColumn.from_bytes(several)
    digests = kernels.digest_texts(column.data, column.offsets).tolist()
    assert len(set(zip(several, digests, strict=True))) == len(set(several)) == len(set(digests))


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_length_order_and_zeros_count(kernels: Kernels) -> None:
    texts = [bytes(size) for size in range(20)]
    texts += [b"abcdefgh12345678", b"12345678abcdefgh", b"abcdefgh", b"abcdefgh\0", b"a", b"a\0"]
    column = TextColumn.from_bytes(texts)
    assert len(set(kernels.digest_texts(column.data, column.offsets).tolist())) == len(texts)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
def test_ids_that_differ_in_the_same_byte_of_two_words_are_told_apart(kernels: Kernels) -> None:
    texts = [b"article%cversion%c" % (one, other) for one in range(32, 127) for other in range(32, 127)]
    column = TextColumn.from_bytes(texts)
    assert len(set(kernels.digest_texts(column.data, column.offsets).tolist())) == len(texts)


@pytest.mark.parametrize("kernels", IMPLEMENTATIONS)
@given(st.binary(max_size=700), st.data())
def test_ranges_are_the_same_where_their_bytes_are(kernels: Kernels, buffer: bytes, data: st.DataObject) -> None:
    one = buffer * 2
    other = bytearray(one)
    if one and data.draw(st.booleans()):
        other[data.draw(st.integers(0, len(one) - 1))] ^= 1
    places = st.integers(0, len(buffer))
    ranges = data.draw(st.lists(st.tuples(places, places, places), max_size=8))
    starts, others, sizes = (np.array([each[side] for each in ranges], dtype=np.int64) for side in range(3))
    sizes = np.minimum(sizes, len(one) - np.maximum(starts, others))
    left, right = (np.frombuffer(bytes(each), dtype=np.uint8) for each in (one, other))
    same = kernels.same_bytes(left, starts, right, others, sizes)
    assert same.dtype == np.bool_
    rows = zip(starts.tolist(), others.tolist(), sizes.tolist(), strict=True)
    assert same.tolist() == [one[a : a + size] == other[b : b + size] for a, b, size in rows]
