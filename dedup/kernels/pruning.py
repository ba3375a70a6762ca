"""Removing from the cache folder what was compiled for other versions and is used no longer."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path

DAY = 24 * 60 * 60
UNUSED = 30 * DAY
"""Seconds: what was used since then stays."""

SPARED = 4
"""So many versions of each group of loops, those used last, stay however long ago that was: somebody may go back to
one."""

_NAME = re.compile(r"(kernels(?:-([a-z]+))?-[0-9a-f]{24})\.(?:lock|o\w*)")
"""Object files, what is left of one that was being written, and the locks."""


def mark_used(file: Path) -> None:
    """Note that a file was used, as the time of its last change, once a day; not being able to is no error."""
    with suppress(OSError):
        if time.time() - file.stat().st_mtime > DAY:
            os.utime(file)  # which, unlike `touch`, makes no file where another process just removed it


def prune(folder: Path) -> None:
    """Remove the files of versions that were not used for `UNUSED` seconds, but for the last `SPARED` of each group.

    Other processes may do the same, or load or write files, at the same time: one that misses its file compiles again.
    What cannot be removed stays.
    """
    files: dict[str, list[Path]] = {}
    last_used: dict[str, float] = {}
    groups: dict[str | None, set[str]] = {}
    with suppress(OSError):
        for file in folder.iterdir():
            found = _NAME.fullmatch(file.name)
            if found is None:
                continue
            with suppress(OSError):
                used = file.stat().st_mtime
                files.setdefault(found[1], []).append(file)
                groups.setdefault(found[2], set()).add(found[1])
                last_used[found[1]] = max(used, last_used.get(found[1], used))
    for versions in groups.values():
        for version in sorted(versions, key=last_used.__getitem__, reverse=True)[SPARED:]:
            if last_used[version] < time.time() - UNUSED:
                for file in files[version]:
                    with suppress(OSError):
                        file.unlink()
