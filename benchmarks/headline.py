"""The headline: `dedup pairs` and other tools on one file, each as a whole process on as many processors.

    python -m benchmarks.headline --data PATH [--set full|small]
    python -m benchmarks.headline --generated 100000

PATH is the folder of the labelled corpora: `reviews-and-news/SET.parquet` and `SET_allpairs_j5_ge0.5.txt.gz` (every
pair whose word 5-grams have a resemblance of .5 or more: `id id resemblance`). Without it a corpus is generated, with
the pairs planted in it as truth. Each tool is run `--runs` times, in turn; ratios are taken round by round. Other tools
are optional: `pip install -e '.[bench]'`, or another Python that has them with `--peer-python`.

`--sketch` measures besides, in processes of their own: MinHash alone on ready hashes against rensa's, text in memory to
band keys for several scripts, and what two processors gain.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import THRESHOLDS, Accuracy, Pair, measure_accuracy, read_all_pairs
from benchmarks.contenders import PEERS, Contender, installed_version, ours, peers
from benchmarks.corpus import Recipe, read_truth, write_corpus
from benchmarks.json_lines import convert, text_bytes
from benchmarks.process import ROOT, Run, processors
from benchmarks.spread import Spread, ratios, wide_console

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is read: the file of JSON lines, its name in the table, the bytes of its texts, and the true pairs."""

    name: str
    path: Path
    n_bytes: int
    truth: dict[Pair, float]


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table: all runs of a contender, and how its pairs compare with the truth."""

    name: str
    ours: bool
    runs: tuple[Run, ...]
    accuracy: Accuracy

    @property
    def walls(self) -> list[float]:
        """Wall seconds of the runs in order."""
        return [run.wall for run in self.runs]


def labelled(data: Path, name: str, folder: Path) -> Corpus:
    """The labelled corpus as JSON lines. Raises FileNotFoundError."""
    source = data / "reviews-and-news" / f"{name}.parquet"
    truth = source.with_name(f"{name}_allpairs_j5_ge0.5.txt.gz")
    for path in (source, truth):
        if not path.exists():
            raise FileNotFoundError(path)
    target = folder / f"{name}.jsonl"
    convert(source, target)
    return Corpus(f"reviews-and-news/{name}", target, text_bytes(target), read_all_pairs(truth))


def generated(documents: int, folder: Path) -> Corpus:
    """A generated corpus and its planted pairs."""
    target, truth = folder / "generated.jsonl", folder / "generated.truth.tsv"
    summary = write_corpus(Recipe(documents), target, truth)
    pairs = {pair: origin.resemblance for pair, origin in read_truth(truth).items()}
    return Corpus(f"generated, {documents:,} documents", target, summary.n_bytes, pairs)


def compete(
    contenders: Sequence[Contender], corpus: Corpus, folder: Path, rounds: int, pin: Sequence[int], console: Console
) -> list[Result]:
    """Run all in turn, so many rounds, and compare what they found."""
    # Compiled kernels are cached by the first run on a machine, which is not the one to measure.
    contenders[0].run(corpus.path, folder, pin)
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            run = contender.run(corpus.path, folder, pin)
            runs[contender.name].append(run)
            console.print(f"round {number + 1}: {contender.name}: {run.wall:.2f} s", highlight=False)
    return [
        Result(
            contender.name,
            contender.ours,
            tuple(runs[contender.name]),
            measure_accuracy(contender.pairs(folder).keys(), corpus.truth),
        )
        for contender in contenders
    ]


def results_table(results: Sequence[Result], corpus: Corpus, pin: Sequence[int]) -> Table:
    """Time, memory, recall and precision, and how many times slower than dedup each is."""
    table = Table(title=f"{corpus.name}, {corpus.n_bytes / 1e6:,.0f} MB of text, {len(pin)} processor(s)")
    table.add_column("")
    recalls = (f"recall\n≥ {threshold}" for threshold in THRESHOLDS)
    times = (f"times the wall\nof {own.name}" for own in results if own.ours)
    for column in ("wall s", "CPU s", "MB/s", "peak\nMB", *recalls, f"precision\n≥ {THRESHOLDS[0]}", *times):
        table.add_column(column, justify="right", no_wrap=True)
    for result in results:
        table.add_row(
            result.name,
            Spread.of(result.walls).shown(2),
            Spread.of([run.cpu for run in result.runs]).shown(2),
            f"{corpus.n_bytes / 1e6 / Spread.of(result.walls).median:,.1f}",
            f"{max(run.peak for run in result.runs):,.0f}",
            *map(str, result.accuracy.recall),
            str(result.accuracy.precision),
            *(ratios(result.walls, own.walls).shown(2) for own in results if own.ours),
        )
    return table


def explain(pairs: Mapping[Pair, float | None], truth: Mapping[Pair, float], name: str, console: Console) -> None:
    """Name the pairs that dedup reports and the truth has under the threshold, and why that can be."""
    least = THRESHOLDS[0]
    differing = sorted(pair for pair in pairs if truth.get(pair, 0.0) < least)
    if not differing:
        return
    console.print(
        f"{name} reports {len(differing)} pair(s) that the truth has under {least}. Each is at or over {least} by "
        "dedup's own words: it folds case and accents of every script and joins combining marks, the truth folds ASCII "
        "alone and takes any other byte for a letter, typographic quotation marks and dashes among them."
    )
    for pair in differing[:SHOWN]:
        console.print(f"  {pair[0]} {pair[1]}: dedup {pairs[pair] or 0.0:.6f}, truth {truth.get(pair, 0.0):.6f}")


def as_json(results: Sequence[Result], corpus: Corpus, pin: Sequence[int], missing: Sequence[str]) -> dict[str, object]:
    """All that was measured, run by run."""
    rows = [
        {
            "name": result.name,
            "runs": [asdict(run) for run in result.runs],
            "wall": asdict(Spread.of(result.walls)),
            "mb_per_second": corpus.n_bytes / 1e6 / Spread.of(result.walls).median,
            "recall": {
                str(least): asdict(share) for least, share in zip(THRESHOLDS, result.accuracy.recall, strict=True)
            },
            "precision": asdict(result.accuracy.precision),
            "ratios": {own.name: asdict(ratios(result.walls, own.walls)) for own in results if own.ours},
        }
        for result in results
    ]
    return {
        "corpus": corpus.name,
        "text_bytes": corpus.n_bytes,
        "processors": len(pin),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "dedup": installed_version(sys.executable, "neardup"),
        "results": rows,
        "missing": list(missing),
    }


def more_measurements(corpus: Corpus, folder: Path, rounds: int, console: Console) -> dict[str, object]:
    """Run the measurements within a process, each in one of its own, and give what they say as JSON."""
    said: dict[str, object] = {}
    for module in ("sketching", "two_cores"):
        target = folder / f"{module}.json"
        command = [sys.executable, "-m", f"benchmarks.{module}", str(corpus.path), "--json", str(target)]
        code = subprocess.run([*command, "--runs", str(rounds)], cwd=ROOT, check=False).returncode
        if code:
            console.print(f"benchmarks.{module} exited with {code}", style="yellow")
        elif target.exists():
            said[module] = json.loads(target.read_text(encoding="utf-8"))
    return said


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the labelled corpora (default: generate one)")
    parser.add_argument("--set", choices=("full", "small"), default="full", help="which corpus (default: full)")
    parser.add_argument("--generated", type=int, default=100_000, metavar="N", help="documents to generate")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--cores", type=int, default=1, help="processors to use (default: 1)")
    parser.add_argument("--peers", nargs="*", choices=tuple(PEERS), help="other tools to run (default: the fast ones)")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has them (default: this one)")
    parser.add_argument(
        "--peer-tokens",
        choices=("findall", "split"),
        default="findall",
        help="how they take words; see benchmarks.peers",
    )
    parser.add_argument("--sketch", action="store_true", help="measure sketching and two processors besides")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements here")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them here, as .svg or .png")
    arguments = parser.parse_args()
    if arguments.runs < 1 or arguments.cores < 1:
        parser.error("--runs and --cores are at least 1")
    if arguments.cores > len(processors()):
        parser.error(f"this process may use {len(processors())} processor(s), not {arguments.cores}")
    return arguments


def main() -> int:
    """Run the comparison and print its table."""
    arguments = parse_arguments()
    console = wide_console()
    pin = processors()[: arguments.cores]
    names = arguments.peers
    if names is None:
        names = [name for name, peer in PEERS.items() if peer.by_default]
    others, missing = peers(names, arguments.peer_python, arguments.peer_tokens)
    for name in missing:
        console.print(f"{name} is missing: {arguments.peer_python} has no package {PEERS[name].distribution}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            corpus = (
                labelled(arguments.data, arguments.set, folder)
                if arguments.data
                else generated(arguments.generated, folder)
            )
        except FileNotFoundError as error:
            print(f"There is no {error}: give the folder that holds reviews-and-news with --data.", file=sys.stderr)
            return 2
        contenders = [*ours(), *others]
        results = compete(contenders, corpus, folder, arguments.runs, pin, console)
        console.print(results_table(results, corpus, pin))
        for contender in contenders:
            if contender.ours:
                explain(contender.pairs(folder), corpus.truth, contender.name, console)
        said = as_json(results, corpus, pin, missing)
        said["peer_tokens"] = arguments.peer_tokens
        if arguments.sketch:
            said |= more_measurements(corpus, folder, arguments.runs, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(said, indent=2) + os.linesep, encoding="utf-8")
    if arguments.plot:
        from benchmarks.drawing import draw_headline

        bars = [(result.name, Spread.of([corpus.n_bytes / 1e6 / wall for wall in result.walls])) for result in results]
        draw_headline(bars, corpus.name, arguments.plot, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
