"""Turning paths into batches of records: text, HTML, JSON lines, CSV and Parquet, plain or compressed.

Whatever cannot be read is handed to the caller as a `Quarantined` with its file, line and one of the names in
`Reason`, and the rest goes on. Every record of the input becomes either one record of a batch or one quarantine
entry; an entry for a whole file counts as one record read. Blank lines of JSON lines and CSV are no records.
"""

from dedup.reading.batches import read_batches
from dedup.reading.building import TextMemory
from dedup.reading.lines import lines_of
from dedup.reading.options import ReadOptions, Reason
from dedup.reading.paths import Inputs, find_files

__all__ = ["Inputs", "ReadOptions", "Reason", "TextMemory", "find_files", "lines_of", "read_batches"]
