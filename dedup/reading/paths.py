"""Finding the files that paths, folders and globs name."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dedup.errors import InputError
from dedup.reading.formats import format_of_name

STDIN = "-"


class Inputs(NamedTuple):
    """What there is to read.

    `files` in reading order (`-` for stdin); `skipped` counts files in folders that are of no known format;
    `total_bytes` is the size of the files as they are stored, None where stdin or another stream is among them.
    """

    files: tuple[str, ...]
    skipped: int
    total_bytes: int | None


def find_files(paths: Sequence[str | os.PathLike[str]]) -> Inputs:
    """The files that `paths` name, in the order given, each once.

    A path is a file, a folder (walked through, sorted by the parts of the path, hidden files and folders left out),
    a glob (where nothing of that very name exists; `**` spans folders) or `-` for stdin. A file named, or matched by
    a glob, is read whatever its extension; in a folder only known extensions count. A folder that cannot be listed
    stays among the files, for reading to quarantine it.

    Raises `InputError` for a path that does not exist and a glob that matches nothing.
    """
    search = _Search()
    for path in paths:
        name = os.fspath(path)
        if name == STDIN:
            search.add(STDIN, STDIN)
            continue
        for match in _matches(name):
            search.visit(match)
    return Inputs(tuple(search.files), search.skipped, search.total_bytes)


def shown_path(name: str) -> str:
    """A path as it may stand in a message: as it is if it can be printed, else quoted and escaped."""
    return name if name.isprintable() else repr(name)


def _matches(name: str) -> list[str]:
    """The path itself where it exists, else what it matches as a glob, sorted by the parts of the path."""
    try:
        if name and os.path.exists(name):
            return [name]
        found = glob.glob(name, recursive=True) if glob.has_magic(name) else []
    except ValueError:  # a NUL in the path
        found = []
    if found:
        return sorted(found, key=lambda match: match.split(os.sep))
    if not name:
        raise InputError("an empty path names nothing; give a file, a folder, a glob, or - for stdin")
    shown = shown_path(name)
    if glob.has_magic(name):
        raise InputError(f"{shown}: no file matches; check the pattern and the folder it starts from")
    if os.path.lexists(name.replace("\0", "")):
        raise InputError(f"{shown}: the link points nowhere; mend it or leave it out")
    raise InputError(f"{shown}: no such file or folder; check the name, or quote it if it is a glob")


class _Search:
    """The files found so far."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.skipped = 0
        self.total_bytes: int | None = 0
        self._seen: set[str] = set()

    def add(self, file: str, real: str) -> None:
        """Take a file, unless its real path was taken already."""
        if real in self._seen:
            return
        self._seen.add(real)
        self.files.append(file)
        try:
            status = os.stat(file) if file != STDIN else None
        except OSError:
            return  # reading will say why
        if status is None or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            self.total_bytes = None
        elif self.total_bytes is not None and stat.S_ISREG(status.st_mode):
            self.total_bytes += status.st_size

    def visit(self, path: str) -> None:
        """Take a file that was named, or what is in a folder."""
        if not os.path.isdir(path):
            self.add(path, os.path.realpath(path))
            return
        stripped = path.rstrip("/" + os.sep)
        folder = "" if stripped == os.curdir else stripped or os.sep
        waiting = [self._entries(folder)]
        while waiting:  # a stack instead of recursion: folders may be nested deeper than Python calls
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif entry.is_folder:
                waiting.append(self._entries(entry.name, entry.real))
            elif entry.is_file and format_of_name(entry.name) is not None:
                self.add(entry.name, entry.real)
            elif entry.real not in self._seen:
                self._seen.add(entry.real)
                self.skipped += 1

    def _entries(self, folder: str, real: str | None = None) -> Iterator["_Entry"]:
        """The visible entries of a folder not walked before, sorted by name."""
        real = os.path.realpath(folder or os.curdir) if real is None else real
        if real in self._seen:
            return
        self._seen.add(real)
        above, real_above = os.path.join(folder, ""), os.path.join(real, "")
        try:
            with os.scandir(real) as listing:
                entries = sorted(
                    (_entry(each, above, real_above) for each in listing if not each.name.startswith(".")),
                    key=lambda entry: entry.name,
                )
        except OSError:
            self.files.append(folder or os.curdir)
            return
        yield from entries


class _Entry(NamedTuple):
    """An entry of a folder: its path as joined, its path without links, and what it is.

    A link that points nowhere counts as a file, so that reading says so.
    """

    name: str
    real: str
    is_folder: bool
    is_file: bool


def _entry(entry: os.DirEntry[str], above: str, real_above: str) -> _Entry:
    name, real = above + entry.name, real_above + entry.name
    if not entry.is_symlink():
        return _Entry(name, real, entry.is_dir(), entry.is_file())
    is_file = os.path.isfile(real) or not os.path.exists(real)
    return _Entry(name, os.path.realpath(real), os.path.isdir(real), is_file)
