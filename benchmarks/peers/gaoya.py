"""gaoya: its string index with 32 bands of 4 rows, words and their runs of five taken by gaoya itself, in Rust.

Texts are hashed once to insert and once to query: its interface takes no signature in a query.

    python -m benchmarks.peers.gaoya IN.jsonl OUT.txt
"""

import sys
from collections.abc import Iterator

from gaoya.minhash import MinHashStringIndex

from benchmarks.peers.texts import SIZE, THRESHOLD, parse_arguments, read_texts, write_pairs

BANDS, ROWS = 32, 4


def main() -> int:
    """Find the pairs."""
    arguments = parse_arguments(__doc__)
    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        band_size=ROWS,
        analyzer="word",
        lowercase=True,
        ngram_range=(SIZE, SIZE),
        id_container="smallvec",
    )
    ids, texts = map(list, zip(*read_texts(arguments.source), strict=True))
    index.par_bulk_insert_docs(ids, texts)

    def pairs() -> Iterator[tuple[int, int]]:
        for number, others in zip(ids, index.par_bulk_query(texts), strict=True):
            yield from ((other, number) for other in others if other < number)

    write_pairs(arguments.output, pairs())
    return 0


if __name__ == "__main__":
    sys.exit(main())
