"""Telling the format of an input: by its name, else by its first bytes."""

import re
from enum import StrEnum


class Format(StrEnum):
    """A format that is read. `CSV` includes tab-separated values, `JSONL` newline-delimited JSON."""

    TEXT = "text"
    HTML = "html"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


_EXTENSIONS = {
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.TEXT,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
}
_COMPRESSIONS = (".gz", ".zst")

_FOREIGN = (
    (b"%PDF-", "a PDF; extract its text first, for example with pdftotext"),
    (b"\x89PNG\r\n", "a PNG picture, which holds no text"),
    (b"\xff\xd8\xff", "a JPEG picture, which holds no text"),
    (b"GIF87a", "a GIF picture, which holds no text"),
    (b"GIF89a", "a GIF picture, which holds no text"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI), which holds no text"),
    (
        b"PK\x03\x04",
        "a ZIP archive (or an office document or e-book, which are ZIP archives); extract it first",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document; save it as text first"),
    (b"{\\rtf", "an RTF document; save it as text first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; extract it first"),
    (b"Rar!\x1a\x07", "a RAR archive; extract it first"),
    (b"BZh", "compressed by bzip2; decompress it first, or use gzip or zstd"),
    (b"\xfd7zXZ\x00", "compressed by xz; decompress it first, or use gzip or zstd"),
    (b"SQLite format 3\x00", "an SQLite database; export its texts as JSON lines or CSV first"),
    (b"\x7fELF", "a program, which holds no text"),
    (b"ARROW1\x00\x00", "an Arrow file; write it as Parquet first"),
    (b"WARC/", "a WARC archive; extract its pages first"),
    (b"ID3", "an MP3 recording, which holds no text"),
    (b"OggS", "an Ogg recording, which holds no text"),
)
_JSON_OBJECT = re.compile(rb'\s*\{\s*(?:"|\}\s*$)')
_JSON_ARRAY = re.compile(rb'\s*\[\s*\{\s*"')
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def base_extension(name: str) -> str:
    """The extension in lower case, without that of a compression: `.jsonl` of `crawl.JSONL.gz`, "" if there is none."""
    name = name.lower()
    for compression in _COMPRESSIONS:
        name = name.removesuffix(compression)
    dot = name.rfind(".")
    return name[dot:] if dot > max(name.rfind("/"), name.rfind("\\")) else ""


def format_of_name(name: str) -> Format | None:
    """The format that a file's name tells, None where it tells nothing."""
    return _EXTENSIONS.get(base_extension(name))


def format_of_bytes(first: bytes) -> Format:
    """The format that the first bytes (decompressed, 512 or more where there are) show; text where they show none."""
    start = first.removeprefix(b"\xef\xbb\xbf")
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    if _JSON_OBJECT.match(start):
        return Format.JSONL
    if _HTML.match(start):
        return Format.HTML
    return Format.TEXT


def foreign_format(first: bytes) -> str | None:
    """What the file is and what to do, if its first bytes are those of a format that is not read here."""
    for magic, description in _FOREIGN:
        if first.startswith(magic):
            return description
    if first[4:8] == b"ftyp":
        return "a video or picture (MP4 family), which holds no text"
    if _JSON_ARRAY.match(first):
        return "a JSON array; write one object a line instead, for example with jq -c '.[]'"
    return None
