"""`dedup filter`: records in, records out, less those that repeat an earlier one."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

import click

from dedup.cli.messages import say
from dedup.cli.options import (
    OF_PAIRS,
    Reading,
    Settings,
    candidate_options,
    fail_on_option,
    gathered,
    quiet_option,
    read_size,
    verdict_options,
)
from dedup.cli.progress import StderrProgress
from dedup.cli.scan import check_fail_on, check_outputs

if TYPE_CHECKING:
    from dedup.config import Config
    from dedup.filtering import FilterOptions, FilterResult

_EXAMPLES = """\b
Examples:
  dedup filter crawl.jsonl fresh.jsonl --index seen.dedup
  dedup filter day.parquet fresh/ --index seen.dedup --rejected rejected.jsonl
  zcat crawl.jsonl.gz | dedup filter --index seen.dedup | ingest
  dedup filter crawl.jsonl marked.jsonl --mode annotate
  dedup filter pages.jsonl cleaned.jsonl --mode clean --quarantine unreadable.jsonl
"""

_LEAST_MEMORY = 64 * 10**6
_BATCHES_IN_MEMORY = 12
"""A batch is there several times over: as lines, parsed, as texts, sketched, in three threads, and waiting for them.
Measured, memory grows by nine bytes for each byte of a batch."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int | None


@click.command(epilog=_EXAMPLES, name="filter", short_help="Hand on the records that repeat no earlier one.")
@click.argument("source", metavar="[IN]", default="-")
@click.argument("target", metavar="[OUT]", default="-")
@click.option(
    "--index",
    metavar="PATH",
    help="Compare with what is in this index too, and add to it; made if need be (default: one for this run alone).",
)
@click.option(
    "--mode",
    type=click.Choice(("drop", "annotate", "clean")),
    default="drop",
    help="drop: leave repeated records out (default). annotate: keep all and say in dedup_* fields what each one is. "
    "clean: keep all, each text without its own repeated blocks and residue, and with --level both without what stands "
    "in an earlier record.",
)
@click.option("--rejected", metavar="FILE", help="Write each record dropped, with the reason, as a JSON object a line.")
@click.option("--quarantine", metavar="FILE", help="Write each record that cannot be read, with the reason.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "parquet")),
    help="Format of the records (default: told from the name of IN, else jsonl).",
)
@gathered(
    "settings",
    Settings,
    click.option(
        "--relation",
        "relations",
        type=click.Choice(OF_PAIRS),
        multiple=True,
        help="Look for this relation only; repeatable (default: exact, near and contains). Rewrites are kept and "
        "counted, and told of by --mode annotate.",
    ),
    click.option(
        "--level",
        type=click.Choice(("document", "both")),
        help="document: whole records are compared (default). both: their paragraphs too, which --mode annotate tells "
        "and clean cuts.",
    ),
    click.option("--keep", metavar="POLICY", help="Only first: what comes later is not known yet in a stream."),
    *verdict_options(),
    *candidate_options(),
)
@click.option(
    "--drop",
    type=click.Choice(("rewrite",)),
    multiple=True,
    help="Look for rewrites too, and drop them.",
)
@gathered(
    "reading",
    Reading,
    click.option("--text-column", metavar="NAME", help='Column or key that holds the text (default "text").'),
    click.option(
        "--id-column",
        metavar="NAME",
        help="Column or key that holds the id (default: id, else url, else file:row).",
    ),
    click.option("--strict", is_flag=True, help="Stop at the first record that cannot be read."),
)
@click.option("--batch", metavar="N", type=click.IntRange(min=1), help="Decide on up to N records at once.")
@click.option(
    "--flush-interval",
    metavar="SECONDS",
    type=click.FloatRange(min=0.0),
    help="Let no record from a pipe wait longer for its batch (default 1).",
)
@click.option("--restart", is_flag=True, help="Forget where a run broke off, and replace outputs that are in the way.")
@click.option(
    "--durability",
    type=click.Choice(("process", "full")),
    help="process: what is done outlives the process (default). full: a loss of power as well, at the cost of speed.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0.0),
    default=0.0,
    help="Wait for another process that writes to the index, or for a server that cannot be reached (default 0).",
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=read_size,
    help="Memory for the batches, besides the index, such as 128MB (default 256MB): less makes them smaller.",
)
@fail_on_option(OF_PAIRS)
@quiet_option
def filter_command(
    source: str,
    target: str,
    index: str | None,
    mode: str,
    rejected: str | None,
    quarantine: str | None,
    form: str | None,
    settings: Settings,
    drop: tuple[str, ...],
    reading: Reading,
    batch: int | None,
    flush_interval: float | None,
    restart: bool,
    durability: str | None,
    timeout: float,
    memory: int | None,
    fail_on: tuple[tuple[str, int], ...],
    quiet: bool,
) -> int:
    """Hand the records of IN on to OUT, unchanged and in order, less those that repeat an earlier one.

    IN is a file of JSON lines or Parquet, also compressed with gzip or Zstandard, or - for standard input. OUT is a
    file, a folder (or a name that ends in /) for numbered shards, or - for standard output.

    The settings of an index that is there hold where none is given here.

    With --index a run that broke off, however that was, goes on when the same command is given again: each record
    is decided on and written once.
    """
    from dedup.config import PAIR_RELATIONS, Config
    from dedup.filtering import FilterOptions, Mode, filter_records
    from dedup.index import Index
    from dedup.model import Level

    config = _checked(settings.config(Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)), drop)
    # An index that is there has a configuration, which holds where nothing is said.
    said = settings != Settings() or index is None or not Index.exists(index, timeout=timeout)
    options = FilterOptions(
        mode=Mode(mode),
        rejected=rejected,
        quarantine=quarantine,
        form=form,
        restart=restart,
        full_durability=durability == "full",
        drop_rewrites=bool(drop),
        timeout=timeout,
        paragraphs=True if config.level is Level.BOTH else None,
    )
    options = _with_batches(options, batch, flush_interval, memory)
    if not said:
        with Index.open(str(index), read_only=True, timeout=timeout) as opened:
            config = opened.config
    check_fail_on(fail_on, config.relations)
    _check_ends(source, target, options)
    if source == "-" and sys.stdin.isatty() and not quiet:
        say("reading records from the terminal; end them with Ctrl-D")
    again = "run the same command again to go on"
    if restart:
        again = "run the same command without --restart to go on"
    signals = Signals()
    try:
        with signals, StderrProgress(quiet=quiet) as progress:
            result = filter_records(
                source,
                target,
                config if said else None,
                index=index,
                reading=reading.options(),
                options=options,
                progress=progress,
                stop=signals.caught,
            )
    except BrokenPipeError:
        if index is not None and not quiet:
            say(f"the reader of the output went away; {again}")
        raise
    except KeyboardInterrupt:
        say("interrupted")
        return signals.exit_code
    _warn_of_unreadable(result, options)
    if not quiet:
        say(_summary(result, options))
    if not result.finished:
        say(f"interrupted: {'without --index nothing of this run is kept' if index is None else again}")
        return signals.exit_code
    return _failed_on(result, fail_on)


class Signals:
    """Ctrl-C and SIGTERM ask the run to end after what it is at; a second one ends it at once.

    So does the first one before the run has asked: it has begun nothing yet, and may be waiting for another process.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._is_asked = False
        self._before: dict[int, _Handler] = {}

    def __enter__(self) -> Signals:
        # Elsewhere than in the main thread, as in a program that calls this one, signals are not ours.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._catch) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def caught(self) -> bool:
        """Whether one has come."""
        self._is_asked = True
        return self._number is not None

    @property
    def exit_code(self) -> int:
        """What shells say of an end by the signal that came."""
        return 128 + (self._number or signal.SIGINT)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        first = self._number is None
        self._number = self._number or number
        if not first or not self._is_asked:
            raise KeyboardInterrupt


def _checked(config: Config, drop: tuple[str, ...]) -> Config:
    """Refuse what a stream of records cannot do."""
    from dedup.config import PAIR_RELATIONS
    from dedup.errors import ConfigError
    from dedup.model import Level, Relation

    if config.keep != "first":
        raise ConfigError(
            f"keep policy {config.keep!r}: a stream knows first only, because a record is handed on before the later "
            "ones are read; sort the input, or use dedup scan --keep with --decisions"
        )
    if config.level is Level.PARAGRAPH:
        raise ConfigError(
            "level paragraph: filter decides on whole records; level both compares their paragraphs besides"
        )
    if config.boilerplate != "include":
        raise ConfigError("boilerplate exclude needs the whole corpus at once; use dedup scan")
    relations = tuple(relation for relation in (*PAIR_RELATIONS, Relation.REWRITE) if relation in config.relations)
    if not relations:
        raise ConfigError(f"relations names none of {', '.join(OF_PAIRS)}")
    if drop and Relation.REWRITE not in relations:
        relations = (*relations, Relation.REWRITE)
    return replace(config, relations=relations)


def _with_batches(
    options: FilterOptions, batch: int | None, flush_interval: float | None, memory: int | None
) -> FilterOptions:
    """With what was said of the batches."""
    from dedup.errors import ConfigError

    if batch is not None:
        options = replace(options, batch=batch)
    if flush_interval is not None:
        options = replace(options, flush_interval=flush_interval)
    if memory is None:
        return options
    if memory < _LEAST_MEMORY:
        raise ConfigError(
            f"filter needs {_LEAST_MEMORY // 10**6} MB or more besides its index, not {memory / 10**6:.3g}"
        )
    return replace(options, batch_bytes=min(options.batch_bytes, memory // _BATCHES_IN_MEMORY))


def _check_ends(source: str, target: str, options: FilterOptions) -> None:
    """Refuse an input that is none, and outputs that cannot be written or fall on each other."""
    from dedup.errors import InputError
    from dedup.filtering.files import names_folder
    from dedup.reporting import check_writable

    extra = [path for path in (options.rejected, options.quarantine) if path is not None]
    if [target, *extra].count("-") > 1:
        raise click.UsageError("two outputs cannot both go to standard output; name a file for one")
    if source != "-" and os.path.isdir(source):
        raise InputError(f"{source}: is a folder; filter reads one file, or several through cat and standard input")
    for path in extra:
        if names_folder(path):
            raise click.UsageError(f"{path} is a folder; name a file")
    if not names_folder(target):
        check_outputs((source,), target, *extra)
        return
    check_outputs((source,), *extra)
    folder = target if os.path.isdir(target) else os.path.dirname(os.path.abspath(target))
    check_writable(os.path.join(folder, "part-00000"))


def _summary(result: FilterResult, options: FilterOptions) -> str:
    from dedup.filtering.verdicts import KEPT_REASONS
    from dedup.reporting.phrases import counted

    tally = result.tally
    quarantine = {
        name: number
        for name, number in tally.reasons.items()
        if name not in KEPT_REASONS and name not in tally.relations
    }
    told = {name: number for name, number in tally.relations.items() if not options.drops(name)}
    dropped = f"{tally.dropped:,} dropped" + _listed({**tally.relations, **dict.fromkeys(told, 0)})
    kept = f"{tally.kept:,} kept" + _listed(told)
    unreadable = f"{tally.quarantined:,} quarantined" + _listed(quarantine)
    line = f"{counted(tally.read, 'record')}: {kept}, {dropped}, {unreadable}"
    if result.finished and result.before == tally and tally.read:
        return f"{line}; all of it was done before, and nothing is changed"
    if result.before.read:
        line += f"; {result.before.read:,} of them before this part of the run"
    return line


def _listed(numbers: Mapping[str, int]) -> str:
    said = ", ".join(f"{number:,} {name}" for name, number in sorted(numbers.items()) if number)
    return f" ({said})" if said else ""


def _warn_of_unreadable(result: FilterResult, options: FilterOptions) -> None:
    if not result.complaints:
        return
    number = result.tally.quarantined
    records = "1 record" if number == 1 else f"{number:,} records"
    where = f"{options.quarantine} lists every one" if options.quarantine else "--quarantine FILE takes every one"
    say(f"warning: {records} could not be read; --strict stops at the first, {where}")
    for line in result.complaints:
        say(f"  {line[:300]}")


def _failed_on(result: FilterResult, fail_on: tuple[tuple[str, int], ...]) -> int:
    code = 0
    for relation, allowed in fail_on:
        found = result.tally.relations.get(relation, 0)
        if found > allowed:
            say(f"failed: {found:,} {relation} found, --fail-on allows {allowed:,}")
            code = 1
    return code
