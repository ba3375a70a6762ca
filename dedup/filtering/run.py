"""The run: records in, decided on by the index, records out, each exactly once however often the run breaks off.

A batch goes through four steps: it is read, decided on, recorded and written, and while one thread records and writes
a batch, others decide on the next two and read those behind them. The decisions, the place in the input behind the
batch and where each output stood before it are put into the index in one transaction, when the batch before has been
written. So whatever kills the process, the index names a place in the input and lengths of the outputs that belong
together, and has the verdicts on the one batch that may not have been written. The same command cuts the outputs to
these lengths, reads that batch again, writes it by the recorded verdicts, and goes on.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from dedup.config import Config
from dedup.errors import ConfigError, InputError
from dedup.filtering.deciding import Decider
from dedup.filtering.files import STDOUT, State, is_special
from dedup.filtering.line_output import COLUMNS
from dedup.filtering.options import FilterOptions, FilterResult, Mode, Tally
from dedup.filtering.outputs import Outputs, Where, show_complete
from dedup.filtering.pipeline import ReadAhead, Stop, Stopped, WriteBehind
from dedup.filtering.progress_mark import Mark, mark_name
from dedup.filtering.records import Batch
from dedup.filtering.rows import RowSource
from dedup.filtering.sources import START, LineSource, Reached, Step, another_input, named, status_of
from dedup.filtering.verdicts import KEPT_REASONS, Verdicts
from dedup.index.opening import check_outside
from dedup.index.prepared import Prepared
from dedup.index.server import BYTES_AT_ONCE, DOCUMENTS_AT_ONCE, is_address
from dedup.kernels import WORTH, choose
from dedup.reading import ReadOptions
from dedup.reading.formats import Format, format_of_name
from dedup.reading.paths import STDIN
from dedup.scanning.progress import Progress, Silent

_AHEAD = 2
"""Batches that are read ahead."""

_BEHIND = 2
"""Batches that are decided on and not written yet: one that is being written, and one that waits for it."""

_COMPLAINTS = 3


def filter_records(
    source: str,
    target: str,
    config: Config | None = None,
    *,
    index: str | None = None,
    reading: ReadOptions | None = None,
    options: FilterOptions | None = None,
    progress: Progress | None = None,
    stop: Stop = lambda: False,
) -> FilterResult:
    """Hand the records of `source` on to `target`, less those that repeat an earlier one of it or of the index.

    Both are files or `-`; `target` may be a folder, which gets shards. `index` is the folder of an index, or its
    address on a server, made if need be; without it nothing is known before and nothing is kept. Without `config` that
    of the index holds.
    `stop` is asked now and then whether to end.

    Raises InputError where the input cannot be read or is not the one that an interrupted run had begun with,
    ConfigError where settings contradict each other or the index, and DedupError where an output cannot be written.
    """
    reading, options, progress = reading or ReadOptions(), options or FilterOptions(), progress or Silent()
    if not options.mode.drops and options.rejected is not None:
        raise ConfigError(f"--rejected stays empty with --mode {options.mode}, which drops nothing; leave one out")
    if options.mode is Mode.ANNOTATE and reading.text_column in COLUMNS:
        raise ConfigError(
            f"--mode annotate writes {reading.text_column} itself, in the place of the text; give the field of the "
            "text another name"
        )
    if is_address(index):
        # A server is busy with a batch, and answers nobody else meanwhile; one with a mark goes in whole.
        batch, batch_bytes = min(options.batch, DOCUMENTS_AT_ONCE), min(options.batch_bytes, BYTES_AT_ONCE)
        options = replace(options, batch=batch, batch_bytes=batch_bytes)
        if is_special(target) and form_of(source, target, options) == Format.PARQUET:
            raise ConfigError(
                "Parquet to a pipe is put together in the folder of the index, and an index on a server has none: name "
                "a file or a folder for the output"
            )
    if index is not None:
        check_outside(index, *(each for each in (target, options.rejected, options.quarantine) if each != STDOUT))
    with contextlib.ExitStack() as stack:
        workspace = stack.enter_context(tempfile.TemporaryDirectory(prefix="dedup-"))
        decider = stack.enter_context(Decider(index, workspace, config, options))
        run = _Run(source, target, reading, options, progress, stop, decider)
        return run.go(workspace if index is None else os.path.join(index, ""))


class Ready(NamedTuple):
    """A batch that can be decided on, or that was."""

    step: Step
    prepared: Prepared | None


class _Run:
    def __init__(
        self,
        source: str,
        target: str,
        reading: ReadOptions,
        options: FilterOptions,
        progress: Progress,
        stop: Stop,
        decider: Decider,
    ) -> None:
        self._source, self._target = source, target
        self._config, self._reading, self._options = decider.config, reading, options
        self._progress, self._stop, self._decider = progress, stop, decider
        self._name = mark_name(source, target)
        self._form = form_of(source, target, options)
        self._settings = _settings(self._form, decider.config, reading, options)
        self._complaints: list[str] = []
        # Of the records that are written; only the thread that writes counts while there is one.
        self._count = Tally()

    def go(self, workspace: str) -> FilterResult:
        """Go on from where the run stands, or begin it."""
        saved = self._saved()
        source = self._opened(START if saved is None else saved.reached)
        try:
            if saved is not None and saved.finished and _unchanged(self._source, saved.reached):
                return self._done(source, saved, workspace)
            known = 0 if saved is None or saved.verdicts is None else 1
            steps = ReadAhead(self._prepared(source.steps(), known), _AHEAD, self._stop)
            try:
                return self._through(source, steps, saved, workspace)
            finally:
                steps.close()
        finally:
            source.close()

    def _prepared(self, steps: Iterator[Step], known: int) -> Iterator[Ready]:
        """The batches with what is worked out of their texts, but for the first ones that were decided on before."""
        for number, step in enumerate(steps):
            yield Ready(step, None if number < known else self._decider.prepare(step.batch.texts))

    def _saved(self) -> Mark | None:
        stored = None if self._options.restart else self._decider.mark(self._name)
        if stored is None:
            return None
        saved = Mark.decoded(stored)
        if saved.finished and self._source == STDIN and is_special(self._target):
            return None  # whatever comes is another stream, and nothing of the one before is left to be added to
        for name, value in self._settings.items():
            before = saved.settings.get(name, "")
            if before != value:
                raise ConfigError(
                    f"this run from {named(self._source)} was begun with {name} {before or 'left out'}, not "
                    f"{value or 'left out'}; give what it was begun with, or name another output"
                )
        return saved

    def _opened(self, reached: Reached) -> LineSource | RowSource:
        kind = RowSource if self._form == Format.PARQUET else LineSource
        return kind(self._source, self._reading, self._options, reached)

    def _outputs(self, source: LineSource | RowSource, saved: Mark | None, workspace: str) -> Outputs:
        return Outputs(self._where(source, workspace), self._options, None if saved is None else saved.outputs)

    def _where(self, source: LineSource | RowSource, workspace: str) -> Where:
        return Where(
            self._target,
            source.schema if isinstance(source, RowSource) else None,
            self._reading.text_column,
            self._config,
            self._decider.kept,
            os.path.join(workspace, f"{self._name}.pieces"),
            self._decider.with_passages,
        )

    def _done(self, source: LineSource | RowSource, saved: Mark, workspace: str) -> FilterResult:
        """A run that is finished; what it had not yet shown under its name is shown, and nothing else is touched."""
        show_complete(self._where(source, workspace), self._options, saved.outputs)
        return FilterResult(saved.tally, saved.tally, True)

    def _through(
        self, source: LineSource | RowSource, ahead: ReadAhead[Ready], saved: Mark | None, workspace: str
    ) -> FilterResult:
        before = Tally() if saved is None else saved.tally
        steps = iter(ahead)
        first: list[Ready] = []
        if saved is not None and saved.finished:
            # Whether anything was added must be known before the outputs are touched.
            first = [ready for ready in [next(steps, None)] if ready is not None]
            if not first:
                return self._done(source, saved, workspace)
        outputs = self._outputs(source, saved, workspace)
        writer = WriteBehind(_BEHIND, self._stop)
        try:
            if (source.total_bytes or 0) >= WORTH.compile:
                choose(WORTH.compile, self._progress.message)
            self._progress.start("filtering", source.total_bytes)
            return self._decided(outputs, writer, _chained(first, steps), saved, before)
        finally:
            writer.close()
            outputs.close()

    def _decided(
        self, outputs: Outputs, writer: WriteBehind, steps: Iterator[Ready], saved: Mark | None, before: Tally
    ) -> FilterResult:
        known = None if saved is None else saved.verdicts
        reached = START if saved is None else saved.reached
        finished, self._count = True, before
        try:
            for step, prepared in steps:
                decided: Callable[[], Verdicts]
                if known is not None:
                    if len(known) != len(step.batch):
                        raise another_input(self._source, "its records are others")
                    decided = partial(_given, known)
                    before, known = before.plus(self._tally(step.batch, known)), None
                else:
                    decided = self._begin(step, prepared, outputs)
                writer.start(partial(self._write, step.batch, decided, outputs))
                reached = step.reached
                self._complain(step.batch)
                self._progress.advance(step.stored_bytes)
        except Stopped:
            finished = False
        if known is not None:
            if finished:
                raise another_input(self._source, f"it ends before its first {reached.until.offset:,} bytes")
            return FilterResult(self._count, before, False)
        try:
            writer.wait()
        except Stopped:
            # What is being recorded or written does not end. The mark in the index says how far the run came.
            return FilterResult(self._count, before, False, tuple(self._complaints))
        if finished:
            outputs.finish()
        states = outputs.states()
        at_end = replace(reached, before=reached.until)
        self._decider.put_mark(self._name, Mark(self._settings, at_end, states, self._count, None, finished).encoded())
        outputs.settle(states)
        return FilterResult(self._count, before, finished, tuple(self._complaints))

    def _begin(self, step: Step, prepared: Prepared | None, outputs: Outputs) -> Callable[[], Verdicts]:
        """Begin to decide on a batch. The rest records it with where the run stands, when the one before is written."""
        batch = step.batch
        if self._reading.strict and batch.unreadable:
            record = batch.unreadable[0]
            raise InputError(
                f"{named(self._source)}, line {record.number}: {record.message} [{record.reason}]; or read without "
                "strict to set it aside and go on"
            )
        states: Mapping[str, State] = {}

        def mark(verdicts: Verdicts) -> bytes:
            nonlocal states
            states = outputs.states()
            return Mark(self._settings, step.reached, states, self._count, verdicts).encoded()

        finish = self._decider.begin(batch.texts, batch.ids, prepared, self._name, mark)

        def decided() -> Verdicts:
            verdicts = finish()
            outputs.settle(states)
            return verdicts

        return decided

    def _write(self, batch: Batch, decided: Callable[[], Verdicts], outputs: Outputs) -> None:
        """Have a batch recorded, and write it; in the thread that writes."""
        verdicts = decided()
        outputs.write(batch, verdicts)
        self._count = self._count.plus(self._tally(batch, verdicts))

    def _tally(self, batch: Batch, verdicts: Verdicts) -> Tally:
        reasons = verdicts.counts()
        relations = {name: number for name, number in reasons.items() if name not in KEPT_REASONS}
        for record in batch.unreadable:
            reasons[record.reason] = reasons.get(record.reason, 0) + 1
        dropped = verdicts.n_dropped if self._options.mode.drops else 0
        return Tally(len(verdicts) - dropped, dropped, len(batch.unreadable), reasons, relations)

    def _complain(self, batch: Batch) -> None:
        for record in batch.unreadable[: _COMPLAINTS - len(self._complaints)]:
            self._complaints.append(f"{named(self._source)}:{record.number}: {record.message}")


def form_of(source: str, target: str, options: FilterOptions) -> Format:
    """The format of the records. Raises ConfigError where it cannot be handed on, or is not that of the output."""
    told = None if source == STDIN else format_of_name(source)
    form = Format(options.form) if options.form is not None else told or Format.JSONL
    if form not in (Format.JSONL, Format.PARQUET):
        raise ConfigError(f"{source}: filter hands on JSON lines and Parquet, not {form}; --format says otherwise")
    wanted = format_of_name(target)
    if wanted is not None and wanted is not form:
        raise ConfigError(f"{target}: records come out as they went in, as {form}; name the output accordingly")
    return form


def _settings(form: Format, config: Config, reading: ReadOptions, options: FilterOptions) -> dict[str, str]:
    """What a run must be gone on with, by the names of the options."""

    def file(path: str | None) -> str:
        return "" if path is None else os.path.realpath(path) if path != STDIN else path

    settings = {
        "--mode": options.mode.value,
        "--format": form.value,
        "--text-column": reading.text_column,
        "--id-column": reading.id_column or "",
        "--relation": ",".join(sorted(config.relations)),
        "--drop": "rewrite" if options.drop_rewrites else "",
        "--rejected": file(options.rejected),
        "--quarantine": file(options.quarantine),
    }
    # A name whose bytes are not UTF-8 is kept and compared in a form that JSON can hold.
    return {name: value.encode("utf-8", "backslashreplace").decode() for name, value in settings.items()}


def _unchanged(source: str, reached: Reached) -> bool:
    return reached.status is not None and status_of(source) == reached.status


def _given(verdicts: Verdicts) -> Verdicts:
    return verdicts


def _chained(first: list[Ready], rest: Iterator[Ready]) -> Iterator[Ready]:
    yield from first
    first.clear()
    yield from rest
