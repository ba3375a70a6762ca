"""Sketching alone: MinHash on ready hashes against rensa's, and text in memory to band keys, by script.

    python -m benchmarks.sketching [TEXTS.jsonl] [--runs N] [--json FILE]

On ready hashes both take the same 64-bit shingle hashes and give 128 values a row, in one process on one processor, in
turn: `kernels.minhash` of this project, with the permutations by which it finds candidates and with those of
datasketch, and `RMinHash.digest_matrix_from_flat_token_hashes`, the quickest entry of rensa 0.5. It is not what its
users call: from file to pairs nine tenths of the time go into words and shingles, which its interface leaves to Python.
Texts are those of the file, else generated ones.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
from rich.table import Table

from benchmarks.corpus import Recipe, generate
from benchmarks.process import pinned, processors
from benchmarks.spread import Spread, ratios, wide_console
from benchmarks.vocabulary import SCRIPTS

if TYPE_CHECKING:
    from dedup.kernels import U32, Kernels, Ragged
    from dedup.model import TextColumn

DOCUMENTS = 20_000
PERMUTATIONS = 128
SEED = 1
PARAGRAPH = (50, 120)


def texts_of(path: Path | None, script: str = "latin") -> "TextColumn":
    """The first texts of a file, or generated ones."""
    from dedup.model import TextColumn

    if path is None:
        return TextColumn.from_strings(document.text for document in generate(Recipe(DOCUMENTS, script)))
    with path.open("rb") as file:
        return TextColumn.from_strings(orjson.loads(line)["text"] for line in islice(file, DOCUMENTS))


def as_paragraphs(tokens: "Ragged") -> "Ragged":
    """The same tokens in rows of 50 to 120, across the bounds of documents."""
    from dedup.kernels import Ragged

    generator = np.random.default_rng(SEED)
    lengths = generator.integers(PARAGRAPH[0], PARAGRAPH[1] + 1, size=tokens.values.size // PARAGRAPH[0] + 1)
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    bounds = bounds[bounds <= tokens.values.size]
    return Ragged(tokens.values[: bounds[-1]], bounds)


def rensa_minhash() -> "Callable[[Ragged], int] | None":
    """MinHash of ready hashes by rensa, giving the number of rows; None where it is missing.

    Its offsets are unsigned; the same memory serves.
    """
    try:
        from rensa import RMinHash
    except ImportError:
        return None

    def sketch(shingles: "Ragged") -> int:
        offsets = shingles.offsets.view(np.uint64)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(shingles.values, offsets, PERMUTATIONS, SEED)
        rows: int = matrix.len()
        return rows

    return sketch


def timed(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def measure_ready_hashes(path: Path | None, rounds: int, kernels: "Kernels") -> dict[str, dict[str, list[float]]]:
    """Nanoseconds a shingle, round by round, for documents and for paragraphs, of both."""
    from dedup.sketching import permutations, stepped_permutations
    from dedup.tokenising import hash_tokens

    drawn = {"dedup": stepped_permutations(PERMUTATIONS, SEED), "as datasketch": permutations(PERMUTATIONS, SEED)}
    rensa = rensa_minhash()
    tokens = hash_tokens(texts_of(path), kernels)
    found: dict[str, dict[str, list[float]]] = {}
    for name, rows in (("paragraphs of 50–120 words", as_paragraphs(tokens)), ("whole documents", tokens)):
        shingles = kernels.shingle(rows.values, rows.offsets, 5)
        count = shingles.values.size
        # What is timed is right: as the definition gives it, for one row.
        for a, b in drawn.values():
            signatures = kernels.minhash(shingles.values, shingles.offsets, a, b)
            assert signatures.shape == (rows.offsets.size - 1, PERMUTATIONS)
            assert np.array_equal(signatures[0], _first_by_definition(shingles, a, b))
        assert rensa is None or rensa(shingles) == rows.offsets.size - 1
        times: dict[str, list[float]] = {**{tool: [] for tool in drawn}, "rensa": []}
        for _ in range(rounds):
            for tool, (a, b) in drawn.items():
                seconds = timed(partial(kernels.minhash, shingles.values, shingles.offsets, a, b))
                times[tool].append(seconds / count * 1e9)
            if rensa is not None:
                times["rensa"].append(timed(partial(rensa, shingles)) / count * 1e9)
        found[name] = times
    return found


def _first_by_definition(shingles: "Ragged", a: "U32", b: "U32") -> "U32":
    """The signature of the first row by datasketch, for the upper half of each hash."""
    from datasketch import MinHash

    minhash = MinHash(num_perm=PERMUTATIONS, hashfunc=int, scheme="affine32", permutations=(a, b))
    minhash.update_batch((shingles.values[: shingles.offsets[1]] >> np.uint64(32)).tolist())
    signature: U32 = np.asarray(minhash.hashvalues, dtype=np.uint32)
    return signature


def measure_texts(path: Path | None, rounds: int, kernels: "Kernels") -> dict[str, list[float]]:
    """MB of text a second to band keys, round by round, of the file and of generated text in each script."""
    from dedup.config import Config
    from dedup.model import Level, Relation
    from dedup.scanning.sketching import sketch_batch

    config = Config(relations=(Relation.EXACT, Relation.NEAR), level=Level.DOCUMENT)
    bands = config.banding[0]
    columns = {f"generated, {script}": texts_of(None, script) for script in SCRIPTS}
    if path is not None:
        columns[path.name] = texts_of(path)
    speeds: dict[str, list[float]] = {name: [] for name in columns}
    for texts in columns.values():
        assert sketch_batch(texts, config, kernels).documents.keys.shape == (bands, len(texts))
    for _ in range(rounds):
        for name, texts in columns.items():
            speeds[name].append(texts.n_bytes / 1e6 / timed(partial(sketch_batch, texts, config, kernels)))
    return speeds


def tables(hashes: dict[str, dict[str, list[float]]], speeds: dict[str, list[float]]) -> Iterable[Table]:
    """Both measurements."""
    table = Table(
        "MinHash on ready hashes", "dedup ns a shingle", "with datasketch's permutations", "rensa ns a shingle",
        "rensa / dedup",
    )  # fmt: skip
    for name, times in hashes.items():
        if times["rensa"]:
            shown = (Spread.of(times["rensa"]).shown(2), ratios(times["rensa"], times["dedup"]).shown(2))
        else:
            shown = ("missing", "")
        own = (Spread.of(times[tool]).shown(2) for tool in ("dedup", "as datasketch"))
        table.add_row(name, *own, *shown)
    yield table
    table = Table("text in memory to band keys", "MB/s", "against generated ASCII")
    for name, values in speeds.items():
        table.add_row(name, Spread.of(values).shown(0), ratios(values, speeds["generated, latin"]).shown(2))
    yield table


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="?", metavar="TEXTS.jsonl", help="records with a text")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements here")
    arguments = parser.parse_args()
    # Read by rensa when it is imported, and by `choose`, which would take the reference for small inputs otherwise.
    os.environ |= {"RAYON_NUM_THREADS": "1", "DEDUP_KERNELS": "compiled"}

    from dedup.kernels import choose

    kernels = choose(0)
    with pinned(processors()[:1]):
        hashes = measure_ready_hashes(arguments.texts, arguments.runs, kernels)
        speeds = measure_texts(arguments.texts, arguments.runs, kernels)
    console = wide_console()
    for table in tables(hashes, speeds):
        console.print(table)
    if arguments.json:
        said = {
            "ready_hashes_ns": {
                name: {tool: asdict(Spread.of(values)) for tool, values in times.items() if values}
                for name, times in hashes.items()
            },
            "band_keys_mb_per_second": {name: asdict(Spread.of(values)) for name, values in speeds.items()},
        }
        arguments.json.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
