"""Looking an index over: what is in it, and whether all of it is whole and in agreement."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dedup.index.arrivals import NONE
from dedup.index.parts import Segment
from dedup.index.state import State
from dedup.index.storage import Storage
from dedup.kernels import Kernels


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is in an index.

    `documents`, of which `kept` and `dropped`; `removed` ones whose postings are on the disk still; `tail`: documents
    that are in no segment yet. `posting_bytes` and `text_bytes`: of the segments' files; `bytes`: of all files.
    `config` and `background` are fingerprints, `background_documents` how many the background was fitted on.
    `paragraphs`: how many the index knows, if it knows them, and `paragraph_bytes` those of their postings.
    """

    documents: int
    kept: int
    dropped: int
    removed: int
    tail: int
    segments: int
    bytes: int
    posting_bytes: int
    text_bytes: int
    keeps_text: bool
    format: int
    config: str
    background: str
    background_documents: int
    marks: tuple[str, ...]
    paragraphs: int | None = None
    paragraph_bytes: int | None = None


def look_over(storage: Storage) -> IndexInfo:
    """What is in an index."""
    state = storage.state
    alive = state.ledger.alive
    kept = alive & (state.ledger.representatives == NONE)
    stored = [segment.stored for segment in state.segments]
    return IndexInfo(
        documents=int(np.count_nonzero(alive)),
        kept=int(np.count_nonzero(kept)),
        dropped=int(np.count_nonzero(alive & ~kept)),
        removed=sum(int(np.count_nonzero(~alive[part.ranks])) for part in state.parts),
        tail=state.tail_documents,
        segments=len(stored),
        bytes=sum(_size(path) for path in storage.folder.iterdir()),
        posting_bytes=sum(each.n_bytes for each in stored),
        text_bytes=sum(each.n_text_bytes for each in stored),
        keeps_text=state.keeps_text,
        format=storage.catalogue.version,
        config=state.config.fingerprint,
        background=state.background.fingerprint,
        background_documents=state.background.documents,
        marks=tuple(storage.catalogue.marks()),
    )


def _size(path: Path) -> int:
    """The size of a file; 0 of what is none, or none any more since another process has joined segments."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def check(storage: Storage, kernels: Kernels) -> list[str]:
    """Everything that is wrong, in words: damaged blocks, and facts that contradict each other."""
    problems = storage.catalogue.check()
    if storage.lost:
        problems.append(f"{storage.folder}: {storage.lost} had been acknowledged and cannot be found")
    for segment in storage.state.segments:
        damaged = [f"{segment.path}: block {block} is damaged" for block in segment.check_all(kernels)]
        problems += damaged
        problems += segment.text_file.check()
        if not damaged:
            problems += _contradictions(segment, storage.state, kernels)
    return problems


def _contradictions(segment: Segment, state: State, kernels: Kernels) -> Iterator[str]:
    """What is wrong with a segment whose bytes are what they were."""
    facts, stored = segment.facts(kernels), segment.stored
    ranks = facts.ranks.astype(np.int64)
    if ranks.size != stored.documents or int(ranks[0]) != stored.first_rank:
        yield f"{segment.path}: holds {ranks.size:,} documents, and the catalogue says {stored.documents:,}"
    if (np.diff(ranks) <= 0).any() or int(ranks[-1]) >= state.ledger.count:
        yield f"{segment.path}: its documents are not in order"
    dropped = facts.representatives != NONE
    if (facts.representatives[dropped] >= facts.ranks[dropped]).any():
        yield f"{segment.path}: a document has a later one as its representative"
    rows = segment.rows(np.arange(ranks.size), kernels)
    if rows["text_number"].max() >= segment.text_file.count:
        yield f"{segment.path}: names texts that are not there"
    for number in range(state.numbers.count):
        entries = segment.entries(number)
        if (entries[1:] <= entries[:-1]).any():
            yield f"{segment.path}: table {number} is not in order"
        if not np.isin((entries & np.uint64(NONE)).astype(np.uint32), segment.ranks).all():
            yield f"{segment.path}: table {number} names documents that are not there"
