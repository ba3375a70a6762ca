"""Precision and recall of prompt residue by line, with intervals, and false lines in text written by people.

    python -m benchmarks.quality.residue --data PATH

PATH is a folder with `residue/llm-outputs.jsonl.gz` (`text`, `label` 0 or 1, `kind`, `evidence`: the words that make
it residue) and `reviews-and-news/full.parquet` (`text`, by people, from before there were assistants: every line
flagged there is false, and is printed). The labelled texts are split by a hash of their evidence, so that no wording
is on both sides: the first half was read when the rules were written, the second was only counted. The baseline is
literal markers alone: the rules of weight 4, such as a plugin's shortcode or "as an AI language model".
"""

import argparse
import gzip
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dedup.labelling.residue import find_residue, matching_rules
from dedup.labelling.residue_grammar import RESIDUE_WEIGHT, SUSPECT_WEIGHT, shipped_grammar
from dedup.model import ResidueSpan

LITERAL_WEIGHT = 4.0
SHOWN = 40
CHARACTERS_SHOWN = 160
CONFIDENCE = 1.959963984540054

Finder = Callable[[str], list[str]]
"""Gives the kinds of the lines of a text that it flags."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its label, the kind of residue (or of hard negative), and the half it belongs to."""

    text: str
    positive: bool
    kind: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson 1927)."""

    part: int
    whole: int

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of the interval; (0, 1) where nothing was counted."""
        if not self.whole:
            return 0.0, 1.0
        share, spread = self.part / self.whole, CONFIDENCE**2 / self.whole
        middle = (share + spread / 2) / (1 + spread)
        radius = CONFIDENCE * math.sqrt(share * (1 - share) / self.whole + spread / (4 * self.whole)) / (1 + spread)
        return max(0.0, middle - radius), min(1.0, middle + radius)

    def __str__(self) -> str:
        if not self.whole:
            return "–"
        lower, upper = self.interval
        return f"{self.part / self.whole:.4f} [{lower:.4f}, {upper:.4f}]"


def read_labelled(path: Path) -> list[Labelled]:
    """The labelled texts, each with its half."""
    labelled = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            digest = hashlib.sha256((row["evidence"] or row["text"]).encode("utf-8", "surrogatepass")).digest()
            labelled.append(Labelled(row["text"], bool(row["label"]), row["kind"], bool(digest[0] & 1)))
    return labelled


def read_texts(path: Path) -> Iterator[str]:
    """The column `text` of a Parquet file, a batch at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=2000, columns=["text"]):
            yield from batch.column(0).to_pylist()


def by_weight(least: float) -> Finder:
    """The grammar, at a least weight."""
    return lambda text: [found.kind for found in find_residue(text, suspect=True) if found.weight >= least]


def literal_markers(text: str) -> list[str]:
    """The baseline: any rule that says nothing else."""
    kinds = {rule.name: rule.kind for rule in shipped_grammar().rules if rule.weight >= LITERAL_WEIGHT}
    return [kinds[name] for line in text.split("\n") for name in matching_rules(line) if name in kinds][:1]


def measure(name: str, half: str, rows: Sequence[Labelled], find: Finder) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows of the table: a text is flagged when one of its lines is."""
    flagged = [(row, found[0]) for row in rows if (found := find(row.text))]
    true = sum(row.positive for row, _ in flagged)
    recall = Share(true, sum(row.positive for row in rows))
    yield name, half, "all", str(Share(true, len(flagged))), f"{recall} of {recall.whole}"
    for kind in sorted({row.kind for row in rows if row.positive}):
        whole = sum(row.kind == kind for row in rows)
        yield (
            name,
            half,
            f"labelled {kind}",
            "",
            f"{Share(sum(row.kind == kind for row, _ in flagged), whole)} of {whole}",
        )
    for kind in sorted({found for _, found in flagged}):
        of_kind = [row for row, found in flagged if found == kind]
        yield name, half, f"found as {kind}", f"{Share(sum(row.positive for row in of_kind), len(of_kind))}", ""


def evaluate_labelled(rows: Sequence[Labelled], console: Console) -> None:
    """Precision and recall on the labelled texts."""
    table = Table("finder", "half", "kind", "precision", "recall", title="Labelled texts, 95 % intervals")
    finders = {
        f"grammar ≥ {RESIDUE_WEIGHT:g}": by_weight(RESIDUE_WEIGHT),
        f"grammar ≥ {SUSPECT_WEIGHT:g}": by_weight(SUSPECT_WEIGHT),
        "literal markers": literal_markers,
    }
    halves = {
        "both": list(rows),
        "read": [row for row in rows if not row.held_out],
        "held out": [row for row in rows if row.held_out],
    }
    for name, find in finders.items():
        for half, part in halves.items():
            for line in measure(name, half, part, find):
                table.add_row(*line)
        table.add_section()
    console.print(table)


def evaluate_people(texts: Iterable[str], console: Console) -> None:
    """False lines in text by people."""
    documents = lines = characters = 0
    false: list[tuple[ResidueSpan, str]] = []
    seconds = 0.0
    for text in texts:
        documents += 1
        lines += sum(bool(line.strip()) for line in text.split("\n"))
        characters += len(text)
        begin = time.perf_counter()
        found = find_residue(text, suspect=True)
        seconds += time.perf_counter() - begin
        false.extend((each, text[each.span.start : each.span.end]) for each in found)
    flagged = sum(each.weight >= RESIDUE_WEIGHT for each, _ in false)
    lower, upper = (1e6 * bound for bound in Share(flagged, lines).interval)
    console.print(
        f"By people: {documents:,} documents, {lines:,} lines that are not empty, {characters / 1e6:,.0f} million "
        f"characters in {seconds:.1f} s.\nFalse lines: {flagged} at {RESIDUE_WEIGHT:g} or more ({lower:.1f} to "
        f"{upper:.1f} in a million lines at 95 %), {len(false) - flagged} suspects."
    )
    for each, line in sorted(false, key=lambda found: -found[0].weight)[:SHOWN]:
        console.print(escape(f"  {each.weight:g} {each.rule}: {line[:CHARACTERS_SHOWN]!r}"))


def main() -> int:
    """Run the evaluation and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    arguments = parser.parse_args()
    labelled = arguments.data / "residue" / "llm-outputs.jsonl.gz"
    people = arguments.data / "reviews-and-news" / "full.parquet"
    for path in (labelled, people):
        if not path.exists():
            print(
                f"There is no {path}: give the folder that holds residue and reviews-and-news with --data.",
                file=sys.stderr,
            )
            return 2

    console = Console()
    evaluate_labelled(read_labelled(labelled), console)
    evaluate_people(read_texts(people), console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
