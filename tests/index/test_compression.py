"""Compressing texts for the index."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dedup.index import compression
from dedup.index.compression import Compressor, decompress
from tests.strategies import prose


@given(st.lists(st.binary(max_size=300) | prose().map(str.encode), max_size=5), st.booleans())
def test_frames_of_one_compressor_hold_what_was_put_in(pieces: list[bytes], quick: bool) -> None:
    compressor = Compressor(quick=quick)
    assert [decompress(compressor.compress(piece)) for piece in pieces] == pieces


def test_quick_frames_of_prose_are_smaller_than_it_and_larger_than_others() -> None:
    text = " ".join(f"the {number * 7919 % 1000} harbours weigh {number} bridges" for number in range(500)).encode()
    plain, quick = (len(Compressor(quick=each).compress(text)) for each in (False, True))
    assert plain < quick < len(text)


def test_a_library_without_the_parameter_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_LITERALS", 99)
    assert decompress(Compressor(quick=True).compress(b"text")) == b"text"
