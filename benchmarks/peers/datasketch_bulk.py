"""datasketch 2: `MinHash.generator` with xxh32 in place of SHA-1, and `MinHashLSH` at .7 with its own choice of bands.

What the index answers is filtered by `MinHash.jaccard`, as its documentation advises; this costs nothing to speak of.

    python -m benchmarks.peers.datasketch_bulk IN.jsonl OUT.txt
"""

import sys
from collections.abc import Iterator

import xxhash
from datasketch import MinHash, MinHashLSH

from benchmarks.peers.texts import PERMUTATIONS, THRESHOLD, byte_shingles, parse_arguments, read_texts, write_pairs


def main() -> int:
    """Find the pairs."""
    arguments = parse_arguments(__doc__)
    words = arguments.words
    ids: list[int] = []

    def sets() -> Iterator[list[bytes]]:
        for number, text in read_texts(arguments.source):
            ids.append(number)
            yield byte_shingles(words(text))

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)

    def pairs() -> Iterator[tuple[int, int]]:
        sketches: list[MinHash] = []
        for sketch in MinHash.generator(sets(), num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest):
            place = len(sketches)
            for other in index.query(sketch):
                if sketch.jaccard(sketches[other]) >= THRESHOLD:
                    yield ids[other], ids[place]
            index.insert(place, sketch, check_duplication=False)
            sketches.append(sketch)

    write_pairs(arguments.output, pairs())
    return 0


if __name__ == "__main__":
    sys.exit(main())
