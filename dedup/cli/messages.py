"""What is said on standard error beside the data: warnings, a last line, an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dedup.model import Report

READ_FORMATS = ".txt .md .html .jsonl .ndjson .csv .tsv .parquet, each also .gz or .zst"


def say(text: str) -> None:
    """Print a line on standard error, with nothing in it that a terminal would obey."""
    from dedup.reporting.visible import visible

    click.echo(visible(text), err=True)


def complain(message: str) -> None:
    """Print the error that ends a run."""
    say(f"error: {message}")


def warn_of_quarantined(report: Report) -> None:
    """Say how many records could not be read, and where the first three stand."""
    from dedup.reporting import quarantine_lines

    number = report.counts.quarantined
    if not number:
        return
    records = "1 record" if number == 1 else f"{number:,} records"
    say(f"warning: {records} could not be read; --strict stops at the first, scan --decisions FILE lists every one")
    for line in quarantine_lines(report, 3):
        say(f"  {line}")


def say_if_nothing_read(report: Report) -> None:
    """Say which files are read where there was none of them."""
    if report.counts.read == 0:
        skipped = report.counts.skipped_files
        found = f"{skipped:,} skipped, " if skipped else ""
        say(f"no documents: {found}files read are {READ_FORMATS}")
