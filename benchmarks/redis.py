"""The index on a Redis server: documents a second, single admits and memory, against `MinHashLSH` with Redis storage.

    python -m benchmarks.redis [--documents 20000] [--compared 4000] [--rounds 3] [--batch 500] [--json FILE]

A redis-server is started on a loopback port of its own and keeps nothing. Generated documents of about 100 words (see
`benchmarks.corpus`), of which one in ten is a copy of some kind, are admitted in batches; then some one at a time. The
server's memory is what it uses for all of it, texts included, and its processor time is given apart.

datasketch's `MinHashLSH`, with the same shingles, threshold and batches, queries and inserts the first `--compared`
documents with all that it has to make this fast: MinHashes in bulk, buffered queries, insertion sessions. An index of
its own takes the same ones in the same round. It verifies what it drops by the texts, which the other does not keep.
Rounds alternate, and the least time of each counts.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.corpus import Recipe, generate
from benchmarks.figures import write_figures
from benchmarks.spread import wide_console
from dedup import Document, Index
from dedup.index.server import Server, forget, parse_address

SINGLE = 500
_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Figures:
    """An index of so many documents: `a_second` in batches, milliseconds of a single admit, bytes a document.

    `server_seconds`: of the server's processor while the batches were admitted.
    """

    documents: int
    a_second: float
    server_seconds: float
    p50: float
    p99: float
    n_bytes: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Documents a second on the same documents, and bytes a document on the server."""

    documents: int
    index: float
    datasketch: float
    index_bytes: float
    datasketch_bytes: float

    @property
    def ratio(self) -> float:
        """How many times as fast the index is."""
        return self.index / self.datasketch


@contextmanager
def started(folder: Path) -> Iterator[int]:
    """A server on a free port, as long as it is needed."""
    if shutil.which("redis-server") is None:
        raise SystemExit("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [
            *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--logfile", str(folder / "log")),
        ]
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def measure(port: int, texts: Sequence[str], batch: int) -> Figures:
    """One index: batches, then one by one."""
    url = f"redis://127.0.0.1:{port}/0?prefix=measured"
    server = Server(parse_address(url))
    count = len(texts) - SINGLE
    documents = [Document(number, text) for number, text in enumerate(texts)]
    with Index.open(url) as index:
        index.query(Document("first", "The first one loads what is loaded once."))
        before, processor = server.memory(), server_seconds(port)
        seconds = admit(index, documents[:count], batch)
        processor = server_seconds(port) - processor
        n_bytes = (server.memory() - before) / count
        taken = []
        for document in documents[count:]:
            began = time.perf_counter()
            index.admit(document)
            taken.append(1000 * (time.perf_counter() - began))
    forget(url)
    server.close()
    return Figures(count, count / seconds, processor, float(np.median(taken)), float(np.percentile(taken, 99)), n_bytes)


def admit(index: Index, documents: Sequence[Document], batch: int) -> float:
    """Seconds that it takes to admit documents in batches."""
    began = time.perf_counter()
    for first in range(0, len(documents), batch):
        index.admit_batch(documents[first : first + batch])
    return time.perf_counter() - began


def compare(port: int, texts: Sequence[str], batch: int, rounds: int) -> Comparison:
    """The index and datasketch's, in turn on the same documents; the least time of each."""
    url = f"redis://127.0.0.1:{port}/0?prefix=compared"
    server = Server(parse_address(url))
    documents = [Document(number, text) for number, text in enumerate(texts)]
    ours, theirs, our_bytes, their_bytes = [], [], 0, 0
    for turn in range(rounds):
        before = server.memory()
        with Index.open(url) as index:
            ours.append(admit(index, documents, batch))
        our_bytes = server.memory() - before
        forget(url)
        before = server.memory()
        theirs.append(insert_with_datasketch(port, turn, texts, batch, index.config.threshold))
        their_bytes = server.memory() - before
        _empty(port)
    server.close()
    count = len(texts)
    return Comparison(count, count / min(ours), count / min(theirs), our_bytes / count, their_bytes / count)


def insert_with_datasketch(port: int, turn: int, texts: Sequence[str], batch: int, threshold: float) -> float:
    """Seconds that it takes `MinHashLSH` to query and insert documents in batches."""
    from datasketch import MinHash, MinHashLSH

    storage = {"type": "redis", "basename": f"lsh{turn}".encode(), "redis": {"host": "127.0.0.1", "port": port}}
    lsh = MinHashLSH(threshold=threshold, num_perm=128, storage_config=storage)
    began = time.perf_counter()
    for first in range(0, len(texts), batch):
        shingles = [_shingles(text) for text in texts[first : first + batch]]
        minhashes = MinHash.bulk(shingles, num_perm=128)
        for minhash in minhashes:
            lsh.add_to_query_buffer(minhash)
        lsh.collect_query_buffer()
        with lsh.insertion_session(buffer_size=5000) as session:
            for number, minhash in enumerate(minhashes, first):
                session.insert(number, minhash, check_duplication=False)
    return time.perf_counter() - began


def _shingles(text: str) -> list[bytes]:
    words = text.lower().split()
    return [" ".join(words[place : place + 5]).encode() for place in range(len(words) - 4)]


def server_seconds(port: int) -> float:
    """Seconds of the processor that the server has had."""
    import redis

    with redis.Redis(port=port) as client:
        said = client.info("cpu")
    return float(said["used_cpu_user"]) + float(said["used_cpu_sys"])


def _empty(port: int) -> None:
    import redis

    with redis.Redis(port=port) as client:
        client.flushall()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[20_000], help="sizes of the index")
    parser.add_argument("--compared", type=int, default=4_000, help="documents for datasketch (default: 4,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the comparison (default: 3)")
    parser.add_argument("--batch", type=int, default=500, help="documents of a call (default: 500)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    chosen = parser.parse_args(arguments)
    most = max([chosen.compared, *(count + SINGLE for count in chosen.documents)])
    texts = [document.text for document in generate(Recipe(documents=most))]
    console = wide_console()
    table = Table("documents", "a second", "server's CPU s", "p50 ms", "p99 ms", "bytes a document")
    points: list[Figures] = []
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as port:
        comparison = compare(port, texts[: chosen.compared], chosen.batch, chosen.rounds) if chosen.compared else None
        for count in chosen.documents:
            point = measure(port, texts[: count + SINGLE], chosen.batch)
            points.append(point)
            table.add_row(
                f"{count:,}", f"{point.a_second:,.0f}", f"{point.server_seconds:.1f}", f"{point.p50:.2f}",
                f"{point.p99:.2f}", f"{point.n_bytes:,.0f}",
            )  # fmt: skip
    console.print(table)
    if comparison is not None:
        console.print(
            f"{comparison.documents:,} documents: index {comparison.index:,.0f} a second "
            f"({comparison.index_bytes:,.0f} bytes each), datasketch {comparison.datasketch:,.0f} "
            f"({comparison.datasketch_bytes:,.0f}): {comparison.ratio:.1f} times"
        )
    if chosen.json is not None:
        write_figures(chosen.json, points, comparison)
    return 0


if __name__ == "__main__":
    sys.exit(main())
