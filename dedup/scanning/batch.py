"""The batch scan: the whole path over a corpus, from paths or documents to a report."""

import os
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.errors import ConfigError
from dedup.model import Document, IdColumn, Level, Quarantined, RecordBatch, Relation, Report, TextColumn
from dedup.reading import ReadOptions, find_files, read_batches
from dedup.scanning.arena import Arena
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.documents import (
    document_findings,
    document_outcome,
    every_document_pair,
    first_copies,
    match_documents,
)
from dedup.scanning.findings import Findings, join_findings, join_sides
from dedup.scanning.fitting import fit_to_corpus
from dedup.scanning.frames import find_frames
from dedup.scanning.labels import label_boilerplate, label_residue
from dedup.scanning.paragraphs import (
    every_pair,
    find_passages,
    match_paragraphs,
    representative_pairs,
    spans_of,
    without_whole_documents,
)
from dedup.scanning.progress import Progress, Silent
from dedup.scanning.result import make_report
from dedup.scanning.returning import return_memory
from dedup.scanning.scoring import Scorer
from dedup.scanning.shelf import Shelf
from dedup.scanning.threads import Threads
from dedup.scanning.vetoing import veto_frames
from dedup.verifying import Background

if TYPE_CHECKING:
    from dedup.scanning.rewrite_terms import RewriteBackground

Sources = str | os.PathLike[str] | Document | Iterable[str | os.PathLike[str] | Document]

_Given = tuple[Background | None, "RewriteBackground | None"]

BATCH_BYTES = 8 << 20
BATCH_RECORDS = 1 << 16


def scan(
    sources: Sources,
    config: Config | None = None,
    *,
    reading: ReadOptions | None = None,
    workers: int = 1,
    memory: int | None = None,
    progress: Progress | None = None,
    background: Background | None = None,
    rewrites: "RewriteBackground | None" = None,
) -> Report:
    """Find everything repeated or left over in a corpus.

    `sources`: a path, a glob, a folder, `-` for stdin, or several of them; or `Document` objects. Each finding is
    given once: a document with its representative, a passage with its first occurrence. `workers` are threads; `memory`
    is how many bytes the process may take, by default half of what there is: what is over stands in a temporary file.
    The result depends on neither. `background`: the document frequencies of the cosine, and `rewrites`: what rewrites
    are found and confirmed by, both by default those of the corpus itself.

    Raises InputError where a path does not exist (or, if `reading.strict`, a record cannot be read) and ConfigError
    where settings contradict each other.
    """
    return _run(sources, config or Config(), reading, workers, memory, progress, (background, rewrites), every=False)


def pairs(
    sources: Sources,
    config: Config | None = None,
    *,
    reading: ReadOptions | None = None,
    workers: int = 1,
    memory: int | None = None,
    progress: Progress | None = None,
    background: Background | None = None,
    rewrites: "RewriteBackground | None" = None,
) -> Report:
    """Find every verified pair, not only those with the representative; by default of documents: exact, near, contains.

    Otherwise as `scan`.
    """
    default = Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)
    return _run(sources, config or default, reading, workers, memory, progress, (background, rewrites), every=True)


def _run(
    sources: Sources,
    config: Config,
    reading: ReadOptions | None,
    workers: int,
    memory: int | None,
    progress: Progress | None,
    given: _Given,
    *,
    every: bool,
) -> Report:
    quarantined: list[Quarantined] = []
    progress = progress or Silent()
    if not isinstance(workers, int):
        raise ConfigError(f"workers is a number of threads, not {workers!r}")
    workers = max(workers, 1)
    arena = Arena(Shelf(memory))
    batches, skipped = _batches(sources, reading or ReadOptions(), quarantined, progress, arena)
    corpus = gather_corpus(batches, config, workers, progress, arena)
    return_memory()
    with Threads(workers) as threads:
        return _report(corpus, config, threads, progress, quarantined, skipped, given, every=every)


def _report(
    corpus: Corpus,
    config: Config,
    threads: Threads,
    progress: Progress,
    quarantined: list[Quarantined],
    skipped: int,
    given: _Given,
    *,
    every: bool,
) -> Report:
    """What is found in a corpus."""
    fixed, rewrites_given = given
    # It is not wanted before candidates are verified.
    background = threads.start(partial(fit_to_corpus, corpus, config) if fixed is None else lambda: fixed)
    scorer = Scorer(corpus.store, config, background, corpus.kernels, threads, progress)

    matching = match_documents(corpus, config, scorer)
    outcome = document_outcome(corpus, matching, config)
    excluding = config.boilerplate == "exclude"
    vetoed = 0
    frames = None
    if config.finds_frames:
        frames = find_frames(corpus, outcome.kept & first_copies(corpus), config)
        if excluding:
            matching, vetoed = veto_frames(corpus, matching, frames, config, background.result())
            outcome = document_outcome(corpus, matching, config)
    found: list[Findings] = []
    matchings = [matching]
    capped = 0
    fingerprints = [background.result().fingerprint]
    if every:
        findings, capped = every_document_pair(corpus, matching, config)
        found.append(findings)
        outcome = outcome.all_kept()
    else:
        found.append(document_findings(corpus, matching, outcome))

    if config.looks_for(Relation.REWRITE) and config.level.documents:
        from dedup.scanning.rewrite_findings import find_rewrites

        rewrites, compared, fingerprint = find_rewrites(
            corpus, matching.firsts, outcome.kept, config, scorer, rewrites_given, every=every
        )
        fingerprints.append(fingerprint)
        found.append(rewrites)
        matchings.append(compared)

    of_documents = len(found)
    repeated, templated = np.zeros((2, len(corpus.paragraphs)), dtype=np.bool_)
    eligible = outcome.kept[corpus.paragraph_documents] & ~corpus.barrier
    if frames is not None:
        framing = frames.framing(corpus, outcome.kept)
        boilerplate = label_boilerplate(corpus, eligible, frames.repetitions, framing, config)
        templated = boilerplate.templated
        if config.looks_for(Relation.BOILERPLATE):
            found.append(boilerplate.findings)
            repeated = boilerplate.repeated
        eligible &= ~framing
    if config.level.paragraphs:
        paragraph_matching = match_paragraphs(corpus, eligible, config, scorer)
        matchings.append(paragraph_matching)
        if every:
            paragraph_pairs, cut = every_pair(paragraph_matching, config)
            capped += cut
        else:
            paragraph_pairs = representative_pairs(corpus, paragraph_matching, config)
        passages = find_passages(corpus, paragraph_pairs, repeated, config, scorer)
        found.append(without_whole_documents(corpus, passages, found[0]))
        if config.looks_for(Relation.REWRITE):
            from dedup.scanning.lifted import find_lifted
            from dedup.scanning.reworded import find_reworded, later_copies

            told = ~eligible | repeated | templated
            copied = join_sides([spans_of(corpus, *[np.flatnonzero(told)] * 2), later_copies(passages)])
            found.append(find_reworded(corpus, outcome.kept, copied, config, scorer))
            # What is copied between documents stands in the first of them.
            copied = join_sides([copied, passages.right])
            known = join_findings(found[:of_documents])
            lifted, counted = find_lifted(corpus, outcome.kept, told, copied, known, config, scorer)
            found.append(lifted)
            matchings.append(counted)
    found.extend(label_residue(corpus, config))
    return make_report(
        corpus,
        join_findings(found),
        outcome,
        quarantined,
        matchings,
        vetoed,
        capped,
        skipped,
        config,
        "-".join(fingerprints),
    )


def _batches(
    sources: Sources, reading: ReadOptions, quarantined: list[Quarantined], progress: Progress, arena: Arena
) -> tuple[Iterator[RecordBatch], int]:
    """The records of paths or of documents, and how many files were passed over."""
    if isinstance(sources, str | os.PathLike | Document):
        sources = [sources]
    if isinstance(sources, bytes) or not isinstance(sources, Iterable):
        raise TypeError(f"give paths or Document objects, not {sources!r:.80}")
    remaining = iter(sources)
    begin = list(islice(remaining, 1))
    if begin and isinstance(begin[0], Document):
        # Documents may come from a generator that is larger than memory.
        progress.start("reading", None)
        return _document_batches(chain(begin, remaining)), 0
    inputs = find_files([_path(each) for each in chain(begin, remaining)])
    progress.start("reading", inputs.total_bytes)
    return read_batches(inputs.files, reading, quarantined.append, progress.advance, arena), inputs.skipped


def _path(source: str | os.PathLike[str] | Document) -> str | os.PathLike[str]:
    if isinstance(source, Document):
        raise TypeError(f"give either paths or Document objects, not both: {source.id!r}")
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"give paths or Document objects, not {source!r:.80}")
    return source


def _document_batches(documents: Iterable[str | os.PathLike[str] | Document]) -> Iterator[RecordBatch]:
    """Batches of documents that the caller holds."""
    batch: list[Document] = []
    size = 0
    for document in documents:
        if not isinstance(document, Document):
            raise TypeError(f"give either paths or Document objects, not both: {document!r}")
        if not isinstance(document.text, str):
            raise TypeError(f"the text of document {document.id!r:.80} is a {type(document.text).__name__}, no string")
        batch.append(document)
        size += len(document.text)
        if size >= BATCH_BYTES or len(batch) >= BATCH_RECORDS:
            yield to_batch(batch)
            batch, size = [], 0
    if batch:
        yield to_batch(batch)


def to_batch(documents: list[Document]) -> RecordBatch:
    """Documents as columns."""
    return RecordBatch(
        TextColumn.from_strings([document.text for document in documents]),
        IdColumn.from_ids([document.id for document in documents]),
        [document.source for document in documents],
        [document.date for document in documents],
    )
