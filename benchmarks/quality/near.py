"""Recall and precision of near-duplicates, paragraph copies and containment, with time and memory.

    python -m benchmarks.quality.near --data PATH [--set full|small]

PATH is a folder with `reviews-and-news/SET.parquet` (`id`, `text`), `SET_allpairs_j5_ge0.5.txt.gz` (every pair whose
word 5-grams have a resemblance of .5 or more: `id id resemblance`) and `SET_injected_j5.txt.gz` (the injected copies:
`id id kind resemblance`).
"""

import argparse
import gzip
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.process import Run, run_dedup

THRESHOLD = 0.7
CASES = 1000
SHOWN = 20

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a share with its numerator and denominator."""

    level: str
    kind: str
    measure: str
    part: int
    whole: int


def findings(path: Path) -> Iterator[dict[str, object]]:
    """The JSON lines of a file."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)


def pair_of(finding: dict[str, object]) -> Pair:
    """The ids of both sides, the smaller first."""
    sides = [finding[side] for side in ("left", "right")]
    ids = sorted(side["document"] for side in sides if isinstance(side, dict))
    return int(ids[0]), int(ids[1])


def evaluate_documents(output: Path, truth: dict[Pair, float], console: Console) -> list[Row]:
    """Document level against the truth file; what differs is listed with the reason."""
    found: dict[Pair, tuple[str, float]] = {}
    for finding in findings(output):
        resemblance = finding["resemblance"]
        assert isinstance(resemblance, float)
        found[pair_of(finding)] = (str(finding["relation"]), resemblance)
    over = {pair: (relation, value) for pair, (relation, value) in found.items() if relation in ("exact", "near")}
    rows = []
    for threshold in (0.7, 0.8, 0.9):
        wanted = {pair for pair, value in truth.items() if value >= threshold}
        rows.append(Row("document", f"resemblance ≥ {threshold}", "recall", len(wanted & found.keys()), len(wanted)))
    holds = sum(value >= THRESHOLD for _, value in over.values())
    rows.append(Row("document", "exact, near", "at or over the threshold", holds, len(over)))
    agreed = sum(truth.get(pair, 0.0) >= THRESHOLD for pair in over)
    rows.append(Row("document", "exact, near", "in the truth file at ≥ .7", agreed, len(over)))

    differing = [(pair, value) for pair, (_, value) in over.items() if truth.get(pair, 0.0) < THRESHOLD]
    missed = [(pair, value) for pair, value in truth.items() if value >= THRESHOLD and pair not in found]
    changed = sum(abs(truth[pair] - value) > 1e-5 for pair, (_, value) in found.items() if pair in truth)
    console.print(
        f"{changed:,} of {len(found):,} pairs have another resemblance than in the truth file, by the tokeniser: it "
        "folds case and accents of every script and joins combining marks, the truth folds ASCII alone and takes any "
        "other byte for a letter, typographic quotation marks and dashes among them."
    )
    for title, pairs in (("reported, under .7 in the truth file", differing), ("missed by the index", missed)):
        console.print(f"{len(pairs)} pairs {title}" + (":" if pairs else "."))
        for pair, value in sorted(pairs)[:SHOWN]:
            console.print(f"  {pair[0]} {pair[1]}: ours or truth's {value:.6f}, truth {truth.get(pair, 0.0):.6f}")
    return rows


def evaluate_paragraphs(output: Path, injected: dict[Pair, str], texts: dict[int, str]) -> list[Row]:
    """Paragraph level: which injected copies of a paragraph are found, with spans that hold the same words."""
    wanted = {pair for pair, kind in injected.items() if kind == "para"}
    found: set[Pair] = set()
    agreeing = spans = 0
    for finding in findings(output):
        pair = pair_of(finding)
        if pair not in wanted:
            continue
        left, right = (_slice(finding[side], texts) for side in ("left", "right"))
        spans += 1
        agreeing += _agree(left, right, str(finding["relation"]))
        found.add(pair)
    return [
        Row("paragraph", "injected paragraph copies", "recall", len(found), len(wanted)),
        Row("paragraph", "injected paragraph copies", "spans that slice back", agreeing, spans),
    ]


def _agree(left: str, right: str, relation: str) -> bool:
    """Whether two slices have the same words, or for `near` most of them."""
    one, other = re.findall(r"\w+", left.lower()), re.findall(r"\w+", right.lower())
    if relation == "exact":
        return one == other
    return 2 * len(set(one) & set(other)) > len(set(one) | set(other))


def _slice(side: object, texts: dict[int, str]) -> str:
    assert isinstance(side, dict)
    return texts[side["document"]][side["start"] : side["end"]]


def contained_cases(texts: dict[int, str], path: Path) -> set[Pair]:
    """Write documents of which one holds another, in four ways; the pairs (holder, held) by id."""
    generator = random.Random(20)
    sources = [text for text in texts.values() if 60 <= len(text.split()) <= 400]
    generator.shuffle(sources)
    pairs = set()
    with path.open("w", encoding="utf-8") as file:
        for case in range(min(CASES, len(sources) // 3)):
            held, before, behind = sources[3 * case : 3 * case + 3]
            joined = (
                f"{before}\n\n{held}\n\n{behind}",
                f"{held}\n\n{behind}\n\n{before}",
                f"{before} {held} {behind}",
                _inserted(before + "\n\n" + behind, held, generator),
            )[case % 4]
            for number, text in ((2 * case, held), (2 * case + 1, joined)):
                file.write(json.dumps({"id": number, "text": text}) + "\n")
            pairs.add((2 * case, 2 * case + 1))
    return pairs


def _inserted(text: str, held: str, generator: random.Random) -> str:
    words = text.split(" ")
    place = generator.randrange(len(words))
    return " ".join([*words[:place], held, *words[place:]])


def evaluate_containment(output: Path, wanted: set[Pair]) -> list[Row]:
    """Which generated pairs are found, and whether each reported one is over the threshold."""
    contains = [finding for finding in findings(output) if finding["relation"] == "contains"]
    found = {pair_of(finding) for finding in contains}
    holds = 0
    for finding in contains:
        containment = finding["containment"]
        assert isinstance(containment, list)
        holds += max(containment) >= 0.9
    return [
        Row("document", "contains (generated)", "recall", len(found & wanted), len(wanted)),
        Row("document", "contains (generated)", "at or over the threshold", holds, len(contains)),
    ]


def _share(row: Row) -> str:
    """Four decimals, rounded down, so that 1.0000 means all."""
    return f"{10_000 * row.part // max(row.whole, 1) / 10_000:.4f}"


def read_parquet(path: Path) -> dict[int, str]:
    """The texts of a Parquet file by id."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=["id", "text"])
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))


def main() -> int:
    """Run the evaluation and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    parser.add_argument("--set", choices=("full", "small"), default="full", help="which corpus (default: full)")
    arguments = parser.parse_args()
    folder = arguments.data / "reviews-and-news"
    corpus = folder / f"{arguments.set}.parquet"
    if not corpus.exists():
        print(f"There is no {corpus}: give the folder that holds reviews-and-news with --data.", file=sys.stderr)
        return 2

    console = Console()
    with gzip.open(folder / f"{arguments.set}_allpairs_j5_ge0.5.txt.gz", "rt") as file:
        fields = [line.split() for line in file]
    truth = {(int(one), int(two)): float(value) for one, two, value in fields}
    with gzip.open(folder / f"{arguments.set}_injected_j5.txt.gz", "rt") as file:
        fields = [line.split() for line in file]
    injected = {(min(int(one), int(two)), max(int(one), int(two))): kind for one, two, kind, _ in fields}
    texts = read_parquet(corpus)

    rows: list[Row] = []
    runs: list[tuple[str, Run]] = []
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "pairs.jsonl"
        run = run_dedup(["pairs", str(corpus), "--level", "document", "--threshold", str(THRESHOLD)], output)
        runs.append((f"pairs --level document --threshold {THRESHOLD}", run))
        rows += evaluate_documents(output, truth, console)
        run = run_dedup(["pairs", str(corpus), "--level", "paragraph"], output)
        runs.append(("pairs --level paragraph", run))
        rows += evaluate_paragraphs(output, injected, texts)
        generated = Path(temporary) / "contained.jsonl"
        wanted = contained_cases(texts, generated)
        run = run_dedup(["pairs", str(generated), "--relation", "contains"], output)
        runs.append(("pairs --relation contains, generated", run))
        rows += evaluate_containment(output, wanted)

    table = Table("level", "kind", "measure", "share", "of")
    for row in rows:
        table.add_row(row.level, row.kind, row.measure, _share(row), f"{row.whole:,}")
    console.print(table)
    table = Table("command", "wall s", "CPU s", "peak MB")
    for name, run in runs:
        table.add_row(name, f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{run.peak:.0f}")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
