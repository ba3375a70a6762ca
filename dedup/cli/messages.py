"""What is said on standard error beside the data: warnings, a last line, an error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from dedup.errors import LossWarning

if TYPE_CHECKING:
    from dedup.model import Quarantined

READ_FORMATS = ".txt .md .html .jsonl .ndjson .csv .tsv .parquet, each also .gz or .zst"


def say(text: str) -> None:
    """Print a line on standard error, with nothing in it that a terminal would obey."""
    from dedup.reporting.visible import visible

    click.echo(visible(text), err=True)


def complain(message: str) -> None:
    """Print the error that ends a run."""
    say(f"error: {message}")


@contextmanager
def losses_told() -> Iterator[None]:
    """Print each `LossWarning` that comes up within as one line, once however often the index is opened."""
    told: set[str] = set()
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, LossWarning):
                others(message, category, filename, lineno, file, line)
            elif str(message) not in told:
                told.add(str(message))
                say(f"warning: {message}")

        warnings.simplefilter("always", LossWarning)
        warnings.showwarning = show
        yield


def warn_of_quarantined(
    quarantined: Sequence[Quarantined], every: str = "scan --decisions FILE lists every one"
) -> None:
    """Say how many records could not be read, and where the first three stand; `every` says where all are listed."""
    from dedup.reporting import quarantine_lines

    if not quarantined:
        return
    records = "1 record" if len(quarantined) == 1 else f"{len(quarantined):,} records"
    say(f"warning: {records} could not be read; --strict stops at the first, {every}")
    for line in quarantine_lines(quarantined, 3):
        say(f"  {line}")


def say_if_nothing_read(read: int, skipped: int = 0) -> None:
    """Say which files are read where no record was, and how many others were skipped."""
    if read == 0:
        found = f"{skipped:,} skipped, " if skipped else ""
        say(f"no documents: {found}files read are {READ_FORMATS}")
