from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.reading import html
from dedup.reading.html import html_to_text
from tests.reading.outcome import read


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<h1>Head</h1>text<h2>Sub</h2>", "Head\n\ntext\n\nSub"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div><div><div>one</div></div></div><div>two</div>", "one\ntwo"),
        ("<p>one  \n\t two <b> three</b> <i>four</i></p>", "one two three four"),
        ("<p> one <b>two</b>, three</p>", "one two, three"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("one<br><br><br><br>two", "one\n\ntwo"),
        ("<div>one<br></div><div>two</div>", "one\ntwo"),
        ("<p>one</p><br><p>two</p>", "one\n\ntwo"),
        (
            "<p>a</p><ul><li>one</li><li>two<ul><li>three</li></ul></li><li>four</ul><p>b",
            "a\n\none\ntwo\nthree\nfour\n\nb",
        ),
        ("<dl><dt>term<dd>meaning<dt>other</dl>", "term\nmeaning\nother"),
        (
            "<table><caption>Cap</caption><tr><th>a</th> <th>b</th></tr><tr><td>1<td><b>2</b></table>after",
            "Cap\na\tb\n1\t2\n\nafter",
        ),
        ("<pre>\n  a\n    b  c\n\n</pre>after", "  a\n    b  c\n\nafter"),
        ("<pre>a\r\nb</pre>", "a\nb"),
        ("<pre>a<br>b<span>  c</span></pre>", "a\nb  c"),
        ("a<pre>\n\n\n</pre>b", "a\n\nb"),
        ("<textarea>  typed\n here</textarea>", "  typed\n here"),
        ("a<script>no()</script>b<style>no</style>c<noscript>no</noscript>d<template>no</template>e", "abcde"),
        ("a<!-- no -->b<svg><title>no</title><text>no</text></svg>c", "abc"),
        ("<head><title> The\n title </title><meta name=d content=no></head><body>text", "The title\n\ntext"),
        ("<title>one</title><body><p>x</p><title>two</title>", "one\n\nx"),
        ("<img alt='no' title='no'>text<input value='no'>", "text"),
        ("&lt;b&gt; &amp; &eacute; &#x65e5; &nbsp;x", "<b> & é 日 \u00a0x"),
        ("<p>x&#xD800;y\x00z", "x\ufffdyz"),
        ("", ""),
        ("   <p> </p> ", ""),
        ("plain", "plain"),
        ("<hr>a<hr>b<hr>", "a\n\nb"),
        ("<p>שלום <b>עולם</b></p><p>مرحبا", "שלום עולם\n\nمرحبا"),
        ("<select><option>one<option>two</select>", "one\ntwo"),
        ("<blockquote><p>deep</p></blockquote>", "deep"),
        ("<body>x</body></html><!-- after -->", "x"),
    ],
)
def test_a_page_gives_its_text_in_blocks(page: str, text: str) -> None:
    assert html_to_text(page.encode()) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<p>grüße".encode(), "grüße"),
        ("\ufeff<p>grüße".encode(), "grüße"),
        ('<meta charset="iso-8859-1"><p>grüße “so”'.encode("cp1252"), "grüße “so”"),
        ('<meta http-equiv=a content="text/html; charset=windows-1251"><p>Привет'.encode("cp1251"), "Привет"),
        ("<meta charset=Shift_JIS><p>日本語".encode("cp932"), "日本語"),
        ("<meta charset=gb2312><p>中文".encode("gb18030"), "中文"),
        ("<meta charset=euc-kr><p>한국".encode("cp949"), "한국"),
        ("<meta charset=koi8-u><p>Привіт".encode("koi8-u"), "Привіт"),
        ("<p>grüße".encode("utf-16"), "grüße"),
    ],
)
def test_a_page_is_read_in_the_charset_it_declares(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(data)
    assert read(path).records == [(str(path), text)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<p>\ngr\xfc\xdfe", "declares no charset"),
        (b"<meta charset=utf-8>\n<p>gr\xfc\xdfe", "cannot be decoded as 'utf-8'"),
        (b"<meta charset=shift_jis>\n<p>\xfc\xff", "cannot be decoded as 'shift_jis'"),
        (b"<meta charset=rot13>\n<p>gr\xfc\xdfe", "cannot be decoded as 'rot13'"),
        (b"<meta charset=unicode_escape>\n<p>gr\xfc\xdfe", "cannot be decoded as"),
        (b"<meta charset=nonsense>\n<p>gr\xfc\xdfe", "cannot be decoded as"),
    ],
)
def test_a_page_that_cannot_be_decoded_is_quarantined(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(data)
    outcome = read(path)
    assert outcome.records == []
    assert outcome.reasons == [(2, "invalid-utf8")]
    assert message in outcome.quarantined[0].message


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 100_000 + b"deep",
        b"<ul><li>" * 50_000 + b"deep",
        b"<table><tr><td>" * 30_000 + b"deep" + b"</td>" * 20_000,
        b"<x>" * 50_000 + b"</y>" * 50_000 + b"deep",
        b"<dt><h1>" * 30_000 + b"deep",
        b"<b><i>" * 20_000 + b"deep",
        b"<svg>" * 30_000 + b"</p>" * 30_000 + b"deep",
        b"".join(b"<p><font color=%d>" % number for number in range(5000)) + b"deep",
    ],
    ids=lambda page: page[:16].decode(),
)
def test_hostile_nesting_costs_no_stack_and_comes_to_an_end(page: bytes) -> None:
    # Left alone, most of these take a minute or gigabytes.
    assert html_to_text(page) == "deep"


def test_a_page_of_many_tags_gives_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (
        b"<!doctype html><html><head><title>Title</title><style>p {}</style></head><body>"
        b"<nav><ul><li><a href='/a?x=<b>'>Home</a></li><li>News</li></ul></nav><h1>Head<em>line</em></h1>"
        b"<article><p>One <a title='a > b'>link</a>.<p>Two<br>lines</p><div>three<div>four</div></div>"
        b"<noscript><p>hidden</p></noscript><script>document.write('<div>')</script><!-- <p>no -->"
        b"<table><tr><th>a<th>b<tr><td>1<td>2</table><blockquote>quoted</blockquote><h2>End</h2></article>"
    )
    plain = html_to_text(page)
    monkeypatch.setattr(html, "_MOST_TAGS", 0)
    assert html_to_text(page) == plain
    assert plain == (
        "Title\n\nHome\nNews\n\nHeadline\n\nOne link.\n\nTwo\nlines\n\nthree\nfour\n\na\tb\n1\t2\n\nquoted\n\nEnd"
    )


TAGS = """p /p div /div b /b br ul li /ul table tr td /table pre /pre title /title script /script svg /svg !-- template
/template select /select a/ textarea /textarea plaintext frameset html /body ![CDATA["""
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(TAGS.split()).map(lambda tag: f"<{tag}>"),
        st.sampled_from(["<", "-->", "&", "&#0;", "\0", "\n", "  ", "<a b='"]),
        st.text(max_size=5),
    ),
    max_size=40,
)


@given(MARKUP)
def test_any_markup_gives_text_without_stray_space(pieces: list[str]) -> None:
    page = "".join(pieces).encode("utf-8", "replace")
    text = html_to_text(page)
    assert html_to_text(page) == text
    text.encode()
    if b"<pre" not in page and b"<textarea" not in page and b"<plaintext" not in page:
        assert "\n\n\n" not in text
        assert "  " not in text
        assert not text.startswith(("\n", " ", "\t"))
        assert not text.endswith(("\n", " ", "\t"))
