"""Reading JSON lines and Parquet into batches: `pytest benchmarks/stages/test_reading.py`.

The input is made up anew each time and always the same: about 40 MB of text in documents of 100 to 4,000 characters,
one in eight of them with letters outside ASCII, with integer ids.
"""

import json
import random
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dedup.model import Quarantined, RecordBatch
from dedup.reading import ReadOptions, read_batches

DOCUMENTS = 20_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Paragraphs of made-up words, with newlines and quotes, which JSON must escape."""
    generator = random.Random(20)
    words = ["".join(generator.choices(LETTERS, k=generator.randint(1, 9))) for _ in range(5000)]
    prose = " ".join(word + generator.choice(['"', ",", ".\n\n", "", "", "", "", ""]) for word in words * 40)
    foreign = prose.replace("ie", "é").replace("qu", "’")
    cuts = [(generator.randrange(len(foreign) - 4000), generator.randint(100, 4000)) for _ in range(DOCUMENTS)]
    return [
        (foreign if number % 8 == 0 else prose)[start : start + length] for number, (start, length) in enumerate(cuts)
    ]


@pytest.mark.parametrize("ids", ["integers", "strings", "none"])
def test_json_lines(benchmark: BenchmarkFixture, tmp_path: Path, texts: list[str], ids: str) -> None:
    """JSON lines whose ids are integers, addresses, or their line numbers."""
    path = tmp_path / "documents.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            record: dict[str, object] = {"text": text}
            if ids != "none":
                record = {"id": number if ids == "integers" else f"http://example.org/{number}", **record}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    _measure(benchmark, path, texts)


def test_parquet(benchmark: BenchmarkFixture, tmp_path: Path, texts: list[str]) -> None:
    """Parquet as pyarrow writes it, compressed by zstd."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "documents.parquet"
    table = pa.table({"id": range(len(texts)), "text": texts})
    pq.write_table(table, path, row_group_size=10_000, compression="zstd")
    _measure(benchmark, path, texts)


def _measure(benchmark: BenchmarkFixture, path: Path, texts: list[str]) -> None:
    def read() -> list[RecordBatch]:
        return list(read_batches([str(path)], ReadOptions(), quarantined.append))

    quarantined: list[Quarantined] = []
    batches = benchmark(read)
    assert quarantined == []
    assert [text for batch in batches for text in batch.texts] == texts
    stored = sum(batch.texts.n_bytes for batch in batches)
    if benchmark.stats is not None:  # None where benchmarks are switched off
        benchmark.extra_info["MB of text a second"] = round(stored / benchmark.stats.stats.min / 1e6)
