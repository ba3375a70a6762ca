"""Parquet to JSON lines, once, so that every tool reads the same file."""

from pathlib import Path

import orjson


def convert(source: Path, target: Path) -> None:
    """Write the columns `id` and `text`, a batch of rows at a time."""
    import pyarrow.parquet

    with target.open("wb") as file, pyarrow.parquet.ParquetFile(source) as parquet:
        for batch in parquet.iter_batches(batch_size=4096, columns=["id", "text"]):
            for record in batch.to_pylist():
                file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def text_bytes(path: Path) -> int:
    """How many bytes the texts of a file of JSON lines have, in UTF-8."""
    with path.open("rb") as file:
        texts = (orjson.loads(line)["text"] for line in file)
        return sum(len(text) if text.isascii() else len(text.encode()) for text in texts)
