"""`dedup index`: what was seen, kept on disk, to be added to and asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from dedup.cli.messages import say, say_if_nothing_read, warn_of_quarantined
from dedup.cli.options import (
    OF_PAIRS,
    Reading,
    Settings,
    candidate_options,
    gathered,
    output_option,
    quiet_option,
    reading_options,
    selection_options,
    verdict_options,
)
from dedup.cli.scan import check_outputs

if TYPE_CHECKING:
    from dedup.model import Decision, Quarantined, RecordBatch
    from dedup.reporting import Json


@click.group(
    short_help="Keep on disk what was seen, and ask it.",
    epilog="""\b
Examples:
  dedup index create seen.dedup
  dedup index add seen.dedup monday.jsonl -o decisions.jsonl
  dedup index query seen.dedup tuesday.jsonl
  dedup index info seen.dedup
""",
)
def index() -> None:
    """Keep on disk what was seen: documents are compared with all that came before them, day after day.

    An index is a folder. One process writes to it at a time, others may ask it meanwhile. What a command has
    said is in the index is there, also if the process is killed.
    """


_INDEX = click.argument("folder", metavar="INDEX")
_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0.0),
    default=0.0,
    help="Seconds to wait for another process that writes (default 0).",
)


@index.command(
    epilog="""\b
Examples:
  dedup index create seen.dedup
  dedup index create seen.dedup --threshold 0.8 --no-text
  dedup index create seen.dedup --level both
"""
)
@_INDEX
@gathered(
    "settings",
    Settings,
    *selection_options(OF_PAIRS, "default: all three", "document; both: paragraphs too, told with each decision"),
    *verdict_options(),
    *candidate_options(),
)
@click.option(
    "--no-text",
    is_flag=True,
    help="Keep hashes of the words in the place of the texts: nothing can be read from the index, which is larger.",
)
def create(folder: str, settings: Settings, no_text: bool) -> int:
    """Make an index. Its settings are fixed from then on."""
    from dedup.errors import ConfigError
    from dedup.index import Index
    from dedup.index.creating import DEFAULT
    from dedup.model import Level

    if Index.exists(folder):
        raise ConfigError(f"{folder}: there is an index already; remove the folder to make another one")
    config = settings.config(DEFAULT)
    with Index.open(folder, config, text=not no_text, paragraphs=config.level is Level.BOTH) as opened:
        _write_json([asdict(opened.info())], "-")
    return 0


@index.command(
    epilog="""\b
Examples:
  dedup index add seen.dedup monday.jsonl > decisions.jsonl
  dedup index add seen.dedup published/ --keep-all -o /dev/null
"""
)
@_INDEX
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@output_option
@click.option(
    "--keep-all", is_flag=True, help="Keep each document, whatever it is a copy of: it was published already."
)
@reading_options
@_TIMEOUT
@quiet_option
def add(
    folder: str, paths: tuple[str, ...], output: str, keep_all: bool, reading: Reading, timeout: float, quiet: bool
) -> int:
    """Put documents into an index and write the decision on each, a JSON object a line.

    A document whose id and text are in the index has the decision that it had; one with another text takes
    the place of the earlier one. PATH is what it is for scan.
    """
    from dedup.index import Index
    from dedup.index.opening import check_outside

    check_outputs(paths, output)
    check_outside(folder, None if output == "-" else output)
    with Index.open(folder, create=False, timeout=timeout) as opened:

        def decide(batch: RecordBatch) -> Iterator[Decision]:
            columns = opened.admit_columns(batch.texts, batch.ids, keep_all=keep_all)
            return columns.decisions()

        return _write_decisions(paths, output, reading, quiet, decide)


@index.command(
    epilog="""\b
Examples:
  dedup index query seen.dedup tuesday.jsonl
  echo "Some text." | dedup index query seen.dedup -
"""
)
@_INDEX
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@output_option
@reading_options
@quiet_option
def query(folder: str, paths: tuple[str, ...], output: str, reading: Reading, quiet: bool) -> int:
    """Write what the decision on each document would be, a JSON object a line, and put none into the index.

    Each is asked for by itself: documents given are not compared with each other. PATH is what it is for scan.
    """
    from dedup.index import Index
    from dedup.index.opening import check_outside
    from dedup.model import Document

    check_outputs(paths, output)
    check_outside(folder, None if output == "-" else output)
    with Index.open(folder, read_only=True) as opened:

        def decide(batch: RecordBatch) -> Iterator[Decision]:
            return (opened.query(Document(batch.ids[place], batch.texts[place])) for place in range(len(batch)))

        return _write_decisions(paths, output, reading, quiet, decide)


@index.command(
    epilog="""\b
Examples:
  dedup index explain seen.dedup https://example.org/page
"""
)
@_INDEX
@click.argument("document", metavar="ID")
def explain(folder: str, document: str) -> int:
    """Write what became of a document and why, as a JSON object; null where the index has none with this id."""
    from dedup.index import Index
    from dedup.reporting import decision_value

    with Index.open(folder, read_only=True) as opened:
        found = next(filter(None, (opened.explain(each) for each in _ids(document))), None)
    value: Json = None
    if found is not None:
        value = decision_value(found.decision) | {
            "admitted": datetime.fromtimestamp(found.admitted, UTC).isoformat(),
            "represents": found.represents,
            "representative_gone": found.representative_gone,
            "text": found.text,
            "representative_text": found.representative_text,
        }
    _write_json([value], "-")
    return 0


@index.command(
    epilog="""\b
Examples:
  dedup index remove seen.dedup https://example.org/page
  dedup index remove seen.dedup --before 2025-01-01
"""
)
@_INDEX
@click.argument("documents", metavar="[ID]...", nargs=-1)
@click.option("--before", metavar="DATE", help="Remove what was added before this date (ISO 8601; UTC without a zone).")
@_TIMEOUT
def remove(folder: str, documents: tuple[str, ...], before: str | None, timeout: float) -> int:
    """Take documents out of an index, by their ids or by age, and write how many there were.

    What was dropped for them stays dropped. Their texts are on the disk until compact.
    """
    from dedup.index import Index

    if not documents and before is None:
        raise click.UsageError("name ids, or a date with --before")
    moment = None if before is None else _date(before)
    with Index.open(folder, create=False, timeout=timeout) as opened:
        removed = sum(opened.remove(each) for document in documents for each in _ids(document))
        if moment is not None:
            removed += opened.expire(moment)
    _write_json([{"removed": removed}], "-")
    return 0


@index.command(
    epilog="""\b
Examples:
  dedup index info seen.dedup
"""
)
@_INDEX
def info(folder: str) -> int:
    """Write what is in an index, as a JSON object."""
    from dedup.index import Index

    with Index.open(folder, read_only=True) as opened:
        _write_json([asdict(opened.info())], "-")
    return 0


@index.command(
    epilog="""\b
Examples:
  dedup index check seen.dedup
"""
)
@_INDEX
def check(folder: str) -> int:
    """Read all of an index and write what is damaged, a JSON object a line; exit with 1 if anything is."""
    from dedup.errors import LockedError, StoreError
    from dedup.index import Index
    from dedup.index.server import is_address

    try:
        with Index.open(folder, read_only=True) as opened:
            problems = opened.check()
    except LockedError:
        raise
    except StoreError as error:
        # On a server there is nothing to check, which is no damage.
        if is_address(folder) or not Index.exists(folder):
            raise
        problems = [str(error)]
    _write_json([{"problem": problem} for problem in problems], "-")
    return 1 if problems else 0


@index.command(
    epilog="""\b
Examples:
  dedup index compact seen.dedup
"""
)
@_INDEX
@click.option("--refit", is_flag=True, help="Fit the document frequencies of the cosine on what is there now.")
@_TIMEOUT
def compact(folder: str, refit: bool, timeout: float) -> int:
    """Make one segment of everything, without what was removed, and write what is in the index then.

    With --refit, cosines rest on the documents that are there from now on; decisions made before stay.
    """
    from dedup.index import Index

    with Index.open(folder, create=False, timeout=timeout) as opened:
        if refit:
            opened.refit()
        opened.compact()
        _write_json([asdict(opened.info())], "-")
    return 0


def _write_decisions(
    paths: tuple[str, ...],
    output: str,
    reading: Reading,
    quiet: bool,
    decide: Callable[[RecordBatch], Iterable[Decision]],
) -> int:
    """Read documents, and write the decision on each, and a line for each record that cannot be read."""
    from dedup import reporting
    from dedup.reading import find_files, read_batches

    inputs = find_files(paths)
    quarantined: list[Quarantined] = []
    kept = dropped = 0
    with reporting.open_output(output) as stream:
        for batch in read_batches(inputs.files, reading.options(), quarantined.append):
            for decision in decide(batch):
                stream.write(reporting.encoded(reporting.decision_value(decision)) + b"\n")
                kept += decision.keep
                dropped += not decision.keep
        for record in quarantined:
            stream.write(reporting.encoded(reporting.quarantined_value(record)) + b"\n")
    read = kept + dropped + len(quarantined)
    say_if_nothing_read(read, inputs.skipped)
    warn_of_quarantined(quarantined, "the last lines of the output list every one")
    if not quiet:
        say(f"{read:,} read: {kept:,} kept, {dropped:,} dropped, {len(quarantined):,} quarantined")
    return 0


_INTEGER = re.compile("0|-?[1-9][0-9]*")
_MOST_DIGITS = 4300


def _write_json(values: Iterable[Json], output: str) -> None:
    """Write values, a line each."""
    from dedup import reporting

    with reporting.open_output(output) as stream:
        for value in values:
            stream.write(reporting.encoded(value) + b"\n")


def _ids(said: str) -> tuple[str | int, ...]:
    """What an id on the command line may stand for: the string, and the integer that it spells."""
    # No integer that Python writes as digits has more of them: none is an id.
    if len(said) <= _MOST_DIGITS and _INTEGER.fullmatch(said):
        return said, int(said)
    return (said,)


def _date(said: str) -> datetime:
    """A date as it is written. Raises UsageError where it is none."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise click.UsageError(f"--before: {said!r} is no date; write for example 2025-01-31") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
