"""rensa: R-MinHash over all shingles, its own LSH of 16 bands of 8 rows.

Not its `rho` sketch, which samples positions and finds no copy that a word was put in front of. The compact digest
matrix would spare the objects, but its index answers queries for objects alone. rensa's index answers with the
members of shared buckets; `is_similar` takes those whose signatures agree in 70 % of their values.

    python -m benchmarks.peers.rensa IN.jsonl OUT.txt
"""

import sys
from collections.abc import Iterator

from rensa import RMinHash, RMinHashLSH

from benchmarks.peers.texts import (
    PERMUTATIONS,
    THRESHOLD,
    chunks,
    parse_arguments,
    read_texts,
    shingles,
    write_pairs,
)

SEED = 42
BANDS = 16


def main() -> int:
    """Find the pairs."""
    arguments = parse_arguments(__doc__)
    words = arguments.words
    ids: list[int] = []
    sketches: list[RMinHash] = []
    for chunk in chunks(read_texts(arguments.source)):
        ids.extend(number for number, _ in chunk)
        sketches.extend(RMinHash.from_token_sets([shingles(words(text)) for _, text in chunk], PERMUTATIONS, SEED))
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    index.insert_many(sketches)

    def pairs() -> Iterator[tuple[int, int]]:
        for place, others in enumerate(index.query_all(sketches)):
            for other in others:
                if other < place and index.is_similar(sketches[other], sketches[place]):
                    yield ids[other], ids[place]

    write_pairs(arguments.output, pairs())
    return 0


if __name__ == "__main__":
    sys.exit(main())
