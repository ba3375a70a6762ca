"""A corpus as columns: what a scan keeps of everything it has read."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from dedup.config import Config
from dedup.deciding import keep_order
from dedup.kernels import COMPILE_FROM_BYTES, I64, U64, Bool, Kernels, Ragged, Sketches, choose
from dedup.model import DocumentId, IdColumn, RecordBatch
from dedup.scanning.progress import Progress
from dedup.scanning.sketching import BatchSketch, ResidueLine, barriers, sketch_batch
from dedup.scanning.store import TextStore

FULL_BATCH = 1 << 16
"""Records in a batch that is closed by their number."""


@dataclass(frozen=True, slots=True)
class Units:
    """Documents or paragraphs: `starts` and `ends` (addresses in the store, int64), and their sketches."""

    starts: I64
    ends: I64
    sketches: Sketches

    def __len__(self) -> int:
        return int(self.starts.size)

    def take(self, order: I64) -> "Units":
        """The units at these places, in this order."""
        sketches = self.sketches
        return Units(
            self.starts[order],
            self.ends[order],
            Sketches(
                sketches.digests[order],
                sketches.lengths[order],
                sketches.keys[:, order],
                take_rows(sketches.samples, order),
                sketches.firsts[order],
                sketches.lasts[order],
                sketches.triggered[order],
            ),
        )


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents by rank: in input order, or in that of the keep policy.

    `id_bounds` says how many documents there are up to and with each column of ids; `positions` is the place of each
    document in the input. Of each paragraph `paragraph_documents` is the rank of its
    document and `barrier` says whether it touches residue; paragraphs stand in the order of their documents and within
    them in that of the text. `residue` holds addresses and ranks.
    """

    store: TextStore
    ids: list[IdColumn]
    id_bounds: I64
    positions: I64
    documents: Units
    paragraphs: Units
    paragraph_documents: I64
    barrier: Bool
    residue: list[ResidueLine]
    kernels: Kernels

    def document_id(self, rank: int) -> DocumentId:
        """The id of the document of this rank."""
        position = int(self.positions[rank])
        column = int(np.searchsorted(self.id_bounds, position, side="right"))
        return self.ids[column][position - int(self.id_bounds[column - 1] if column else 0)]


def gather_corpus(batches: Iterable[RecordBatch], config: Config, workers: int, progress: Progress) -> Corpus:
    """Read all batches, sketching them in `workers` threads while the next ones are read, and rank the documents."""
    store = TextStore()
    ids: list[IdColumn] = []
    dates: list[str | float | None] = []
    sources: list[str] = []
    sketches: list[BatchSketch] = []
    kernels: Kernels | None = None
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: list[Future[BatchSketch]] = []
        for batch in batches:
            if kernels is None:
                # A batch closed by its number of records is large work whatever its size.
                full = len(batch) >= FULL_BATCH
                kernels = choose(COMPILE_FROM_BYTES if full else batch.texts.n_bytes)
                if kernels.name == "compiled":
                    progress.message("loading the compiled kernels (compiling them, the first time)")
            store.append(batch.texts)
            ids.append(batch.ids)
            if config.keep == "newest":
                dates.extend(batch.dates)
            if config.keep.startswith("source:"):
                sources.extend(batch.paths)
            running.append(pool.submit(sketch_batch, batch.texts, config, kernels))
            while len(running) > workers:
                sketches.append(running.pop(0).result())
        sketches.extend(each.result() for each in running)
    if not sketches:
        kernels = choose(0)
        empty = RecordBatch(IdColumn.from_ids([]).tokens, IdColumn.from_ids([]), ())
        sketches.append(sketch_batch(empty.texts, config, kernels))
        store.append(empty.texts)
    assert kernels is not None  # noqa: S101 - set with the first batch
    corpus = _join(store, ids, sketches, kernels)
    order = keep_order(config.keep, corpus.documents.sketches.lengths, dates, sources)
    return corpus if np.array_equal(order, corpus.positions) else _reorder(corpus, order)


def _join(store: TextStore, ids: list[IdColumn], sketches: list[BatchSketch], kernels: Kernels) -> Corpus:
    """Put the sketches of all batches behind each other, with addresses and ranks of the whole."""
    document_offsets: list[I64] = []
    paragraph_starts, paragraph_ends, paragraph_documents, barrier = [], [], [], []
    residue: list[ResidueLine] = []
    base = n_documents = 0
    for sketch, offsets in zip(sketches, store.text_offsets(), strict=True):
        document_offsets.append(offsets + base)
        if sketch.segments is not None:
            paragraph_starts.append(sketch.segments.starts + base)
            paragraph_ends.append(sketch.segments.ends + base)
            paragraph_documents.append(sketch.segments.texts + n_documents)
            barrier.append(barriers(sketch.segments, sketch.residue))
        residue.extend(line.moved(n_documents, base) for line in sketch.residue)
        n_documents += offsets.size - 1
        base += int(offsets[-1])
    paragraphs = [sketch.paragraphs for sketch in sketches if sketch.paragraphs is not None]
    documents = Units(
        np.concatenate([offsets[:-1] for offsets in document_offsets]),
        np.concatenate([offsets[1:] for offsets in document_offsets]),
        _join_sketches([sketch.documents for sketch in sketches]),
    )
    empty = np.zeros(0, dtype=np.int64)
    return Corpus(
        store,
        ids,
        np.cumsum([len(column) for column in ids], dtype=np.int64),
        np.arange(n_documents),
        documents,
        Units(
            np.concatenate([empty, *paragraph_starts]),
            np.concatenate([empty, *paragraph_ends]),
            _join_sketches(paragraphs) if paragraphs else documents.take(empty).sketches,
        ),
        np.concatenate([empty, *paragraph_documents]),
        np.concatenate([np.zeros(0, dtype=np.bool_), *barrier]),
        residue,
        kernels,
    )


def _join_sketches(several: list[Sketches]) -> Sketches:
    counts = np.concatenate([np.diff(each.samples.offsets) for each in several])
    return Sketches(
        np.concatenate([each.digests for each in several]),
        np.concatenate([each.lengths for each in several]),
        np.concatenate([each.keys for each in several], axis=1),
        Ragged(
            np.concatenate([each.samples.values for each in several]),
            np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]),
        ),
        np.concatenate([each.firsts for each in several]),
        np.concatenate([each.lasts for each in several]),
        np.concatenate([each.triggered for each in several]),
    )


def _reorder(corpus: Corpus, order: I64) -> Corpus:
    """Rank the documents in another order, and their paragraphs and residue with them."""
    ranks = np.empty_like(order)
    ranks[order] = np.arange(order.size)
    paragraph_documents = ranks[corpus.paragraph_documents]
    paragraph_order = np.argsort(paragraph_documents, kind="stable")
    residue = [line._replace(text=int(ranks[line.text])) for line in corpus.residue]
    return replace(
        corpus,
        positions=order,
        documents=corpus.documents.take(order),
        paragraphs=corpus.paragraphs.take(paragraph_order),
        paragraph_documents=paragraph_documents[paragraph_order],
        barrier=corpus.barrier[paragraph_order],
        residue=sorted(residue, key=lambda line: (line.text, line.start)),
    )


def take_rows(rows: Ragged, order: I64) -> Ragged:
    """The rows at these places, in this order."""
    lengths = np.diff(rows.offsets)[order]
    offsets = np.zeros(order.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    places = np.repeat(rows.offsets[:-1][order] - offsets[:-1], lengths) + np.arange(offsets[-1])
    values: U64 = rows.values[places]
    return Ragged(values, offsets)
