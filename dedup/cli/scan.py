"""`dedup scan`: everything repeated or left over, for people or for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

import click

from dedup.cli.messages import say, say_if_nothing_read, warn_of_quarantined
from dedup.cli.options import (
    RELATIONS,
    Reading,
    Settings,
    boilerplate_option,
    candidate_options,
    colour_option,
    fail_on_option,
    gathered,
    memory_option,
    output_option,
    page_look,
    quiet_option,
    reading_options,
    selection_options,
    verdict_options,
    workers_option,
    workers_or_all,
)
from dedup.cli.progress import StderrProgress

if TYPE_CHECKING:
    from dedup.model import Report

_EXAMPLES = """\b
Examples:
  dedup scan seeds/
  dedup scan crawl.jsonl.gz --text-column body --decisions decisions.jsonl
  dedup scan "crawl/*.parquet" --keep newest --date-column date -o report.txt
  dedup scan docs/ --relation exact --relation near --format jsonl
  dedup scan page.txt --fail-on residue
"""


@click.command(epilog=_EXAMPLES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "jsonl", "json", "csv")),
    default="text",
    help="text: a report for people (default). jsonl: findings, one object a line. json: everything in one "
    "object. csv: findings as a table.",
)
@output_option
@click.option("--decisions", metavar="FILE", help="Write what happens to each record, one JSON object a line.")
@gathered(
    "settings",
    Settings,
    *selection_options(RELATIONS, "default: every relation", "both: documents, and passages within and between them"),
    click.option(
        "--keep",
        metavar="POLICY",
        help="Which of several copies to keep: first (default), last, longest, newest (with --date-column), "
        "or source:GLOB[,GLOB...], patterns of paths in order of preference.",
    ),
    *verdict_options(),
    boilerplate_option(),
    *candidate_options(),
)
@reading_options
@fail_on_option(RELATIONS)
@workers_option
@memory_option
@quiet_option
@colour_option
@click.option("--all", "everything", is_flag=True, help="Show every finding in the text report, however many.")
def scan(
    paths: tuple[str, ...],
    output_format: str,
    output: str,
    decisions: str | None,
    settings: Settings,
    reading: Reading,
    fail_on: tuple[tuple[str, int], ...],
    workers: int | None,
    memory: int | None,
    quiet: bool,
    colour: str,
    everything: bool,
) -> int:
    """Report everything that is repeated or left over.

    PATH is a file, a folder, a quoted pattern such as "crawl/**/*.jsonl", or - for standard input. Text,
    Markdown, HTML, JSON lines, CSV and Parquet are read, also compressed with gzip or Zstandard. The text
    report goes by document; the other formats hold the same findings for programs.
    """
    if decisions == "-" and output == "-":
        raise click.UsageError("--decisions - and the report cannot both go to standard output; name a file for one")

    from dedup import reporting, scanning

    config, options = settings.config(), reading.options()
    if config.keep == "newest" and reading.date_column is None:
        raise click.UsageError("--keep newest compares dates: say with --date-column where they stand")
    check_fail_on(fail_on, config.relations)
    check_outputs(paths, output, decisions)
    with StderrProgress(quiet=quiet) as progress:
        report = scanning.scan(
            list(paths),
            config,
            reading=options,
            workers=workers_or_all(workers),
            memory=memory,
            progress=progress,
        )
    with reporting.open_output(output) as stream:
        if output_format == "text":
            _write_text(report, stream, output, colour, everything)
        elif output_format == "json":
            reporting.write_json(report, stream)
        elif output_format == "csv":
            reporting.write_csv(report, stream)
        else:
            reporting.write_findings(report, stream)
    if decisions is not None:
        with reporting.open_output(decisions) as stream:
            reporting.write_decisions(report, stream)

    say_if_nothing_read(report.counts.read, report.counts.skipped_files)
    if output_format != "text" or output != "-":
        warn_of_quarantined(report.quarantined)
        if not quiet:
            say(reporting.one_line(report.counts))
    return failed_on(report, fail_on)


def check_outputs(paths: Sequence[str], *outputs: str | None) -> None:
    """Refuse outputs that cannot be written, that fall on each other, or that would replace what is read."""
    from dedup import reporting
    from dedup.reading import find_files

    named = [output for output in outputs if output is not None and output != reporting.STDOUT]
    files = [_identity(output) for output in named]
    if len(set(files)) < len(files):
        raise click.UsageError("two outputs cannot go to one file; name another for one of them")
    for output in outputs:
        if output is not None:
            reporting.check_writable(output)
    if any(isinstance(file, tuple) for file in files):
        read = {_identity(file) for file in find_files(paths).files}
        for output, file in zip(named, files, strict=True):
            if file in read:
                raise click.UsageError(
                    f"{os.path.realpath(output)} is among what is read and would be overwritten; write elsewhere"
                )


def _identity(path: str) -> tuple[int, int] | str:
    """What tells a file from others, whatever it is called here: device and number, else the name it will have."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def check_fail_on(fail_on: Sequence[tuple[str, int]], looked_for: Sequence[str]) -> None:
    """Refuse to fail on a relation that is not looked for: the check would pass for ever."""
    for relation, _ in fail_on:
        if relation not in looked_for:
            raise click.UsageError(f"--fail-on {relation} never fails while --relation does not name {relation}")


def failed_on(report: Report, fail_on: Sequence[tuple[str, int]]) -> int:
    """Give exit code 1, and say why, where there are more findings of a relation than allowed."""
    code = 0
    for relation, allowed in fail_on:
        found = report.counts.matches.get(relation, 0)
        if found > allowed:
            say(f"failed: {found:,} {relation} found, --fail-on allows {allowed:,}")
            code = 1
    return code


def _write_text(report: Report, stream: BinaryIO, output: str, colour: str, everything: bool) -> None:
    from dedup import reporting

    width, coloured = page_look(output, colour)
    on_stdout = output == reporting.STDOUT
    with reporting.text_on(stream, sys.stdout.encoding if on_stdout else "utf-8") as page:
        reporting.write_terminal(report, page, width=width, colour=coloured, everything=everything)
