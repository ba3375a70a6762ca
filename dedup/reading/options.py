"""What a caller can choose about reading, and the names of what can go wrong."""

from dataclasses import dataclass
from enum import StrEnum

from dedup.errors import ConfigError
from dedup.reading.formats import Format


class Reason(StrEnum):
    """Why a record, or a whole file, was quarantined."""

    INVALID_JSON = "invalid-json"
    """A line of a JSON-lines file is not JSON."""
    NOT_AN_OBJECT = "not-an-object"
    """A line of a JSON-lines file is JSON, but no object."""
    CSV_ROW = "csv-row"
    """A CSV row has too many or too few fields, or broken quotes."""
    INVALID_UTF8 = "invalid-utf8"
    """The text is not UTF-8 (for HTML: nor what its `meta charset` says)."""
    MISSING_TEXT = "missing-text"
    """The record has no text, or a null one."""
    TEXT_NOT_STRING = "text-not-string"
    """What stands where the text should be is a number, a list, an object ..."""
    MISSING_ID = "missing-id"
    """An id column was named, and the record has no id in it."""
    ID_TYPE = "id-type"
    """The id is neither a string nor an integer, or not of the same type as the ids before it in the file."""
    MISSING_COLUMN = "missing-column"
    """A CSV or Parquet file lacks the text column, or the id column that was named."""
    UNKNOWN_FORMAT = "unknown-format"
    """The file is of a format that is not read here, such as a picture, a PDF or a ZIP archive."""
    DAMAGED_FILE = "damaged-file"
    """The file is cut off or corrupt from some point on."""
    UNREADABLE_FILE = "unreadable-file"
    """The operating system does not give the file: it is gone, a folder, or not permitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How records are taken from files.

    `text_column` and `id_column` name fields of JSON objects and columns of CSV and Parquet. Without `id_column` the
    id is the record's `id`, else its `url`, else `path:row`; with it, a record that has none is quarantined.
    `date_column` fills `RecordBatch.dates`; a record without a usable date gets None. `input_format` (`text`, `html`,
    `jsonl`, `csv` or `parquet`) overrides what the names of the files say. `strict` makes an error of the first
    record that would be quarantined. A batch is closed before its texts exceed `batch_bytes`; a single text may.
    """

    text_column: str = "text"
    id_column: str | None = None
    date_column: str | None = None
    input_format: str | None = None
    strict: bool = False
    batch_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        if self.input_format is not None and self.input_format not in set(Format):
            known = ", ".join(Format)
            raise ConfigError(f"unknown input format {self.input_format!r}; choose one of {known}")
        if self.batch_bytes < 1:
            raise ConfigError(f"batch_bytes is at least 1, not {self.batch_bytes!r}")
