"""Where a long run stands, on standard error: bars on a terminal, and otherwise only what has to be said."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from dedup.cli.messages import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_SILENT_FOR = 0.5
"""Seconds: what is over sooner shows no bar."""

_BETWEEN_LOOKS = 0.1
"""Seconds between two drawings."""


class StderrProgress:
    """Progress of the stages, as `dedup.scanning.Progress` wants it, shown on a terminal unless `quiet`.

    Bars are drawn by the thread that calls, never by one of their own, so that worker processes may be
    forked.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._draws = sys.stderr.isatty() and not quiet
        self._begun = self._drawn = time.monotonic()
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._stage = ""
        self._total: int | None = None
        self._done = 0

    def __enter__(self) -> StderrProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage; the one before is done."""
        self._end_stage()
        self._stage, self._total, self._done = stage, total, 0
        self._draw()

    def advance(self, amount: int) -> None:
        """Count what is done, and draw it ten times a second at most."""
        self._done += amount
        if self._draws and time.monotonic() - self._drawn >= _BETWEEN_LOOKS:
            self._draw()

    def message(self, text: str) -> None:
        """Say something once."""
        if self._quiet:
            return
        if self._bars is None:
            say(text)
        else:
            from rich.text import Text

            from dedup.reporting.visible import visible

            self._bars.console.print(Text(visible(text)), soft_wrap=True)

    def _draw(self) -> None:
        if not self._draws or time.monotonic() - self._begun < _SILENT_FOR:
            return
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if self._task is None:
            self._task = self._bars.add_task(self._stage, total=self._total)
        self._bars.update(self._task, completed=self._done)
        self._bars.refresh()
        self._drawn = time.monotonic()

    def _end_stage(self) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
        self._task = None


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
