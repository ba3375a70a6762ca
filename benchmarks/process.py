"""Running a command as a whole process, with its time and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: wall and CPU seconds, and its peak resident memory in MB."""

    wall: float
    cpu: float
    peak: float


def run_dedup(arguments: Sequence[str], output: Path) -> Run:
    """Run `dedup` with its standard output in a file.

    Raises RuntimeError, with what it said, where it fails.
    """
    command = [sys.executable, "-m", "dedup", *arguments]
    with output.open("wb") as stdout, output.with_suffix(".err").open("w+") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        # The process is reaped already; Popen must not look for it.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            stderr.seek(0)
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{stderr.read()}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
