"""From files to batches: each file by its format, one batch running on through many files."""

from collections.abc import Callable, Iterator, Sequence

from dedup.model import Quarantined, RecordBatch
from dedup.reading.building import BatchBuilder, TextMemory
from dedup.reading.formats import Format, foreign_format, format_of_bytes, format_of_name
from dedup.reading.json_lines import read_json_lines
from dedup.reading.opening import BrokenInput, InputStream
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.paths import STDIN
from dedup.reading.records import Quarantine
from dedup.reading.text import hint, read_text

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_batches(
    files: Sequence[str],
    options: ReadOptions,
    quarantine: Callable[[Quarantined], None],
    progress: Callable[[int], None] | None = None,
    memory: TextMemory | None = None,
) -> Iterator[RecordBatch]:
    """The records of `files` (`-` is stdin) in batches, in order.

    A record that cannot be read goes to `quarantine`, and so does a file; every call counts as one record read.
    `progress` is called with the bytes of input, as they are stored, that were consumed since its last call. What
    the two functions raise comes through. In memory are a batch, a block of input, and the longest record. `memory`:
    where texts are to stand, if it has room; by default each batch has memory of its own.

    Raises `InputError` at the first record that cannot be read if `options.strict`.
    """
    batch = BatchBuilder(options, memory)
    outcome = Quarantine(quarantine, options.strict)
    for file in files:
        before = batch.taken
        try:
            with InputStream(file, progress) as stream:
                yield from _read(stream, options, batch, outcome)
        except BrokenInput as broken:
            kept = batch.taken - before
            which = "no record of it was" if kept == 0 else f"{kept:,} records before that were"
            outcome.add(file, None, broken.reason, f"{broken.message}; {which} read")
    last = batch.close()
    if last is not None:
        yield last


def _read(
    stream: InputStream, options: ReadOptions, batch: BatchBuilder, quarantine: Quarantine
) -> Iterator[RecordBatch]:
    """Read one file by the format asked for, else by its name, else by its first bytes."""
    form = Format(options.input_format) if options.input_format is not None else None
    if form is None and stream.file != STDIN:
        form = format_of_name(stream.file)
    if form is None:
        foreign = foreign_format(stream.first_bytes)
        if foreign is not None:
            quarantine.add(stream.file, None, Reason.UNKNOWN_FORMAT, f"the input is {foreign}")
            return iter(())
        form = format_of_bytes(stream.first_bytes)
    if form in (Format.JSONL, Format.CSV) and stream.first_bytes.startswith(_UTF16):
        quarantine.add(stream.file, None, Reason.INVALID_UTF8, f"the file is not UTF-8; {hint(stream.first_bytes, 0)}")
        return iter(())
    # Each reader is imported when a file is its own: most runs read one format.
    match form:
        case Format.TEXT:
            return read_text(stream, batch, quarantine)
        case Format.HTML:
            from dedup.reading.html import read_html

            return read_html(stream, batch, quarantine)
        case Format.JSONL:
            return read_json_lines(stream, options, batch, quarantine)
        case Format.CSV:
            from dedup.reading.delimited import read_delimited

            return read_delimited(stream, options, batch, quarantine)
        case Format.PARQUET:
            from dedup.reading.parquet import read_parquet

            return read_parquet(stream, options, batch, quarantine)
