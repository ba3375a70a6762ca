"""`dedup clean`: texts without their own repeated copies and prompts, and what was cut."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from dedup.cli.messages import say
from dedup.cli.options import Settings, gathered, quiet_option, verdict_options

if TYPE_CHECKING:
    from dedup.model import Cut, Span
    from dedup.reporting import Json

_NOT_TEXT = (".html", ".htm", ".jsonl", ".ndjson", ".json", ".csv", ".parquet", ".gz", ".zst")
_NOT_TEXT_AT_ONCE = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"\xff\xfe", b"\xfe\xff")
"""Magic bytes: gzip, Zstandard, Parquet, and the byte order marks of UTF-16."""

_EXAMPLES = """\b
Examples:
  dedup clean page.txt > clean.txt
  dedup clean page.txt -o clean.txt --cuts cuts.jsonl
  dedup clean crawl/*.txt -o cleaned/
  curl -s https://example.org/page.txt | dedup clean
"""


@click.command(epilog=_EXAMPLES, short_help="Cut a text's own copies and prompts.")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="Write here, whole or not at all; a folder for several texts (default -, standard output).",
)
@click.option("--cuts", metavar="FILE", help="Write what was cut, one JSON object a line.")
@gathered("settings", Settings, *verdict_options())
@quiet_option
def clean(files: tuple[str, ...], output: str, cuts: str | None, settings: Settings, quiet: bool) -> int:
    """Write a text without its own repeated copies and without prompt residue.

    FILE is a text or Markdown file, or - for standard input, as it is without one. One copy of everything
    stays, and what stays is byte for byte what it was. Standard error says which lines were cut, and why.
    """
    files = files or ("-",)
    if cuts == "-" and output == "-":
        raise click.UsageError("--cuts - and the text cannot both go to standard output; name a file for one")
    targets = _targets(files, output, cuts)

    from dedup import reporting, scanning
    from dedup.errors import InputError

    config = settings.config()
    for file in filter(None, (*targets, cuts)):
        reporting.check_writable(file)
    with _cuts_file(cuts) as cuts_stream:
        for file, target in zip(files, targets, strict=True):
            if file == "-" and sys.stdin.isatty() and not quiet:
                say("reading the text from the terminal; end it with Ctrl-D")
            data = _read(file)
            if file.lower().endswith(_NOT_TEXT) or data.startswith(_NOT_TEXT_AT_ONCE):
                raise InputError(f"{file}: clean reads text and Markdown in UTF-8 alone; dedup scan reads the rest")
            # Bytes that are no UTF-8 travel as lone surrogates and come out as they went in.
            cleaned = scanning.clean(data.decode("utf-8", "surrogateescape"), config)
            with reporting.open_output(target) as stream:
                stream.write(cleaned.text.encode("utf-8", "surrogateescape"))
            for cut in cleaned.cuts:
                if cuts_stream is not None:
                    cuts_stream.write(reporting.encoded(_cut_value(file, cut)) + b"\n")
                if not quiet:
                    say(f"{_name(file)}: cut {_lines(cut.span)}, {_why(cut)}")
            if not cleaned.cuts and not quiet:
                say(f"{_name(file)}: nothing to cut")
    return 0


def _targets(files: tuple[str, ...], output: str, cuts: str | None) -> list[str]:
    """Say where each text goes, refusing two in one place, and one over its own source."""
    folder = Path(output)
    if output == "-" or not (folder.is_dir() or len(files) > 1):
        if len(files) > 1:
            raise click.UsageError("several texts need a folder to go to: -o FOLDER")
        targets = [output]
    else:
        if not folder.is_dir():
            raise click.UsageError(f"several texts need a folder to go to, and {output} is none; create it first")
        targets = [str(folder / ("stdin.txt" if file == "-" else Path(file).name)) for file in files]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two of the files have the same name and would overwrite each other")
    for file, target in zip(files, targets, strict=True):
        if "-" not in (file, target) and Path(file).resolve() == Path(target).resolve():
            raise click.UsageError(f"{file} would be overwritten by its cleaned text; write it elsewhere")
    if cuts not in (None, "-") and Path(cuts).resolve() in {Path(file).resolve() for file in (*files, *targets)}:
        raise click.UsageError(f"{cuts} would be overwritten by the list of cuts; write it elsewhere")
    return targets


def _read(file: str) -> bytes:
    from dedup.errors import InputError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        hint = "a folder; name its files, such as folder/*.txt" if Path(file).is_dir() else "check the name"
        raise InputError(f"{file}: cannot be read: {error.strerror or error}; {hint}") from error


@contextlib.contextmanager
def _cuts_file(cuts: str | None) -> Iterator[BinaryIO | None]:
    if cuts is None:
        yield None
        return
    from dedup import reporting

    with reporting.open_output(cuts) as stream:
        yield stream


def _cut_value(file: str, cut: Cut) -> Json:
    return {
        "span": _span_value(file, cut.span),
        "reason": cut.reason,
        "copy_of": _span_value(file, cut.copy_of),
        "rule": cut.rule,
    }


def _span_value(file: str, span: Span | None) -> Json:
    from dataclasses import replace

    from dedup import reporting

    return reporting.span_value(None if span is None else replace(span, document=file))


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _lines(span: Span) -> str:
    return f"line {span.line}" if span.line == span.end_line else f"lines {span.line}–{span.end_line}"


def _why(cut: Cut) -> str:
    if cut.copy_of is not None:
        return f"a copy of {_lines(cut.copy_of)}"
    return "prompt residue" + (f" ({cut.rule})" if cut.rule else "")
