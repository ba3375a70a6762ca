"""Text files: one document a file, exactly as decoded from UTF-8."""

import codecs
from collections.abc import Iterator

from dedup.model import RecordBatch
from dedup.reading.building import BatchBuilder
from dedup.reading.formats import foreign_format
from dedup.reading.opening import InputStream
from dedup.reading.options import Reason
from dedup.reading.records import Quarantine, string_token

_CHECKED = 1 << 20


def read_text(stream: InputStream, batch: BatchBuilder, quarantine: Quarantine) -> Iterator[RecordBatch]:
    """Take the whole stream as one document, whose id is the path. A byte order mark stays part of the text."""
    text = stream.read_all()
    bad = first_invalid_byte(text)
    if bad is not None:
        quarantine.add(
            stream.file,
            text.count(b"\n", 0, bad) + 1,
            Reason.INVALID_UTF8,
            f"the text is not UTF-8; {hint(text, bad)}",
        )
        return
    full = batch.add(string_token(stream.file), text, stream.file)
    if full is not None:
        yield full


def first_invalid_byte(data: bytes) -> int | None:
    """The position of the first byte that is not part of valid UTF-8, None where all is valid.

    Checks piece by piece, so that a huge text is never decoded as a whole.
    """
    if data.isascii():
        return None
    view = memoryview(data)
    position = 0
    while position < len(data):
        piece = view[position : position + _CHECKED]
        try:
            _, used = codecs.utf_8_decode(piece, "strict", position + len(piece) == len(data))
        except UnicodeDecodeError as error:
            return position + error.start
        position += used
    return None


def hint(data: bytes, bad: int) -> str:
    """What to do about data that is not UTF-8 from byte `bad` on."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "its byte order mark says UTF-32: convert it with iconv -f UTF-32 -t UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "its byte order mark says UTF-16: convert it with iconv -f UTF-16 -t UTF-8"
    foreign = foreign_format(data[:16])
    if foreign is not None:
        return f"it looks like {foreign}"
    if data.startswith(b"PAR1"):
        return "it looks like a Parquet file; say so with --input-format parquet, or by its name"
    return f"byte 0x{data[bad]:02x} stands where none may; convert it with iconv -f ITS-ENCODING -t UTF-8"
