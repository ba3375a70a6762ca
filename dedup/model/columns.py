"""Texts and ids as columns: one UTF-8 buffer and int64 offsets, as in Arrow, so that no stage holds Python strings."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring

import numpy as np
from numpy.typing import NDArray

from dedup.model.document import DocumentId


def _encoded(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"a text is a string, not {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class TextColumn:
    """n texts in one buffer.

    `data` is uint8, UTF-8 in which a lone surrogate stands as its three-byte form (`surrogatepass`), so that every
    Python string can be held and offsets agree; `offsets` is int64 of shape (n + 1,), in bytes, from 0 to
    `data.size`.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @classmethod
    def from_strings(cls, texts: Iterable[str]) -> "TextColumn":
        """Encode strings, lone surrogates included. Raises TypeError where one is none."""
        return cls.from_bytes([_encoded(text) for text in texts])

    @classmethod
    def from_bytes(cls, encoded: Sequence[bytes | memoryview]) -> "TextColumn":
        """Join texts that are encoded already."""
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return int(self.offsets.size - 1)

    def __getitem__(self, index: int) -> str:
        return self.raw(index).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def raw(self, index: int) -> bytes:
        """The bytes of one text."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    @property
    def n_bytes(self) -> int:
        """Size of the texts together, in bytes."""
        return int(self.data.size)


_LIKE_ONE_CHARACTER = re.compile("[\ud800-\udbff][\udc00-\udfff]")
"""Two lone surrogates in a row, which would be read as one character if they were escaped."""


def id_token(document: DocumentId) -> bytes:
    """The JSON token of an id: one id has one token, whether it was given or read from a file.

    It is ASCII, but for ids with two lone surrogates in a row, which no file can hold. Raises TypeError for what is
    neither a string nor an integer: of documents without an id each would take the place of the one before.
    """
    if isinstance(document, bool) or not isinstance(document, str | int):
        raise TypeError(f"an id is a string or an integer, not {document!r}")
    if isinstance(document, str) and _LIKE_ONE_CHARACTER.search(document):
        return encode_basestring(document).encode("utf-8", "surrogatepass")
    return json.dumps(document).encode("ascii")


@dataclass(frozen=True, slots=True)
class IdColumn:
    """n document ids, each held as its JSON token, so that a string and an integer stay what they were."""

    tokens: TextColumn

    @classmethod
    def from_ids(cls, ids: Iterable[DocumentId]) -> "IdColumn":
        """Hold the ids given. Raises TypeError for what is neither a string nor an integer."""
        return cls(TextColumn.from_bytes([id_token(each) for each in ids]))

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> DocumentId:
        value: DocumentId = json.loads(self.tokens.raw(index))
        return value


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Some consecutive records of the input.

    `texts` and `ids` have n entries; so has `paths`, the file each record came from (one shared string a file), for
    the keep policy `source`; `dates` has n entries where a date column was asked for, and none otherwise.
    """

    texts: TextColumn
    ids: IdColumn
    paths: Sequence[str]
    dates: Sequence[str | float | None] = field(default=())

    def __len__(self) -> int:
        return len(self.texts)
