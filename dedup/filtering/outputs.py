"""The outputs of a run together: the records, those rejected, and those that cannot be read."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dedup.config import Config
from dedup.errors import DedupError
from dedup.filtering.files import (
    STDOUT,
    AppendedFile,
    Compressed,
    ReplacedFile,
    Shards,
    Sink,
    StandardOutput,
    State,
    compression,
    is_special,
    names_folder,
    pieces_beside,
)
from dedup.filtering.line_output import quarantined_lines, rejected_lines, rendered
from dedup.filtering.options import FilterOptions
from dedup.filtering.records import Batch, LineBatch
from dedup.filtering.verdicts import Verdicts
from dedup.reading.paths import shown_path

if TYPE_CHECKING:
    import pyarrow as pa

RECORDS, REJECTED, QUARANTINE = "records", "rejected", "quarantine"


class RecordOutput(Protocol):
    """Where the records go that are kept."""

    def write(self, batch: Batch, verdicts: Verdicts) -> None:
        """Take a batch."""
        ...

    def state(self) -> State:
        """As for `Sink`."""
        ...

    def settle(self, state: State) -> None:
        """As for `Sink`."""
        ...

    def finish(self) -> None:
        """As for `Sink`."""
        ...

    def close(self) -> None:
        """As for `Sink`."""
        ...


class LineOutput:
    """JSON lines into a sink."""

    def __init__(self, sink: Sink, options: FilterOptions, where: "Where") -> None:
        self._sink = sink
        self._options = options
        self._where = where
        self.state, self.settle, self.finish, self.close = sink.state, sink.settle, sink.finish, sink.close

    def write(self, batch: Batch, verdicts: Verdicts) -> None:
        """Take a batch of lines."""
        where = self._where
        assert isinstance(batch, LineBatch)  # noqa: S101 - the output was chosen by the format
        self._sink.write(rendered(batch, verdicts, self._options.mode, where.text_column, where.config))


@dataclass(frozen=True, slots=True)
class Where:
    """Where records go and as what.

    `schema` is that of Parquet, None for JSON lines. `kept` says that the run can be gone on with, so that files grow
    under their own names and stay when it breaks off. `workspace` is a folder for what has no place beside the target.
    `with_passages`: the verdicts tell passages.
    """

    target: str
    schema: "pa.Schema | None"
    text_column: str
    config: Config
    kept: bool
    workspace: str
    with_passages: bool


class Outputs:
    """All outputs of a run, from where they stood, or from nothing with `states` None.

    Raises DedupError where something stands in the place of an output, or what the run had written is gone.
    """

    def __init__(self, where: Where, options: FilterOptions, states: Mapping[str, State] | None) -> None:
        self._where = where
        self._options = options
        self._open: dict[str, RecordOutput | Sink] = {}
        self._names = {RECORDS: where.target, REJECTED: options.rejected, QUARANTINE: options.quarantine}
        try:
            self._records = self._open[RECORDS] = _record_output(where, options, _state(states, RECORDS))
            self._rejected = self._sink(REJECTED, states)
            self._quarantine = self._sink(QUARANTINE, states)
        except OSError as error:
            self.close()
            raise self._cannot(error, None) from error
        except DedupError:
            self.close()
            raise

    def _sink(self, name: str, states: Mapping[str, State] | None) -> Sink | None:
        path = self._names[name]
        if path is None:
            return None
        sink = self._open[name] = _line_sink(path, _state(states, name), self._options, kept=self._where.kept)
        return sink

    def write(self, batch: Batch, verdicts: Verdicts) -> None:
        """Write what a batch adds to each output."""
        self._each(RECORDS, lambda: self._records.write(batch, verdicts))
        rejected, quarantine = self._rejected, self._quarantine
        if rejected is not None and self._options.mode.drops:
            self._each(REJECTED, lambda: rejected.write(rejected_lines(batch, verdicts)))
        if quarantine is not None:
            self._each(QUARANTINE, lambda: quarantine.write(quarantined_lines(batch.unreadable)))

    def states(self) -> dict[str, State]:
        """Where each output stands."""
        return {name: output.state() for name, output in self._open.items()}

    def settle(self, states: Mapping[str, State]) -> None:
        """The index holds these states."""
        for name, output in self._open.items():
            self._each(name, partial(output.settle, states[name]))

    def finish(self) -> None:
        """There is no more to come."""
        for name, output in self._open.items():
            self._each(name, output.finish)

    def close(self) -> None:
        """Close what is open."""
        for output in self._open.values():
            output.close()

    def _each(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._cannot(error, name) from error

    def _cannot(self, error: OSError, name: str | None) -> DedupError:
        path = self._names[name] if name is not None else os.fspath(error.filename or self._where.target)
        called = "standard output" if path == STDOUT else shown_path(str(path))
        again = ""
        if self._where.kept:
            command = "the same command without --restart" if self._options.restart else "the same command again"
            again = f"; then run {command} to go on"
        return DedupError(f"{called}: cannot be written: {error.strerror or error}. Mend that{again}")


def show_complete(where: Where, options: FilterOptions, states: Mapping[str, State]) -> None:
    """Show under their names what a finished run has left complete, and touch nothing else."""
    hidden = Path(where.target)
    if where.schema is not None and not names_folder(where.target):
        hidden = pieces_beside(hidden)
    elif not names_folder(where.target):
        return
    if hidden.is_dir():
        _record_output(where, options, states[RECORDS]).close()


def _state(states: Mapping[str, State] | None, name: str) -> State | None:
    return None if states is None else states[name]


def _record_output(where: Where, options: FilterOptions, state: State | None) -> RecordOutput:
    if where.schema is None:
        return LineOutput(_line_sink(where.target, state, options, kept=where.kept), options, where)
    from dedup.filtering.row_output import RowOutput

    return RowOutput(where, where.schema, options, state)


def _line_sink(path: str, state: State | None, options: FilterOptions, *, kept: bool) -> Sink:
    if is_special(path):
        return StandardOutput(path)
    replace, durable = options.restart, options.full_durability
    sink: Sink
    if names_folder(path):
        sink = Shards(path, ".jsonl", state, replace=replace, durable=durable, shard_bytes=options.shard_bytes)
    elif kept:
        sink = AppendedFile(path, state, replace=replace, durable=durable)
    else:
        sink = ReplacedFile(path)
    compress = compression(path)
    return sink if compress is None else Compressed(sink, compress)
