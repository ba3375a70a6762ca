"""Growth: time and memory of `dedup` with the number of documents, and under a memory budget.

    python -m benchmarks.scaling [--sizes 10000 100000 1000000] [--json FILE] [--plot FILE]
    python -m benchmarks.scaling --memory [--sizes 1800000]

Each command runs as a whole process over a generated corpus (see `benchmarks.corpus`) of documents of about 100 words,
plain and with one document in ten in the same bucket, as copies or as variants of a page. The table gives the exponent
of growth from one size to the next: log(time / time) / log(size / size), 1 where time is proportional. Under 10^5
documents it says little, because every process has its start in it. Of up to 1,000 copies of one page `pairs` writes
every pair, of more those with the first: up to 10^4 documents findings grow faster than documents there.

`--memory` runs `dedup pairs --memory` at the last size with a budget of a quarter of the text, compares what it writes
with the run without a budget byte for byte, and gives the ratio of the times.
"""

import argparse
import filecmp
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import Recipe, write_corpus
from benchmarks.json_lines import text_bytes
from benchmarks.process import ROOT, Run, processors, run_dedup
from benchmarks.spread import Spread, ratios, wide_console


@dataclass(frozen=True, slots=True)
class Work:
    """A command to measure, and the bucket of the corpus that it runs over."""

    name: str
    arguments: tuple[str, ...]
    bucket: str | None


GROWING = (10_000, 100_000, 1_000_000)
FOR_BUDGET = (1_800_000,)
"""A quarter of their text is what `--memory` takes at the least."""

WORKS = {
    "documents": Work("pairs", ("pairs",), None),
    "paragraphs": Work("pairs --level paragraph", ("pairs", "--level", "paragraph"), None),
    "scan": Work("scan", ("scan", "--format", "jsonl"), None),
    "rewrites": Work("pairs --relation rewrite", ("pairs", "--relation", "rewrite"), None),
    "bucket-varied": Work("pairs, a tenth variants of a page", ("pairs",), "varied"),
    "bucket-copies": Work("pairs, a tenth copies of a page", ("pairs",), "copies"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One command at one size: bytes of text, findings written, and its runs."""

    documents: int
    n_bytes: int
    findings: int
    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        """The least wall seconds: what others on the machine take is no growth."""
        return min(run.wall for run in self.runs)

    @property
    def peak(self) -> float:
        """The most memory, MB."""
        return max(run.peak for run in self.runs)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> list[float]:
    """The slope between neighbours on logarithmic axes; one fewer than there are values."""
    return [
        math.log(value / before) / math.log(size / smaller)
        for (smaller, size), (before, value) in zip(pairwise(sizes), pairwise(values), strict=True)
    ]


def corpus_file(documents: int, bucket: str | None, folder: Path) -> tuple[Path, int]:
    """A generated corpus, and the bytes of its text."""
    path = folder / f"{documents}-{bucket}.jsonl"
    if not path.exists():
        write_corpus(Recipe(documents, bucket=bucket), path)
    return path, text_bytes(path)


def warm_up(works: Sequence[str], pin: Sequence[int], folder: Path) -> None:
    """Run each command once: the first run on a machine caches the compiled kernels, and is not one to measure."""
    path, _ = corpus_file(10_000, None, folder)
    for arguments in {WORKS[name].arguments for name in works}:
        run_dedup((*arguments, str(path), "--quiet", "--output", str(folder / "warm.jsonl")), folder / "said", pin=pin)


def measure(
    work: Work, sizes: Sequence[int], rounds: int, pin: Sequence[int], folder: Path, console: Console
) -> list[Point]:
    """One command at all sizes; each is told as soon as it is known."""
    points = []
    output = folder / "findings.jsonl"
    for documents in sizes:
        path, n_bytes = corpus_file(documents, work.bucket, folder)
        arguments = (*work.arguments, str(path), "--quiet", "--output", str(output), "--workers", str(len(pin)))
        runs = tuple(run_dedup(arguments, folder / "said", pin=pin) for _ in range(rounds))
        with output.open("rb") as file:
            findings = sum(1 for _ in file)
        point = Point(documents, n_bytes, findings, runs)
        console.print(
            f"{work.name}, {documents:,} documents: {point.wall:,.2f} s, {point.peak:,.0f} MB", highlight=False
        )
        points.append(point)
    return points


def growth_table(measured: dict[str, list[Point]], pin: Sequence[int]) -> Table:
    """All points, with the exponents from the size before."""
    table = Table(title=f"growth, {len(pin)} processor(s), whole processes")
    for column in ("", "documents", "MB", "wall s", "MB/s", "peak MB", "findings", "time ~ n^", "memory ~ n^"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, points in measured.items():
        sizes = [point.documents for point in points]
        times = [math.nan, *exponent(sizes, [point.wall for point in points])]
        peaks = [math.nan, *exponent(sizes, [point.peak for point in points])]
        for point, time, peak in zip(points, times, peaks, strict=True):
            table.add_row(
                name,
                f"{point.documents:,}",
                f"{point.n_bytes / 1e6:,.1f}",
                f"{point.wall:,.2f}",
                f"{point.n_bytes / 1e6 / point.wall:,.1f}",
                f"{point.peak:,.0f}",
                f"{point.findings:,}",
                "" if math.isnan(time) else f"{time:.2f}",
                "" if math.isnan(peak) else f"{peak:.2f}",
            )
        table.add_section()
    return table


def has_memory_option() -> bool:
    """Whether this version of `dedup pairs` takes `--memory`."""
    command = (sys.executable, "-m", "dedup", "pairs", "--help")
    return "--memory" in subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout


@dataclass(frozen=True, slots=True)
class Budgeted:
    """Runs without a budget and under one, alternating; `same` where both wrote the same bytes."""

    documents: int
    n_bytes: int
    budget: str
    free: tuple[Run, ...]
    under: tuple[Run, ...]
    same: bool

    @property
    def slower(self) -> Spread:
        """How many times the wall of the free run, round by round; the text is the same, so it is the ratio per MB."""
        return ratios([run.wall for run in self.under], [run.wall for run in self.free])


def measure_budget(documents: int, rounds: int, pin: Sequence[int], folder: Path) -> Budgeted:
    """`pairs` over a corpus four times its budget."""
    path, n_bytes = corpus_file(documents, None, folder)
    budget = f"{max(n_bytes // 4 >> 20, 1)}MiB"
    free, under, same = [], [], True
    arguments = ("pairs", str(path), "--quiet", "--workers", str(len(pin)), "--output")
    unlimited, limited = folder / "free.jsonl", folder / "budget.jsonl"
    for _ in range(rounds):
        free.append(run_dedup((*arguments, str(unlimited)), folder / "said", pin=pin))
        under.append(run_dedup((*arguments, str(limited), "--memory", budget), folder / "said", pin=pin))
        same &= filecmp.cmp(unlimited, limited, shallow=False)
    return Budgeted(documents, n_bytes, budget, tuple(free), tuple(under), same)


def print_budget(measured: Budgeted, console: Console) -> None:
    """What the budget costs, and whether it changed the result."""
    table = Table(f"{measured.documents:,} documents, {measured.n_bytes / 1e6:,.0f} MB", "wall s", "peak MB")
    for name, runs in (("no budget", measured.free), (f"--memory {measured.budget}", measured.under)):
        peak = max(run.peak for run in runs)
        table.add_row(name, Spread.of([run.wall for run in runs]).shown(2), f"{peak:,.0f}")
    table.add_row("times as long", measured.slower.shown(2), "")
    console.print(table)
    console.print("the results are the same, byte for byte" if measured.same else "the results DIFFER")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", help=f"documents (default: {GROWING}, or {FOR_BUDGET})")
    parser.add_argument("--works", nargs="+", choices=tuple(WORKS), default=list(WORKS), help="what to measure")
    parser.add_argument("--runs", type=int, default=1, help="runs of each; the fastest counts (default: 1)")
    parser.add_argument("--cores", type=int, default=1, help="processors to use (default: 1)")
    parser.add_argument("--memory", action="store_true", help="measure a memory budget instead of growth")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements here")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the growth here, as .svg or .png")
    arguments = parser.parse_args()
    arguments.sizes = sorted(arguments.sizes or (FOR_BUDGET if arguments.memory else GROWING))
    if arguments.runs < 1 or arguments.sizes[0] < 1 or len(set(arguments.sizes)) < len(arguments.sizes):
        parser.error("--runs and --sizes are at least 1, and the sizes differ")
    if not 1 <= arguments.cores <= len(processors()):
        parser.error(f"this process may use 1 to {len(processors())} processors, not {arguments.cores}")
    return arguments


def main() -> int:
    """Measure, and print the tables."""
    arguments = parse_arguments()
    console = wide_console()
    pin = processors()[: arguments.cores]
    said: dict[str, object] = {"processors": len(pin)}
    code = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        warm_up(arguments.works, pin, folder)
        if arguments.memory:
            if not has_memory_option():
                console.print("This version of `dedup pairs` has no --memory: nothing to measure.")
                return 2
            budgeted = measure_budget(arguments.sizes[-1], arguments.runs, pin, folder)
            print_budget(budgeted, console)
            said["budget"] = asdict(budgeted) | {"slower": asdict(budgeted.slower)}
            code = 0 if budgeted.same else 1
        else:
            measured: dict[str, list[Point]] = {}
            for name in arguments.works:
                work = WORKS[name]
                measured[work.name] = measure(work, arguments.sizes, arguments.runs, pin, folder, console)
            console.print(growth_table(measured, pin))
            said["growth"] = {name: [asdict(point) for point in points] for name, points in measured.items()}
            if arguments.plot:
                from benchmarks.drawing import draw_growth

                lines = [
                    (name, arguments.sizes, ([point.wall for point in points], [point.peak for point in points]))
                    for name, points in measured.items()
                ]
                draw_growth(lines, arguments.plot, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
