"""The index on disk: documents a second in batches, single admits, opening, size, memory, against `MinHashLSH`.

    python -m benchmarks.index [--documents 100000 1000000] [--relation rewrite] [--level both] [--data FOLDER]
        [--compared 20000] [--json FILE]

Generated documents of about 100 words (see `benchmarks.corpus`), of which one in ten is a copy of some kind, are
admitted in batches into a fresh index, in FOLDER or a temporary one, on one core: texts are at hand as columns, and
what is timed is all that it takes until they are in the index and committed, by the clock and by the processor's time,
which says more where others use the machine. Then, with all of them in it, new documents are admitted one at a time,
the index is closed and opened, and it is compacted; single documents are timed before and after that. Bytes of postings
are those of the segment files: tables, rows and ids, all but the texts. Memory is what the process has of its own
(RssAnon), less the batch and what it had before the index was opened: after a batch, and the most seen within one, of
which twenty samples are taken a second. The documents come from another process, whose memory is its own.

With `--level both` the index knows paragraphs, too, and how many a document has and the bytes of their postings are
given. With `--relation rewrite` it looks for rewrites, against a background of 8,192 other generated documents.

datasketch's `MinHashLSH` in memory, with the same shingles and threshold, queries and inserts the first `--compared`
documents, and an index of its own takes the same ones in the same run.
"""

import argparse
import gc
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread

import numpy as np
from rich.table import Table

from benchmarks.corpus import Recipe, generate
from benchmarks.figures import write_figures
from benchmarks.process import pinned, processors
from benchmarks.spread import wide_console
from dedup import Config, Document, Index, Relation
from dedup.config import PAIR_RELATIONS
from dedup.model import IdColumn, Level, RecordBatch, TextColumn
from dedup.scanning.corpus import gather_corpus
from dedup.scanning.progress import Silent
from dedup.scanning.rewrite_background import fit_backgrounds
from dedup.scanning.rewrite_terms import RewriteBackground

REWRITES = Config(relations=(*PAIR_RELATIONS, Relation.REWRITE), level=Level.DOCUMENT)

BATCH = 10_000
SINGLE = 3_000
_TOLD = 250_000
"""Documents after which it is told how far it has come."""


@dataclass(frozen=True, slots=True)
class Point:
    """An index of so many documents: seconds, bytes a document, MB (2^20 bytes) of memory after and within batches.

    `p50`, `p99` are milliseconds of an admit by itself with all documents in the index, `cpu_p50` those of the
    processor, which others do not lengthen as much; `compact_p50` and so on are the same after it was compacted.
    `paragraphs`: how many a document has, and `paragraph_postings` bytes of each; None where the index knows none.
    """

    documents: int
    a_second: float
    a_cpu_second: float
    p50: float
    p99: float
    cpu_p50: float
    compact_p50: float
    compact_p99: float
    compact_cpu_p50: float
    open_seconds: float
    compact_seconds: float
    segments: int
    postings: float
    texts: float
    memory: float
    memory_within: float
    paragraphs: float | None
    paragraph_postings: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Documents a second on the same documents, each queried and inserted."""

    documents: int
    index: float
    datasketch: float

    @property
    def ratio(self) -> float:
        """How many times as fast the index is."""
        return self.index / self.datasketch


def measure(count: int, folder: Path, rewrites: RewriteBackground | None, *, paragraphs: bool) -> Point:
    """One index, from its making to its compaction."""
    with generated(count + 2 * SINGLE) as texts:
        return _measured(count, texts, folder / f"index-{count}", rewrites, paragraphs=paragraphs)


def _measured(
    count: int, texts: Iterator[str], path: Path, rewrites: RewriteBackground | None, *, paragraphs: bool
) -> Point:
    gc.collect()
    before = anonymous_memory()
    seconds = processor = 0.0
    # Merging is part of the work: on one core a thread would take the same time from the admits.
    config = None if rewrites is None else REWRITES
    with Index.open(path, config, rewrites=rewrites, paragraphs=paragraphs, merge="now") as index:
        peak = within = 0.0
        for number in range(0, count, BATCH):
            some = list(islice(texts, min(BATCH, count - number)))
            columns = TextColumn.from_strings(some), IdColumn.from_ids(range(number, number + len(some)))
            del some
            held = sum(column.nbytes for column in (columns[0].data, columns[0].offsets, columns[1].tokens.data))
            before_batch = before + held / (1 << 20)
            with Watch() as watch:
                began, began_processor = time.perf_counter(), time.process_time()
                index.admit_columns(*columns)
                seconds += time.perf_counter() - began
                processor += time.process_time() - began_processor
            within = max(within, watch.most - before_batch)
            gc.collect()
            peak = max(peak, anonymous_memory() - before_batch)
            admitted = number + len(columns[1])
            if admitted % _TOLD == 0:
                print(
                    f"{admitted:,} documents, {admitted / seconds:,.0f} a second, {peak:.0f} and {within:.0f} MB",
                    file=sys.stderr,
                )
        singly = admit_one_by_one(index, islice(texts, SINGLE), "before")
    began = time.perf_counter()
    with Index.open(path) as index:
        open_seconds = time.perf_counter() - began
        segments = index.info().segments
        began = time.perf_counter()
        index.compact()
        compact_seconds = time.perf_counter() - began
        info = index.info()
        compacted = admit_one_by_one(index, islice(texts, SINGLE), "after")
    shutil.rmtree(path)
    p50, p99, cpu_p50 = percentiles(singly)
    compact_p50, compact_p99, compact_cpu_p50 = percentiles(compacted)
    return Point(
        documents=count,
        a_second=count / seconds,
        a_cpu_second=count / processor,
        p50=p50,
        p99=p99,
        cpu_p50=cpu_p50,
        compact_p50=compact_p50,
        compact_p99=compact_p99,
        compact_cpu_p50=compact_cpu_p50,
        open_seconds=open_seconds,
        compact_seconds=compact_seconds,
        segments=segments,
        postings=info.posting_bytes / info.documents,
        texts=info.text_bytes / info.documents,
        memory=peak,
        memory_within=within,
        paragraphs=None if info.paragraphs is None else info.paragraphs / info.documents,
        paragraph_postings=(info.paragraph_bytes or 0) / info.paragraphs if info.paragraphs else None,
    )


def generated_background() -> RewriteBackground:
    """That of documents of the same generator, none of which is admitted."""
    texts = [each.text for each in generate(Recipe(documents=8192, seed=9))]
    batch = RecordBatch(TextColumn.from_strings(texts), IdColumn.from_ids(range(len(texts))), [""] * len(texts))
    return fit_backgrounds(gather_corpus([batch], REWRITES, 1, Silent()), REWRITES)[1]


@contextmanager
def generated(count: int) -> Iterator[Iterator[str]]:
    """Generated texts, made by a process that holds what is needed for that."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_send, args=(count, there), daemon=True)
    process.start()
    there.close()
    try:
        yield _received(here, count)
    finally:
        process.terminate()
        process.join()
        here.close()


def _received(connection: Connection, count: int) -> Iterator[str]:
    for _ in range(0, count, BATCH):
        # It works when it is asked, and not while the index does, whose processor it shares.
        connection.send(True)
        yield from connection.recv()


def _send(count: int, connection: Connection) -> None:
    """Generate texts for another process, a batch each time that it asks."""
    texts = documents(count)
    while connection.recv():
        connection.send(list(islice(texts, BATCH)))


def documents(count: int) -> Iterator[str]:
    """Generated texts."""
    return (document.text for document in generate(Recipe(documents=count)))


def admit_one_by_one(index: Index, texts: Iterator[str], name: str) -> list[tuple[float, float]]:
    """Milliseconds of each admit, by the clock and of the processor."""
    several = [Document(f"{name}-{number}", text) for number, text in enumerate(texts)]
    index.admit(Document(f"{name}-first", "The first one loads what is loaded once."))
    taken = []
    for document in several:
        began, began_processor = time.perf_counter(), time.thread_time()
        index.admit(document)
        taken.append((1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - began_processor)))
    return taken


def percentiles(taken: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Median and 99th percentile by the clock, and the median of the processor's time."""
    wall, processor = np.array(taken).T
    return float(np.median(wall)), float(np.percentile(wall, 99)), float(np.median(processor))


class Watch(Thread):
    """Looks at the memory of this process twenty times a second while something goes on; `most` it had, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0.0
        self._done = Event()

    def run(self) -> None:
        """Look until it is done."""
        while not self._done.wait(0.05):
            self.most = max(self.most, anonymous_memory())

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


def anonymous_memory() -> float:
    """MB (2^20 bytes) that this process has for itself, the page cache apart; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


def compare(count: int, folder: Path) -> Comparison:
    """The index and datasketch's, one after the other on the same documents."""
    from datasketch import MinHash, MinHashLSH

    texts = list(documents(count))
    columns = [
        (
            TextColumn.from_strings(texts[first : first + BATCH]),
            IdColumn.from_ids(range(first, min(first + BATCH, count))),
        )
        for first in range(0, count, BATCH)
    ]
    with Index.open(folder / "compared", merge="now") as index:
        began = time.perf_counter()
        for some_texts, some_ids in columns:
            index.admit_columns(some_texts, some_ids)
        ours = time.perf_counter() - began
    lsh = MinHashLSH(threshold=index.config.threshold, num_perm=index.config.num_perm)
    size = index.config.shingle_size
    began = time.perf_counter()
    for number, text in enumerate(texts):
        words = text.lower().split()
        minhash = MinHash(num_perm=index.config.num_perm)
        minhash.update_batch([" ".join(words[place : place + size]).encode() for place in range(len(words) - size + 1)])
        lsh.query(minhash)
        lsh.insert(number, minhash)
    theirs = time.perf_counter() - began
    shutil.rmtree(folder / "compared")
    return Comparison(count, count / ours, count / theirs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the index")
    parser.add_argument("--data", type=Path, help="folder for the indexes (default: a temporary one)")
    parser.add_argument("--compared", type=int, default=20_000, help="documents for datasketch (default: 20,000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument("--relation", choices=("rewrite",), help="look for rewrites, too")
    parser.add_argument("--level", choices=("document", "both"), default="document", help="both: know paragraphs, too")
    chosen = parser.parse_args(arguments)
    rewrites = None if chosen.relation is None else generated_background()
    console = wide_console()
    table = Table("", "measured")
    points = []
    with tempfile.TemporaryDirectory(dir=chosen.data) as name, pinned(processors()[:1]):
        for count in chosen.documents:
            points.append(measure(count, Path(name), rewrites, paragraphs=chosen.level == "both"))
            for label, value in asdict(points[-1]).items():
                if value is not None:
                    shown = f"{value:,.3f}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
                    table.add_row(label, shown)
            table.add_section()
        comparison = compare(chosen.compared, Path(name)) if chosen.compared else None
    console.print(table)
    if comparison is not None:
        console.print(
            f"{comparison.documents:,} documents: index {comparison.index:,.0f} a second, datasketch "
            f"{comparison.datasketch:,.0f}: {comparison.ratio:.0f} times"
        )
    if chosen.json is not None:
        write_figures(chosen.json, points, comparison)
    return 0


if __name__ == "__main__":
    sys.exit(main())
