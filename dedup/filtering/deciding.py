"""The index as the filter sees it: it decides on batches, and keeps where the run stands in the same transaction."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from dedup.config import Config
from dedup.deciding import DROPPED
from dedup.filtering.options import FilterOptions
from dedup.filtering.verdicts import KEPT_REASONS, REASONS, REWRITE_KEPT, Verdicts
from dedup.index import DecisionColumns, Index
from dedup.index.prepared import Prepared
from dedup.model import IdColumn, TextColumn
from dedup.reporting.json_values import encoded, match_value
from dedup.verifying import CODES, Verdict

_OF_KEPT = np.array([KEPT_REASONS.index(name) for name in ("unique", "unique", "short", "empty")], dtype=np.int8)
"""By the codes of `dedup.deciding.REASONS`: in a stream nobody knows yet who will represent others."""

_OF_DROPPED = np.zeros(max(CODES) + 1, dtype=np.int8)
for _verdict, _relation in CODES.items():
    _OF_DROPPED[_verdict] = REASONS.index(_relation)


class Decider:
    """An index that is open for this run; `kept` says whether it stays when the run ends."""

    def __init__(self, path: str | None, workspace: str, config: Config | None, options: FilterOptions) -> None:
        self.kept = path is not None
        self._index = Index.open(
            os.path.join(workspace, "index") if path is None else path,
            config,
            paragraphs=options.paragraphs,
            durability="full" if options.full_durability else "process",
            drop_rewrites=options.drop_rewrites,
            timeout=options.timeout,
        )

    @property
    def config(self) -> Config:
        """That of the index."""
        return self._index.config

    @property
    def with_passages(self) -> bool:
        """Whether the verdicts tell passages."""
        return self._index.knows_paragraphs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._index.close()

    def mark(self, name: str) -> bytes | None:
        """What was kept under a name."""
        return self._index.mark(name)

    def put_mark(self, name: str, value: bytes) -> None:
        """Keep something under a name, without deciding on anything."""
        nothing = TextColumn.from_bytes([])
        self._index.admit_columns(nothing, IdColumn(nothing), mark=(name, value))

    def prepare(self, texts: TextColumn) -> Prepared:
        """What can be done ahead of deciding, in another thread."""
        return self._index.prepare(texts)

    def begin(
        self, texts: TextColumn, ids: IdColumn, prepared: Prepared | None, name: str, mark: Callable[[Verdicts], bytes]
    ) -> Callable[[], Verdicts]:
        """Begin to decide on records: the rest, to be called in any thread while the next records are begun with.

        It adds them to the index, and keeps what `mark` gives for the verdicts, all of it or nothing.
        """
        verdicts: list[Verdicts] = []

        def value(columns: DecisionColumns) -> bytes:
            verdicts.append(_verdicts(columns))
            return mark(verdicts[0])

        finish = self._index.begin_columns(texts, ids, mark=(name, value), prepared=prepared)

        def finished() -> Verdicts:
            finish()
            return verdicts[0]

        return finished


def _verdicts(columns: DecisionColumns) -> Verdicts:
    kept = columns.reasons != DROPPED
    reasons = np.empty(len(columns), dtype=np.int8)
    reasons[kept] = _OF_KEPT[columns.reasons[kept]]
    reasons[~kept] = _OF_DROPPED[columns.verdicts[~kept]]
    reasons[kept & (columns.verdicts == Verdict.REWRITE)] = REWRITE_KEPT
    repeating = np.flatnonzero(reasons >= len(KEPT_REASONS))
    names = [columns.names.tokens.raw(place) for place in range(len(columns.names))]
    representatives = [names[place] if place >= 0 else b"" for place in columns.representatives[repeating].tolist()]
    scores = np.concatenate([columns.scores[:, repeating], columns.probabilities[None, repeating]])
    return Verdicts(reasons, repeating, representatives, scores, _passages(columns))


def _passages(columns: DecisionColumns) -> dict[int, bytes] | None:
    """The paragraphs of each record that were seen before, as JSON."""
    if columns.passages is None:
        return None
    return {
        place: encoded([match_value(each) for each in passages])
        for place, passages in enumerate(columns.passages.matches(columns.ids))
        if passages
    }
