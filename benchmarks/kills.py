"""Killing `dedup filter` at random moments: `python -m benchmarks.kills --kills 200`.

Runs of several kinds are killed with SIGKILL after a random number of events (calls and returns in `dedup.filtering`
and `dedup.index`) and begun again with the same command until they come to their end; then all outputs must be, byte
for byte, those of a run that nobody disturbed. Everything is drawn from `--seed`.
"""

import argparse
import gzip
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.killing import Victim

_SHARE = 0.4
"""A run is killed within this share of the events of an undisturbed one, so that most take several attempts."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way of running the filter; `source` and `target` are names in a folder."""

    name: str
    source: str
    target: str
    options: tuple[str, ...] = ()
    through_stdin: bool = False

    def arguments(self, folder: Path, inputs: Path) -> list[str]:
        """The command, with its outputs and its index in a folder."""
        source = "-" if self.through_stdin else str(inputs / self.source)
        target = str(folder / self.target) + ("/" if self.target.endswith("/") else "")
        arguments = ["filter", source, target, "--index", str(folder / "seen.dedup")]
        if "--mode" not in self.options:
            arguments += ["--rejected", str(folder / "rejected.jsonl")]
        return [*arguments, "--quarantine", str(folder / "quarantine.jsonl"), "--batch", "40", *self.options]

    def stdin(self, inputs: Path) -> str | None:
        """The file to be read as standard input."""
        return str(inputs / self.source) if self.through_stdin else None


SCENARIOS = (
    Scenario("lines to a file", "crawl.jsonl", "out.jsonl"),
    Scenario("lines to shards", "crawl.jsonl", "out/"),
    Scenario("a pipe to a file", "crawl.jsonl", "out.jsonl", through_stdin=True),
    Scenario("compressed lines to compressed lines", "crawl.jsonl.gz", "out.jsonl.gz"),
    Scenario("lines annotated", "crawl.jsonl", "out.jsonl", ("--mode", "annotate")),
    Scenario("lines with passages", "crawl.jsonl", "out.jsonl", ("--mode", "annotate", "--level", "both")),
    Scenario("lines without passages", "crawl.jsonl", "out.jsonl", ("--mode", "clean", "--level", "both")),
    Scenario("Parquet to a file", "crawl.parquet", "out.parquet"),
    Scenario("Parquet to shards", "crawl.parquet", "out/"),
)


def make_inputs(folder: Path, records: int, seed: int) -> None:
    """One corpus of generated records, many of them copies or near copies, as `crawl` in each format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(seed)
    words = [f"word{number}" for number in range(400)]
    texts: list[str] = []
    for _ in range(records):
        chosen = [words[place] for place in generator.integers(0, len(words), int(generator.integers(0, 60)))]
        text = " ".join(chosen)
        if texts and generator.random() < 0.4:
            text = texts[int(generator.integers(0, len(texts)))]
            if generator.random() < 0.5:
                text += " changed"
            elif generator.random() < 0.5:
                text += "\n" + " ".join(words[place] for place in generator.integers(0, len(words), 12))
        texts.append(text)
    lines = []
    for number, text in enumerate(texts):
        lines.append(json.dumps({"id": number // 2, "text": text, "more": {"kept": [number]}}))
        if generator.random() < 0.02:
            lines.append(["{", "", "[1]", '{"id": 1}'][int(generator.integers(0, 4))])
    written = "\n".join(lines).encode()
    (folder / "crawl.jsonl").write_bytes(written)
    (folder / "crawl.jsonl.gz").write_bytes(gzip.compress(written, mtime=0))
    table = pa.table(
        {"id": [number // 2 for number in range(records)], "text": texts, "more": [[each] for each in range(records)]}
    )
    pq.write_table(table, folder / "crawl.parquet", row_group_size=150)


def outputs(folder: Path) -> dict[str, bytes]:
    """Everything that a run has written besides its index, by name, what is hidden included."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "seen.dedup" not in path.parts
    }


def undisturbed(victim: Victim, scenario: Scenario, folder: Path, inputs: Path) -> tuple[dict[str, bytes], int]:
    """The outputs of a run that nobody disturbs, and how many events it has."""
    folder.mkdir()
    ended = victim.run(scenario.arguments(folder, inputs), stdin=scenario.stdin(inputs))
    if ended.code:
        raise RuntimeError(f"{scenario.name}: exited with {ended.code}: {ended.said}")
    return outputs(folder), ended.events


def disturbed(
    victim: Victim,
    scenario: Scenario,
    folder: Path,
    inputs: Path,
    events: int,
    generator: np.random.Generator,
    most: int,
) -> tuple[dict[str, bytes], int]:
    """The outputs of a run that is killed `most` times at the most until it ends, and how often it was."""
    folder.mkdir()
    kills = 0
    while True:
        moment = int(generator.integers(1, max(int(events * _SHARE), 2))) if kills < most else None
        ended = victim.run(scenario.arguments(folder, inputs), moment, scenario.stdin(inputs))
        if ended.code == 0:
            return outputs(folder), kills
        if ended.code != -9:
            raise RuntimeError(f"{scenario.name}, after {kills} kills: exited with {ended.code}: {ended.said}")
        kills += 1


def main() -> int:
    """Kill, compare, and say so; the exit code is 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--records", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    kills, different = 0, 0
    with tempfile.TemporaryDirectory() as place, Victim() as victim:
        inputs = Path(place) / "inputs"
        inputs.mkdir()
        make_inputs(inputs, arguments.records, arguments.seed)
        expected = {
            each: undisturbed(victim, each, Path(place) / f"whole-{number}", inputs)
            for number, each in enumerate(SCENARIOS)
        }
        counts = dict.fromkeys(SCENARIOS, (0, 0))
        run = 0
        while kills < arguments.kills:
            scenario = SCENARIOS[run % len(SCENARIOS)]
            wanted, events = expected[scenario]
            folder = Path(place) / f"killed-{run}"
            found, times = disturbed(victim, scenario, folder, inputs, events, generator, arguments.kills - kills)
            if found != wanted:
                different += 1
                names = [name for name in {*found, *wanted} if found.get(name) != wanted.get(name)]
                print(f"{scenario.name}, run {run}: {', '.join(sorted(names))} differ", file=sys.stderr)
            runs, before = counts[scenario]
            counts[scenario] = (runs + 1, before + times)
            kills, run = kills + times, run + 1
    print(f"{arguments.records} records, batches of 40, seed {arguments.seed}")
    for scenario, (runs, times) in counts.items():
        print(f"{scenario.name:40} {runs:4} runs {times:5} kills")
    print(f"{kills} kills in {run} runs: {different} runs with other outputs than undisturbed ones")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
