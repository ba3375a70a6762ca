"""A corpus as columns: what a scan keeps of everything it has read."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.deciding import keep_order
from dedup.kernels import I64, WORTH, Bool, Kernels, choose
from dedup.model import DocumentId, IdColumn, RecordBatch
from dedup.scanning.arena import Arena
from dedup.scanning.progress import Progress
from dedup.scanning.shelf import Shelf
from dedup.scanning.sketching import BatchSketch, ResidueLine, barriers, sketch_batch
from dedup.scanning.store import TextStore
from dedup.scanning.units import Units, UnitsBuilder

FULL_BATCH = 1 << 16
"""Records in a batch that is closed by their number."""


class Corpus(NamedTuple):
    """Documents by rank: in input order, or in that of the keep policy.

    `id_bounds` says how many documents there are up to and with each column of ids. Of each paragraph
    `paragraph_documents` is the rank of its document and `barrier` says whether it touches residue; paragraphs stand in
    the order of their documents and within them in that of the text. `residue` holds addresses and ranks.
    """

    store: TextStore
    ids: list[IdColumn]
    id_bounds: I64
    documents: Units
    paragraphs: Units
    paragraph_documents: I64
    barrier: Bool
    residue: list[ResidueLine]
    kernels: Kernels

    def positions(self, ranks: I64) -> I64:
        """The places of documents in the input."""
        places = self.documents.places
        return ranks if places is None else places[ranks]

    def ranks(self) -> I64:
        """The rank of each document, in the order of the input."""
        count = len(self.documents)
        ranks = np.empty(count, dtype=np.int64)
        ranks[self.positions(np.arange(count))] = np.arange(count)
        return ranks

    def document_id(self, rank: int) -> DocumentId:
        """The id of the document of this rank."""
        position = rank if self.documents.places is None else int(self.documents.places[rank])
        column = int(np.searchsorted(self.id_bounds, position, side="right"))
        return self.ids[column][position - int(self.id_bounds[column - 1] if column else 0)]


def gather_corpus(
    batches: Iterable[RecordBatch], config: Config, workers: int, progress: Progress, arena: Arena | None = None
) -> Corpus:
    """Read all batches, sketching them in `workers` threads while the next ones are read, and rank the documents.

    `arena`: what the batches are read into, with a budget of memory; what is over that stands in a temporary file.
    """
    arena = arena or Arena(Shelf(None))
    shelf = arena.shelf
    gathering = _Gathering(arena, edges=config.finds_frames)
    kernels: Kernels | None = None
    # With several workers one batch more is waiting: they are not to wait while those done are put away.
    ahead = workers if workers == 1 else workers + 1
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: deque[tuple[RecordBatch, Future[BatchSketch]]] = deque()
        for batch in batches:
            if kernels is None:
                # A batch closed by its number of records is large work whatever its size.
                full = len(batch) >= FULL_BATCH
                kernels = choose(WORTH.compile if full else batch.texts.n_bytes, progress.message)
            running.append((batch, pool.submit(sketch_batch, batch.texts, config, kernels)))
            while len(running) > ahead:
                done, sketch = running.popleft()
                gathering.add(done, sketch.result(), config)
        for done, sketch in running:
            gathering.add(done, sketch.result(), config)
    if kernels is None:
        kernels = choose(0)
        empty = RecordBatch(IdColumn.from_ids([]).tokens, IdColumn.from_ids([]), ())
        gathering.add(empty, sketch_batch(empty.texts, config, kernels), config)
    if shelf.spilled:
        progress.message(f"{shelf.spilled >> 20:,} MB are over the memory allowed and stand in a temporary file")
    corpus = gathering.corpus(kernels)
    if config.keep == "first":
        return corpus
    order = keep_order(config.keep, corpus.documents.lengths, gathering.dates, gathering.sources)
    return corpus if np.array_equal(order, np.arange(order.size)) else _reorder(corpus, order)


class _Gathering:
    """What is kept of the batches so far."""

    def __init__(self, arena: Arena, *, edges: bool) -> None:
        self.dates: list[str | float | None] = []
        self.sources: list[str] = []
        self._shelf = shelf = arena.shelf
        self._store = TextStore(arena)
        self._ids: list[IdColumn] = []
        self._documents, self._paragraphs = UnitsBuilder(shelf), UnitsBuilder(shelf, edges=edges)
        self._paragraph_documents: list[I64] = [np.zeros(0, dtype=np.int64)]
        self._barrier: list[Bool] = [np.zeros(0, dtype=np.bool_)]
        self._residue: list[ResidueLine] = []
        self._n_documents = 0

    def add(self, batch: RecordBatch, sketch: BatchSketch, config: Config) -> None:
        """Keep a batch, with addresses and ranks of the whole."""
        base = self._store.append(batch.texts)
        offsets = batch.texts.offsets + base
        self._documents.add(offsets[:-1], offsets[1:], sketch.documents)
        if sketch.segments is not None and sketch.paragraphs is not None:
            segments = sketch.segments
            self._paragraphs.add(segments.starts + base, segments.ends + base, sketch.paragraphs)
            self._paragraph_documents.append(segments.texts + self._n_documents)
            self._barrier.append(barriers(segments, sketch.residue))
        self._residue.extend(line.moved(self._n_documents, base) for line in sketch.residue)
        self._ids.append(batch.ids)
        self._shelf.take(batch.ids.tokens.n_bytes + 8 * len(batch))
        if config.keep == "newest":
            self.dates.extend(batch.dates)
        if config.keep.startswith("source:"):
            self.sources.extend(batch.paths)
        self._n_documents += len(batch)

    def corpus(self, kernels: Kernels) -> Corpus:
        """The corpus, in the order of reading."""
        return Corpus(
            self._store,
            self._ids,
            np.cumsum([len(column) for column in self._ids], dtype=np.int64),
            self._documents.build(),
            self._paragraphs.build(),
            np.concatenate(self._paragraph_documents),
            np.concatenate(self._barrier),
            self._residue,
            kernels,
        )


def _reorder(corpus: Corpus, order: I64) -> Corpus:
    """Rank the documents in another order, and their paragraphs and residue with them."""
    ranks = np.empty_like(order)
    ranks[order] = np.arange(order.size)
    paragraph_documents = ranks[corpus.paragraph_documents]
    paragraph_order = np.argsort(paragraph_documents, kind="stable")
    residue = [line._replace(text=int(ranks[line.text])) for line in corpus.residue]
    return corpus._replace(
        documents=corpus.documents.take(order),
        paragraphs=corpus.paragraphs.take(paragraph_order),
        paragraph_documents=paragraph_documents[paragraph_order],
        barrier=corpus.barrier[paragraph_order],
        residue=sorted(residue, key=lambda line: (line.text, line.start)),
    )
