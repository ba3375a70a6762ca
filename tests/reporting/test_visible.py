import errno
import gc
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dedup.reporting.visible import cut_end, cut_middle, text_on, visible

any_text = st.text(st.characters(codec=None, categories=None))
hostile_text = st.text(st.sampled_from("ab é界\u0301\u200d\u202e\x1b\x00\ud800😀ｗ\u0e33"))


@given(any_text | hostile_text)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert all(
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or character in "\u200c\u200d"
        for character in shown
    )
    shown.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x07", "a␀b␇"),
        ("one\ttwo", "one two"),
        ("a\nb\r", "a␊b␍"),
        ("\x7f", "␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("abc\u202edef", "abc<U+202E>def"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("\u2028", "<U+2028>"),
        ("\ud83d", "<U+D83D>"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Z" + "\u0301" * 50, "Z" + "\u0301" * 4),
    ],
)
def test_what_is_dangerous_is_shown_and_not_obeyed(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(any_text.map(visible) | hostile_text.map(visible), st.integers(2, 40))
def test_a_cut_text_fits_its_columns(text: str, width: int) -> None:
    for cut in (cut_end(text, width), cut_middle(text, width)):
        assert cell_len(cut) <= width
        assert len(cut) <= 5 * width
        assert cut == text or "…" in cut


def test_an_id_keeps_its_ends_and_an_excerpt_its_beginning() -> None:
    assert cut_middle("https://example.org/a/long/path/page-1234.html", 24) == "https://exam…e-1234.html"
    assert cut_end("a line of some length", 10) == "a line of…"
    assert cut_end("界界界界", 5) == "界界…"


def test_a_stream_that_cannot_hold_the_signs_gets_the_nearest_ones() -> None:
    data = io.BytesIO()
    with text_on(data, "ascii") as page:
        page.write("lines 3–4 │ a… · “q” é\n")
    assert data.getvalue() == b'lines 3-4 | a~ - "q" ?\n'


def test_the_binary_stream_stays_open_for_what_comes_after() -> None:
    data = io.BytesIO()
    with text_on(data) as page:
        page.write("é\n")
    data.write(b"more")
    assert data.getvalue() == "é\nmore".encode()


def test_the_binary_stream_stays_open_where_nothing_can_be_written() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "no space")

    data = Full()
    with pytest.raises(OSError, match="no space"), text_on(data) as page:
        page.write("é\n")
    del page
    gc.collect()
    assert not data.closed
