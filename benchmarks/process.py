"""Running a command as a whole process, with its time and memory."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_THREADS = (
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TOKENIZERS_NUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: wall and CPU seconds, and its peak resident memory in MB (2^20 bytes)."""

    wall: float
    cpu: float
    peak: float


def processors() -> tuple[int, ...]:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


@contextmanager
def pinned(to: Sequence[int] | None) -> Iterator[None]:
    """What is started within inherits these processors; nothing happens for None or where there is no pinning."""
    if to is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def environment(threads: int | None) -> dict[str, str]:
    """The environment of a run: the variables by which libraries are told the number of threads, all alike."""
    changed = {} if threads is None else dict.fromkeys(_THREADS, str(threads))
    # An installed package has its bytecode cached; so is it to be here, from the first run on.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **changed}


def run(command: Sequence[str], output: Path, *, pin: Sequence[int] | None = None) -> Run:
    """Run a command in the folder of the project with its standard output in a file, on the processors of `pin`.

    Raises RuntimeError, with what it said, where it fails.
    """
    settings = environment(None if pin is None else len(pin))
    report = output.with_suffix(".usage")
    launcher = (sys.executable, "-I", "-S", str(ROOT / "benchmarks" / "launching.py"), str(report))
    with output.open("wb") as stdout, output.with_suffix(".err").open("w+") as stderr, pinned(pin):
        finished = subprocess.run(
            (*launcher, *command), stdout=stdout, stderr=stderr, cwd=ROOT, env=settings, check=False
        )
        if finished.returncode:
            stderr.seek(0)
            raise RuntimeError(f"{' '.join(command)} exited with {finished.returncode}:\n{stderr.read()}")
    return Run(**json.loads(report.read_text(encoding="ascii")))


def run_dedup(arguments: Sequence[str], output: Path, *, pin: Sequence[int] | None = None) -> Run:
    """Run `dedup` with its standard output in a file, as `run`; it takes as many workers as it may use processors."""
    return run([sys.executable, "-m", "dedup", *arguments], output, pin=pin)
