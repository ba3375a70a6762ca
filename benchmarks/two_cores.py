"""What two processors gain, from text in memory to verified pairs, against two runs on one processor side by side.

    python -m benchmarks.two_cores TEXTS.jsonl [--runs N] [--megabytes N] [--json FILE]

Three processes hold the same texts: one pinned to one processor, one to another, one to both. In turn are timed: the
first alone (T1), the first two side by side (Ts, the slower of them), and the third with two workers (T2). Two workers
gain T1 / T2; two independent runs gain 2 T1 / Ts, which is what the machine gives at that moment. The quotient of both,
Ts / (2 T2), is what serial work and locks leave of it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO
from unittest.mock import patch

from rich.table import Table

from benchmarks.process import ROOT, environment, pinned, processors
from benchmarks.spread import Spread, ratios, wide_console


def serve(path: Path, limit: int, workers: int) -> None:
    """The child: hold texts in memory as the reader gives them, and time a scan of them for each line on stdin.

    The first line it prints says whether reading is outside of what is timed.
    """
    from dedup.reading import ReadOptions, read_batches
    from dedup.scanning import batch as scanning

    batches, size = [], 0
    for each in read_batches([str(path)], ReadOptions(), lambda _: None):
        batches.append(each)
        size += each.texts.n_bytes
        if size >= limit:
            break

    def scan() -> int:
        # The one place that knows how the scan gets its batches.
        with patch.object(scanning, "_batches", lambda *_: (iter(batches), 0)):
            return len(scanning.pairs([str(path)], workers=workers).matches)

    pairs = scan()
    print(json.dumps({"bytes": size, "pairs": pairs}), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        again = scan()
        seconds = time.perf_counter() - started
        assert again == pairs
        print(seconds, flush=True)


class _Child:
    """A process that scans on demand."""

    def __init__(self, path: Path, limit: int, pin: tuple[int, ...]) -> None:
        command = [sys.executable, "-m", "benchmarks.two_cores", str(path), "--megabytes", str(limit >> 20)]
        settings = {**environment(len(pin)), "DEDUP_KERNELS": "compiled"}
        with pinned(pin):
            self._process = subprocess.Popen(
                [*command, "--serve", str(len(pin))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=settings,
            )
        self.said: dict[str, int] = json.loads(self.answer())

    def ask(self) -> None:
        """Start one scan."""
        print("scan", file=self._pipe(self._process.stdin), flush=True)

    def answer(self) -> str:
        """What it prints next. Raises RuntimeError where it died."""
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise RuntimeError("a process of the measurement died; what it said stands above")
        return line

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def measure(path: Path, limit: int, rounds: int, pin: tuple[int, int]) -> tuple[dict[str, list[float]], int]:
    """Seconds of T1, Ts and T2, round by round, and the bytes of text."""
    children = [_Child(path, limit, each) for each in ((pin[0],), (pin[1],), pin)]
    one, other, both = children
    times: dict[str, list[float]] = {"one": [], "side by side": [], "two workers": []}
    for _ in range(rounds):
        for name, asked in (("one", [one]), ("side by side", [one, other]), ("two workers", [both])):
            for child in asked:
                child.ask()
            times[name].append(max(float(child.answer()) for child in asked))
    for child in children:
        child.close()
    assert one.said == other.said == both.said
    return times, one.said["bytes"]


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, metavar="TEXTS.jsonl", help="records with id and text")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--megabytes", type=int, default=64, help="take about so much of the text (default: 64)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements here")
    parser.add_argument("--serve", type=int, metavar="WORKERS", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    limit = arguments.megabytes << 20
    if arguments.serve:
        serve(arguments.texts, limit, arguments.serve)
        return 0
    pin = processors()[:2]
    if len(pin) < 2 or not hasattr(os, "sched_setaffinity"):
        print("This needs two processors, and a platform that pins processes to them.", file=sys.stderr)
        return 2
    times, n_bytes = measure(arguments.texts, limit, arguments.runs, (pin[0], pin[1]))
    gain = ratios(times["one"], times["two workers"])
    control = ratios([2 * value for value in times["one"]], times["side by side"])
    share = ratios(times["side by side"], [2 * value for value in times["two workers"]])
    table = Table(f"{n_bytes / 1e6:,.0f} MB in memory to verified pairs", "median (range)")
    for name, values in times.items():
        table.add_row(f"{name}, s", Spread.of(values).shown(2))
    table.add_row("two workers gain", gain.shown(2))
    table.add_row("two independent runs gain", control.shown(2))
    table.add_row("the one relative to the other", share.shown(2))
    wide_console().print(table)
    if arguments.json:
        said = {"seconds": times, "gain": asdict(gain), "control": asdict(control), "relative": asdict(share)}
        arguments.json.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
