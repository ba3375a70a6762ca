"""Inputs of the tests of the filter, and what comes out of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedup.config import PAIR_RELATIONS, Config
from dedup.filtering import FilterOptions, FilterResult, filter_records
from dedup.model import Document, Level
from dedup.reading import ReadOptions

CONFIG = Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)

WORDS = (
    "Every morning the council of the northern harbour weighs its copper on the old bridge before it sells any of it"
)
OTHER = (
    "A ferry that nobody had ordered lay at anchor for three weeks while the owners of the island argued over the fee"
)


def record(number: int, text: str, **more: object) -> dict[str, object]:
    """A record with a field that the filter knows nothing of."""
    return {"id": number, "text": text, "more": {"deep": [number, {"text": "}"}]}, **more}


def lines_of(documents: Sequence[Document], newline: str = "\n") -> list[bytes]:
    """Each document as a line, with its newline, in varying styles; ids are strings."""
    styles: tuple[dict[str, Any], ...] = ({}, {"ensure_ascii": False}, {"separators": (" , ", " : ")})
    written = []
    for number, document in enumerate(documents):
        value = {"more": [1, {"x": 1.50}], "id": str(document.id), "text": document.text, "last": None}
        style = styles[number % 3] if document.text.isprintable() else styles[0]
        written.append((json.dumps(value, **style) + newline).encode())
    return written


@dataclass(frozen=True)
class Filtered:
    """What a run left in its folder."""

    result: FilterResult
    folder: Path

    def read(self, name: str) -> bytes:
        """A file."""
        return (self.folder / name).read_bytes()

    @property
    def out(self) -> bytes:
        """The records."""
        return self.read("out.jsonl")

    def rows(self, name: str) -> list[dict[str, object]]:
        """The objects of a file of JSON lines."""
        return [json.loads(line) for line in self.read(name).splitlines()]


def run_filter(
    folder: Path,
    data: bytes,
    *,
    config: Config = CONFIG,
    index: bool = False,
    reading: ReadOptions | None = None,
    **options: Any,
) -> Filtered:
    """Filter some lines in a folder."""
    (folder / "in.jsonl").write_bytes(data)
    result = filter_records(
        str(folder / "in.jsonl"),
        str(folder / "out.jsonl"),
        config,
        index=str(folder / "seen.dedup") if index else None,
        reading=reading,
        options=FilterOptions(**options),
    )
    return Filtered(result, folder)
