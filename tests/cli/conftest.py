"""A scanner that is told what to report and remembers what it was asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

import dedup.scanning
from dedup.cli import main
from dedup.config import Config
from dedup.model import Report
from dedup.reading import ReadOptions
from dedup.scanning.progress import Progress
from tests.reporting.reports import example


@dataclass
class Scanner:
    """Stands in for `dedup.scanning.scan` and `pairs`."""

    report: Report = field(default_factory=example)
    config: Config = field(default_factory=Config)
    reading: ReadOptions = field(default_factory=ReadOptions)
    sources: list[str] = field(default_factory=list)
    workers: int = 0
    memory: int | None = None
    calls: int = 0
    meanwhile: Callable[[Progress], None] = lambda progress: None

    def __call__(
        self,
        sources: Iterable[str],
        config: Config,
        *,
        reading: ReadOptions,
        workers: int,
        memory: int | None,
        progress: Progress,
    ) -> Report:
        self.sources, self.config, self.reading, self.workers = list(sources), config, reading, workers
        self.memory = memory
        self.calls += 1
        self.meanwhile(progress)
        return self.report


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Scanner:
    """Replace `scan`."""
    stand_in = Scanner()
    monkeypatch.setattr(dedup.scanning, "scan", stand_in, raising=False)
    return stand_in


@pytest.fixture
def pair_scanner(monkeypatch: pytest.MonkeyPatch) -> Scanner:
    """Replace `pairs`."""
    stand_in = Scanner()
    monkeypatch.setattr(dedup.scanning, "pairs", stand_in, raising=False)
    return stand_in


@dataclass(frozen=True)
class Ran:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Run the command line in this process."""

    def run(*arguments: str) -> Ran:
        code = main(arguments)
        written = capsysbinary.readouterr()
        return Ran(code, written.out.decode("utf-8"), written.err.decode("utf-8"))

    return run
