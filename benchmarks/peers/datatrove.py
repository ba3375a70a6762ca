"""datatrove: the first two stages of its MinHash pipeline, 14 buckets of 8 hashes, in its local executor.

Its second stage links each document of a bucket to the one before; any two that are linked through the same bucket
are a pair here, as with the other tools. Its words come from spaCy's English tokeniser, its default. Optional: spaCy is
some hundred megabytes, and a run takes minutes on the labelled corpus. Version 0.10.1 needs an xxhash under 4.

    python -m benchmarks.peers.datatrove IN.jsonl OUT.txt
"""

import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.readers import JsonlReader
from datatrove.utils.hashing import HashConfig

from benchmarks.peers.texts import pairs_of_groups, parse_arguments, read_texts, write_pairs

_LINK = struct.Struct("<4I")


def linked(path: Path) -> Iterator[list[int]]:
    """The groups of documents (by row) that the links of one bucket join."""
    data = path.read_bytes()
    groups: dict[int, list[int]] = {}
    for _, one, _, other in _LINK.iter_unpack(data):
        left, right = groups.setdefault(one, [one]), groups.setdefault(other, [other])
        if left is not right:
            left.extend(right)
            for row in right:
                groups[row] = left
    seen: set[int] = set()
    for group in groups.values():
        if id(group) not in seen:
            seen.add(id(group))
            yield group


def main() -> int:
    """Find the pairs."""
    arguments = parse_arguments(__doc__)
    source = arguments.source.resolve()
    config = MinhashConfig(hash_config=HashConfig(precision=64))
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets = f"{folder}/signatures", f"{folder}/buckets"
        LocalPipelineExecutor(
            pipeline=[
                JsonlReader(str(source.parent), glob_pattern=source.name, doc_progress=False),
                MinhashDedupSignature(output_folder=signatures, config=config),
            ],
            tasks=1,
            logging_dir=f"{folder}/log1",
        ).run()
        LocalPipelineExecutor(
            pipeline=[MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=config)],
            tasks=config.num_buckets,
            workers=1,
            logging_dir=f"{folder}/log2",
        ).run()
        rows = pairs_of_groups(group for path in Path(buckets).glob("*.dups") for group in linked(path))
    ids = [number for number, _ in read_texts(source)]
    write_pairs(arguments.output, sorted((ids[one], ids[other]) for one, other in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
