"""What reading some files gave, as plain Python values to compare with."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.model import DocumentId, Quarantined, RecordBatch
from dedup.reading import ReadOptions, find_files, read_batches


@dataclass(frozen=True)
class Outcome:
    batches: list[RecordBatch]
    quarantined: list[Quarantined]
    progress: list[int]

    @property
    def records(self) -> list[tuple[DocumentId, str]]:
        return [(batch.ids[row], batch.texts[row]) for batch in self.batches for row in range(len(batch))]

    @property
    def ids(self) -> list[DocumentId]:
        return [document for document, _ in self.records]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.records]

    @property
    def dates(self) -> list[str | float | None]:
        return [date for batch in self.batches for date in batch.dates]

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        return [(each.line, each.reason) for each in self.quarantined]


def read_files(files: Sequence[str], options: ReadOptions | None = None) -> Outcome:
    """Read files by their names, without looking for them first."""
    quarantined: list[Quarantined] = []
    progress: list[int] = []
    batches = list(read_batches(files, options or ReadOptions(), quarantined.append, progress.append))
    for batch in batches:
        assert len(batch.ids) == len(batch.paths) == len(batch) > 0
        assert batch.texts.offsets[0] == 0
        assert batch.texts.offsets[-1] == batch.texts.data.size
        assert batch.ids.tokens.offsets[0] == 0
        assert batch.ids.tokens.offsets[-1] == batch.ids.tokens.data.size
    return Outcome(batches, quarantined, progress)


def read(*paths: str | os.PathLike[str], options: ReadOptions | None = None) -> Outcome:
    """Find the files and read them."""
    return read_files(find_files(paths).files, options)
