"""Old object files go from the cache folder; those in use, the last few, and what is not ours stay."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dedup.kernels.pruning import DAY, SPARED, UNUSED, mark_used, prune

ROOT = Path(__file__).parents[2]


def file_of(folder: Path, version: int, days: float, ending: str = ".o") -> Path:
    """A file of a version, last used so many days ago."""
    file = folder / f"kernels-{version:024x}{ending}"
    file.write_bytes(b"code")
    then = time.time() - days * DAY
    os.utime(file, (then, then))
    return file


def test_versions_used_long_ago_go_with_their_locks_and_remains(tmp_path: Path) -> None:
    recent = [file_of(tmp_path, version, version) for version in range(SPARED + 3)]
    old = [
        file_of(tmp_path, version, 40 + version, ending) for version in (20, 21) for ending in (".o", ".lock", ".oa_9x")
    ]
    prune(tmp_path)
    assert sorted(tmp_path.iterdir()) == recent
    assert len(old) == 6


def test_the_last_few_of_each_group_of_loops_stay(tmp_path: Path) -> None:
    files = []
    for group in ("core", "aligning"):
        for version in range(SPARED + 1):
            old = file_of(tmp_path, version, 400 + version)
            files.append(old.rename(tmp_path / old.name.replace("kernels-", f"kernels-{group}-")))
    prune(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(each for each in files if not each.stem.endswith(str(SPARED)))


def test_the_last_few_stay_however_old_they_are(tmp_path: Path) -> None:
    files = [file_of(tmp_path, version, 400 + version) for version in range(SPARED + 2)]
    prune(tmp_path)
    assert sorted(tmp_path.iterdir()) == files[:SPARED]


def test_a_version_is_as_recent_as_the_last_of_its_files(tmp_path: Path) -> None:
    for version in range(SPARED):
        file_of(tmp_path, version, 0)
    old = file_of(tmp_path, 50, 90)
    lock = file_of(tmp_path, 50, 1, ".lock")  # a process that waits for its turn has opened it
    prune(tmp_path)
    assert old.exists()
    assert lock.exists()


def test_nothing_else_in_the_folder_is_touched(tmp_path: Path) -> None:
    for version in range(SPARED):
        file_of(tmp_path, version, 0)
    names = ["notes.txt", "kernels-1.o", f"kernels-{0:024x}.py", f"kernels-{0:024X}z.o", f"other-{0:024x}.o"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (0, 0))
    folder = tmp_path / f"kernels-{99:024x}.o"
    folder.mkdir()
    os.utime(folder, (0, 0))
    before = sorted(tmp_path.iterdir())
    prune(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_is_loaded_counts_as_used(tmp_path: Path) -> None:
    old, today = file_of(tmp_path, 0, 2 + UNUSED / DAY), file_of(tmp_path, 1, 0.5)
    before = today.stat().st_mtime
    mark_used(old)
    mark_used(today)
    assert time.time() - old.stat().st_mtime < DAY
    assert today.stat().st_mtime == before


def test_a_folder_or_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    prune(tmp_path / "none")
    mark_used(tmp_path / "none.o")
    assert list(tmp_path.iterdir()) == []


def refuse(*_: object, **__: object) -> None:
    raise PermissionError


@pytest.mark.parametrize("call", ["unlink", "stat"])
def test_what_the_system_refuses_stays(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in range(SPARED + 1):
        file_of(tmp_path, version, 400)
    with monkeypatch.context() as patch:
        patch.setattr(Path, call, refuse)
        prune(tmp_path)
    assert len(list(tmp_path.iterdir())) == SPARED + 1


def test_several_processes_prune_at_once(tmp_path: Path) -> None:
    go = tmp_path / "go"
    cache = tmp_path / "cache"
    cache.mkdir()
    files = [file_of(cache, version, 100 + version) for version in range(200)]
    program = (
        "import sys, time; from pathlib import Path; from dedup.kernels.pruning import prune\n"
        "print('ready', flush=True)\n"
        "while not Path(sys.argv[1]).exists(): time.sleep(0.001)\n"
        "prune(Path(sys.argv[2]))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(go), str(cache)], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    go.touch()
    assert [(process.communicate()[0], process.returncode) for process in processes] == [(b"", 0)] * 4
    assert sorted(cache.iterdir()) == files[:SPARED]
