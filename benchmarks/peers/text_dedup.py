"""text-dedup: its MinHash stage by `datasets.map`, its band tables, any two documents of a bucket a pair.

The functions of its command are called one by one, because the command itself writes a corpus and names no pairs: it
joins buckets to clusters and keeps one document of each. Written for 0.4.0, the last version for Python 3.11, with
32-bit xxh3, its fastest setting. Optional: it brings PySpark and others of some hundred megabytes.

    python -m benchmarks.peers.text_dedup IN.jsonl OUT.txt
"""

import sys
import tempfile
from collections import defaultdict

import datasets
import numpy as np
from text_dedup.minhash import RNG, SIGNATURE_COLUMN, embed_func
from text_dedup.utils import INDEX_COLUMN, optimal_param, xxh3_32hash

from benchmarks.peers.texts import PERMUTATIONS, SIZE, THRESHOLD, pairs_of_groups, parse_arguments, write_pairs

PRIME = np.uint32((1 << 32) - 5)
LARGEST = np.uint32((1 << 32) - 1)


def main() -> int:
    """Find the pairs."""
    arguments = parse_arguments(__doc__)
    datasets.disable_progress_bars()
    bands, rows = optimal_param(THRESHOLD, PERMUTATIONS, false_positive_weight=0.5, false_negative_weight=0.5)
    permutations = (
        RNG.randint(1, PRIME, size=(PERMUTATIONS,), dtype=np.uint32),
        RNG.randint(0, PRIME, size=(PERMUTATIONS,), dtype=np.uint32),
    )
    with tempfile.TemporaryDirectory() as folder:
        texts = datasets.load_dataset(
            "json", data_files=str(arguments.source), split="train", cache_dir=folder
        ).rename_column("id", INDEX_COLUMN)
        embedded = texts.map(
            function=embed_func,
            fn_kwargs={
                "num_perm": PERMUTATIONS,
                "hashranges": [(band * rows, (band + 1) * rows) for band in range(bands)],
                "ngram_size": SIZE,
                "min_length": SIZE,
                "permutations": permutations,
                "hash_func": xxh3_32hash,
                "dtype": np.uint32,
                "max_hash": LARGEST,
                "modulo_prime": PRIME,
            },
            input_columns=["text", INDEX_COLUMN],
            remove_columns=["text"],
        )
        tables: list[dict[bytes, list[int]]] = [defaultdict(list) for _ in range(bands)]
        for batch in embedded.iter(batch_size=10_000):
            for number, values in zip(batch[INDEX_COLUMN], batch[SIGNATURE_COLUMN], strict=True):
                for table, value in zip(tables, values, strict=True):
                    table[value].append(number)
    groups = (group for table in tables for group in table.values() if len(group) > 1)
    write_pairs(arguments.output, sorted(pairs_of_groups(groups)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
