"""The catalogue: one SQLite database with everything that is not in a file that is written once."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dedup.errors import StoreError
from dedup.index.acknowledged import Acknowledging, Counts
from dedup.index.arrivals import Arrivals
from dedup.kernels import I64

FORMAT_VERSION = 2
NAME = "catalogue.sqlite"

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE segments (
    number INTEGER PRIMARY KEY, first_rank INTEGER NOT NULL, documents INTEGER NOT NULL, bytes INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL);
CREATE TABLE tail (
    number INTEGER PRIMARY KEY, documents INTEGER NOT NULL, rows BLOB NOT NULL, keys BLOB NOT NULL,
    samples BLOB NOT NULL, ids BLOB NOT NULL, texts BLOB NOT NULL, anchors BLOB NOT NULL,
    checksum INTEGER NOT NULL);
CREATE TABLE removals (number INTEGER PRIMARY KEY, ranks BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE marks (name TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment with its texts: two files. Its documents have ranks from `first_rank` on."""

    number: int
    first_rank: int
    documents: int
    n_bytes: int
    n_text_bytes: int

    @property
    def name(self) -> str:
        """The name of the file of tables in the folder."""
        return f"segment-{self.number:08d}"

    @property
    def texts_name(self) -> str:
        """The name of the file of texts."""
        return f"texts-{self.number:08d}"


def is_there(folder: Path) -> bool:
    """Whether a folder holds an index. Raises StoreError where that cannot be seen."""
    try:
        return (folder / NAME).exists()
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


class Catalogue:
    """One connection. What SQLite raises becomes StoreError."""

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self.path = folder / NAME
        self._acknowledging: Acknowledging | None = None
        self._counts = Counts(0, 0)
        # A reader of a folder that nobody may write to cannot even look for a writer: what is there is all there is.
        for query in ("mode=ro", "mode=ro&immutable=1") if read_only else ("mode=rwc",):
            uri = f"{self.path.absolute().as_uri()}?{query}"
            try:
                self._connection = sqlite3.connect(
                    uri, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False
                )
                self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.Error as error:
                if query == "mode=ro" and isinstance(error, sqlite3.OperationalError):
                    self._check_logged(error)
                    continue
                raise self._said(error) from error
            return
        raise StoreError(f"{self.path}: cannot be opened")

    def _check_logged(self, error: sqlite3.Error) -> None:
        """Raise StoreError where there is a log: it would be passed over, with what was admitted last."""
        log = self.path.with_name(f"{NAME}-wal")
        if log.exists() and log.stat().st_size:
            raise StoreError(
                f"{self.path.parent}: cannot be read where nothing can be written ({error}), because {log.name} is not "
                "brought in yet; copy the folder to where it can be, or open it there for writing once"
            ) from error

    def prepare(self, durability: str) -> None:
        """Set a writer's connection up."""
        with self.errors():
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durability == 'full' else 'NORMAL'}")
            self._connection.execute("PRAGMA wal_autocheckpoint=2000")

    def create(self, facts: dict[str, bytes]) -> None:
        """Make the tables of a new index, with its first facts, all or nothing."""
        with self.transaction():
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
            for name, value in facts.items():
                self.set_fact(name, value)
        self.checkpoint()

    @property
    def version(self) -> int:
        """The version of the format; 0 for an empty database."""
        with self.errors():
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @property
    def changes(self) -> int:
        """A number that differs when another connection has written."""
        with self.errors():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def transaction(self, *, safe: bool = False, reading: bool = False) -> Iterator[None]:
        """All of what is done within, or nothing; `safe` from a loss of power too."""
        with self.errors():
            before = self._connection.execute("PRAGMA synchronous").fetchone()[0] if safe else None
            if safe:
                self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
            counts = self._counts
            try:
                yield
                if not reading and self._acknowledging is not None:
                    self._counts = self._counts._replace(transactions=counts.transactions + 1)
                    self.set_fact("transactions", str(self._counts.transactions).encode())
                self._connection.execute("COMMIT")
            except BaseException:
                self._counts = counts
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                self._acknowledge()
            finally:
                if before is not None:
                    self._connection.execute(f"PRAGMA synchronous={before}")

    def count_on(self, counts: Counts, acknowledging: Acknowledging) -> None:
        """Put down from now on what is acknowledged, from what there is."""
        self._counts, self._acknowledging = counts, acknowledging
        acknowledging.put(counts)

    def count_to(self, next_rank: int) -> None:
        """Say the rank behind the last document of the transaction."""
        self._counts = self._counts._replace(next_rank=next_rank)

    def _acknowledge(self) -> None:
        if self._acknowledging is not None:
            self._acknowledging.put(self._counts)

    @property
    def transactions(self) -> int:
        """How many there were that did more than add documents."""
        value = self.fact("transactions") or b"0"
        return int(value) if value.isdigit() else 0

    def fact(self, name: str) -> bytes | None:
        """A fact about the index."""
        return self._checked("facts", name)

    def number(self, name: str) -> int:
        """A fact that is a number, and was there from the beginning. Raises StoreError where it is not any more."""
        value = self.fact(name)
        if value is None or not value.isdigit():
            raise self._damaged(f"fact {name!r}")
        return int(value)

    def set_fact(self, name: str, value: bytes) -> None:
        """Store a fact."""
        self._store("facts", name, value)

    def mark(self, name: str) -> bytes | None:
        """What a caller stored with a batch."""
        return self._checked("marks", name)

    def set_mark(self, name: str, value: bytes) -> None:
        """Store a caller's mark."""
        self._store("marks", name, value)

    def marks(self) -> list[str]:
        """The names of all marks."""
        with self.errors():
            return [name for (name,) in self._connection.execute("SELECT name FROM marks ORDER BY name")]

    def segments(self) -> list[StoredSegment]:
        """All segments, in the order of their ranks. Raises StoreError if damaged."""
        with self.errors():
            rows = self._connection.execute("SELECT * FROM segments ORDER BY first_rank").fetchall()
        if any(type(value) is not int for row in rows for value in row):
            raise self._damaged("the list of segments")
        return [StoredSegment(*row) for row in rows]

    def replace_segments(self, old: Iterable[int], new: StoredSegment | None) -> None:
        """Strike some out by their numbers, and enter another."""
        self._connection.executemany("DELETE FROM segments WHERE number = ?", [(number,) for number in old])
        if new is not None:
            self._connection.execute(
                "INSERT INTO segments VALUES (?, ?, ?, ?, ?)",
                (new.number, new.first_rank, new.documents, new.n_bytes, new.n_text_bytes),
            )

    def add_tail(self, arrivals: Arrivals) -> None:
        """Put documents behind those in the tail, under the rank of the last, which is never given again."""
        parts, rank = arrivals.parts(), int(arrivals.rows["rank"][-1])
        self._connection.execute(
            "INSERT INTO tail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (rank, len(arrivals), *parts, _checksum(parts)),
        )
        self.count_to(rank + 1)
        if not self._connection.in_transaction:
            # The statement was a transaction by itself.
            self._acknowledge()

    def tail(self, after: int, bands: int) -> tuple[Arrivals | None, int]:
        """The documents in the tail behind an entry, and the number of the last entry. Raises StoreError if damaged."""
        entries = self._connection.execute(
            "SELECT number, rows, keys, samples, ids, texts, anchors, checksum FROM tail WHERE number > ? "
            "ORDER BY number",
            (after,),
        ).fetchall()
        if not entries:
            return None, after
        for number, *parts, checksum in entries:
            if not _is_whole(parts, checksum):
                raise self._damaged(f"entry {number} of the tail")
        try:
            return Arrivals.from_parts([tuple(entry[1:-1]) for entry in entries], bands), int(entries[-1][0])
        except ValueError:
            raise self._damaged("the tail") from None

    def clear_tail(self, until: int) -> None:
        """Strike out the entries up to one."""
        self._connection.execute("DELETE FROM tail WHERE number <= ?", (until,))

    def add_removals(self, ranks: I64) -> None:
        """Put down documents that are removed."""
        data = ranks.astype("<u4").tobytes()
        self._connection.execute("INSERT INTO removals (ranks, checksum) VALUES (?, ?)", (data, zlib.crc32(data)))

    def removals(self) -> I64:
        """All documents that are removed and not yet gone from the files."""
        with self.errors():
            entries = self._connection.execute("SELECT ranks, checksum FROM removals ORDER BY number").fetchall()
        for data, checksum in entries:
            if not _is_whole([data], checksum):
                raise self._damaged("the list of removed documents")
        return np.frombuffer(b"".join(data for data, _ in entries), dtype="<u4").astype(np.int64)

    def set_removals(self, ranks: I64) -> None:
        """Put the documents down that are still to be gone."""
        self._connection.execute("DELETE FROM removals")
        if ranks.size:
            self.add_removals(ranks)

    def check(self) -> list[str]:
        """What SQLite finds wrong with the database, and which entries are damaged."""
        with self.errors():
            said = [row[0] for row in self._connection.execute("PRAGMA integrity_check")]
            problems = [f"{self.path}: {line}" for line in said if line != "ok"]
            for table in ("facts", "marks"):
                for name, value, checksum in self._connection.execute(f"SELECT * FROM {table}"):  # noqa: S608
                    if not _is_whole([value], checksum):
                        problems.append(str(self._damaged(f"{table[:-1]} {name!r}")))
            return problems

    def checkpoint(self) -> None:
        """Bring what stands in the log into the database, as far as readers let it."""
        with self.errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        if self._acknowledging is not None:
            self._acknowledging.close()

    def _checked(self, table: str, name: str) -> bytes | None:
        with self.errors():
            row = self._connection.execute(
                f"SELECT value, checksum FROM {table} WHERE name = ?",  # noqa: S608 - one of two names
                (name,),
            ).fetchone()
        if row is None:
            return None
        if not _is_whole([row[0]], row[1]):
            raise self._damaged(f"{table[:-1]} {name!r}")
        return bytes(row[0])

    def _store(self, table: str, name: str, value: bytes) -> None:
        self._connection.execute(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)",  # noqa: S608 - one of two names
            (name, value, zlib.crc32(value)),
        )

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{self.path}: {what} does not match its checksum: the file is damaged. Put it back from a copy of the "
            "index, or make the index anew"
        )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Make StoreErrors of what SQLite raises within."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._said(error) from error

    def _said(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorname", "")
        if code == "SQLITE_FULL":
            return StoreError(f"{self.path}: the disk is full; free some space and run the same again: nothing is lost")
        if code.startswith("SQLITE_READONLY"):
            return StoreError(f"{self.path}: cannot be written to; open it read-only")
        if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return StoreError(f"{self.path}: the file is damaged ({error}). Put it back from a copy of the index")
        return StoreError(f"{self.path}: {error}")


def _checksum(parts: Iterable[bytes]) -> int:
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value


def _is_whole(parts: Sequence[object], checksum: object) -> bool:
    """Whether values are bytes, which in a damaged row they need not be, and match their checksum."""
    held = [part for part in parts if isinstance(part, bytes)]
    return len(held) == len(parts) and _checksum(held) == checksum
