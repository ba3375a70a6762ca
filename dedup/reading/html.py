"""HTML pages: their text with its block structure, one document a page."""

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dedup.model import RecordBatch
from dedup.reading.building import BatchBuilder
from dedup.reading.lines import UTF8_BOM
from dedup.reading.opening import InputStream
from dedup.reading.options import Reason
from dedup.reading.records import Quarantine, shown, string_token
from dedup.reading.text import first_invalid_byte, hint

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_DROPPED = _names("script style noscript template iframe noembed noframes object svg audio video canvas datalist rp")
_PARAGRAPHS = _names("p h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl table figure hr form fieldset section article")
_LINES = _names(
    "address aside body caption center dd details dialog dir div dt figcaption footer header hgroup html legend li "
    "listing main menu nav optgroup option param plaintext search select summary tbody textarea tfoot thead tr xmp"
)
_VERBATIM = _names("pre textarea xmp listing plaintext")
_LISTS = _names("ul ol dl menu dir")
_CELLS = _names("td th")
_SPACE = re.compile(r"[\t\n\f\r][ \t\n\f\r]*| [ \t\n\f\r]+")  # all that is not one blank already

_META_CHARSET = re.compile(rb"""<meta[^>]{1,1000}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
# Labels as the Encoding Standard (WHATWG) reads them, which is as browsers do: Latin-1 is Windows-1252, and so on.
_ENCODINGS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ks_c-5601": "cp949",
}
_TAKEN_AS_IS = _names(
    "cp866 cp874 cp932 cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8-r koi8-u mac-roman "
    "mac-cyrillic gb18030 big5hkscs euc_jp iso2022_jp iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 "
    "iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16"
)

_LONE_LINE = b"param"  # an element that holds nothing and is of no other use here
_MOST_TAGS = 10_000
_MOST_TABLES = 1_000
_MOST_NODES = 1_000_000
_TAG = re.compile(rb"<(/?)([A-Za-z][^\s/>]*)")
_FORMATTING = re.compile(rb"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_KEPT_FLAT = _names(
    "html head body title meta link base script style template iframe noembed noframes textarea xmp plaintext "
    "table caption colgroup col thead tbody tfoot tr td th br hr img input wbr"
)
_TABLE_PARTS = _names("table caption colgroup col thead tbody tfoot tr td th")
_TABLE = re.compile(rb"<table[\s/>]", re.IGNORECASE)


def read_html(stream: InputStream, batch: BatchBuilder, quarantine: Quarantine) -> Iterator[RecordBatch]:
    """Take the whole stream as one page, whose id is the path."""
    page = stream.read_all()
    decoded = _as_utf8(page)
    if decoded is None:
        bad = first_invalid_byte(page) or 0
        charset = _declared(page)
        what = "declares no charset" if charset is None else f"cannot be decoded as {shown(charset)}, which it declares"
        quarantine.add(
            stream.file,
            page.count(b"\n", 0, bad) + 1,
            Reason.INVALID_UTF8,
            f"the page is not UTF-8 and {what}; {hint(page, bad)}",
        )
        return
    text = html_to_text(decoded)
    full = batch.add(string_token(stream.file), text.encode("utf-8", "surrogatepass"), stream.file)
    if full is not None:
        yield full


def html_to_text(page: bytes) -> str:
    """The text of a page in UTF-8: its title, then each block on a line of its own.

    White space within a block is collapsed, save in `pre` and `textarea`. Paragraphs, headings, lists and tables
    stand apart by an empty line; list items and table rows have a line each, cells a tab between them. Scripts,
    styles, templates, embedded objects, what is shown without scripts, attributes and comments are left out.
    """
    from selectolax.lexbor import LexborHTMLParser

    root = LexborHTMLParser(_tamed(page)).root
    layout = _Layout()
    if root is not None:
        _lay_out(root, layout)
    return layout.text()


class _Layout:
    """Text under construction: what separates it from what comes next is known only when that comes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._breaks = 0
        self._gap = ""
        self._lists = 0
        self._verbatim = 0

    def text(self) -> str:
        """The text laid out so far."""
        return "".join(self._parts)

    def break_lines(self, count: int) -> None:
        """End the line; with 2, leave an empty one as well."""
        self._breaks = max(self._breaks, count)

    def write(self, text: str) -> None:
        """Add running text."""
        if self._verbatim:
            self._put(text)
            return
        text = _SPACE.sub(" ", text)
        if text.startswith(" "):
            self._gap = self._gap or " "
            text = text[1:]
        if not text:
            return
        ends_in_space = text.endswith(" ")
        self._put(text[:-1] if ends_in_space else text)
        if ends_in_space:
            self._gap = " "

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._parts:
            self._parts.append("\n" * self._breaks or self._gap)
        self._parts.append(text)
        self._breaks = 0
        self._gap = ""

    def enter(self, tag: str) -> None:
        """An element begins."""
        if tag == "br":
            if self._verbatim:
                self._put("\n")
            else:
                self._breaks = min(self._breaks + 1, 2)
        elif tag in _CELLS:
            self._gap = "\t"
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._bound(tag)
            if tag in _LISTS:
                self._lists += 1
            elif tag in _VERBATIM:
                self._verbatim += 1
            elif tag == "tr":
                self._gap = ""

    def leave(self, tag: str) -> None:
        """An element that has content ends."""
        if tag in _PARAGRAPHS or tag in _LINES:
            if tag in _LISTS:
                self._lists -= 1
            elif tag in _VERBATIM:
                self._verbatim -= 1
                self._strip_newlines()
            self._bound(tag)

    def _bound(self, tag: str) -> None:
        nested = tag in _LISTS and self._lists > 0
        self.break_lines(2 if tag in _PARAGRAPHS and not nested else 1)

    def _strip_newlines(self) -> None:
        """The newlines that verbatim text ends with are the break that follows it."""
        while self._parts:
            stripped = self._parts.pop().rstrip("\n")
            if stripped:
                self._parts.append(stripped)
                return


def _lay_out(root: "LexborNode", layout: _Layout) -> None:
    """Walk the tree with a stack of its own: pages may nest deeper than Python calls."""
    above: list[tuple[LexborNode, str]] = []
    titled = False
    node = root
    while True:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            layout.write(node.text_content or "")
        elif tag == "title":
            if not titled:
                layout.write(node.text(deep=True))
                layout.break_lines(2)
                titled = True
        elif tag not in _DROPPED and not tag.startswith("-"):
            layout.enter(tag)
            child = node.first_child
            if child is not None:
                above.append((node, tag))
                node = child
                continue
            layout.leave(tag)
        while (following := node.next) is None or not above:
            if not above:
                return
            node, tag = above.pop()
            layout.leave(tag)
        node = following


def _tamed(page: bytes) -> bytes:
    """The page, less the nesting that would cost quadratic time or memory.

    The tree builder that the HTML standard prescribes looks through all open elements at most tags, and opens every
    unclosed formatting element anew in each block: 100,000 nested `div` take 40 s, 3,000 unclosed `font` 1.6 GB. In a
    page with so many tags that this can matter, elements that hold others become elements that hold nothing: `hr`
    and `param` where they are blocks, `wbr` where they are not. They separate the same text in the same places, save in
    details: `pre` is collapsed there, nested lists stand apart by an empty line, what is meant for browsers without
    pictures or players is shown, and a title or text area that has unescaped tags shows other ones.
    """
    tags = page.count(b"<")
    if tags <= _MOST_TAGS and (tags * tags <= _MOST_NODES or _count_formatting(page) * tags <= _MOST_NODES):
        return page
    kept = _KEPT_FLAT if len(_TABLE.findall(page)) <= _MOST_TABLES else _KEPT_FLAT - _TABLE_PARTS

    def flattened(tag: re.Match[bytes]) -> bytes:
        name = tag[2].lower().decode("ascii", "replace")
        if name in kept:
            return tag[0]
        if name == "noscript":  # as raw text it cannot nest
            return b"<" + tag[1] + b"noembed"
        if name in _PARAGRAPHS:
            return b"<hr"
        return b"<" + _LONE_LINE if name in _LINES or name in _CELLS else b"<wbr"

    return _TAG.sub(flattened, page)


def _count_formatting(page: bytes) -> int:
    return sum(1 for _ in _FORMATTING.finditer(page))


def _as_utf8(page: bytes) -> bytes | None:
    """The page in UTF-8: as it is, or by its byte order mark or the charset it declares; None where that fails."""
    if first_invalid_byte(page) is None:
        return page.removeprefix(UTF8_BOM)
    codec = "utf-16" if page.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else _codec(_declared(page))
    if codec is None:
        return None
    try:
        return page.decode(codec).encode("utf-8")
    except UnicodeError:
        return None


def _declared(page: bytes) -> str | None:
    found = _META_CHARSET.search(page, 0, _META_WITHIN)
    return found[1].decode("ascii") if found is not None else None


def _codec(label: str | None) -> str | None:
    """Python's codec for a charset label, None for one unknown or not meant for text."""
    if label is None:
        return None
    try:
        name = codecs.lookup(label.lower().removeprefix("x-")).name
    except LookupError:
        return None
    name = _ENCODINGS.get(name, name)
    return name if name in _TAKEN_AS_IS else None
