"""A program that admits documents to an index and is killed at some point.

    python -m tests.index.killing PATH KILLS SEED [paragraphs]

Each run is forked from one process and ends itself by SIGKILL at the n-th call of a function, n drawn by a seeded
generator between the first call and the last of an unbroken run; a last run is not killed. What was acknowledged is
written to a file outside of the index. Prints the number of the runs that were killed and of all, and what went wrong.
"""

import os
import signal
import sys
from pathlib import Path
from random import Random
from types import FrameType
from typing import TYPE_CHECKING

from dedup import Decision, Document, Index
from dedup.index import storage
from tests.index.corpus import documents, explained, pages

if TYPE_CHECKING:
    from _typeshed import HasFileno

DOCUMENTS = 60
STEPS = 20


def steps(index: Index, done: Path, several: list[Document]) -> None:
    """Go on from the step that the mark in the index names: admit a few documents, remove, replace, compact."""
    mark = index.mark("steps")
    begin = 0 if mark is None else int(mark)
    acknowledged = int(done.read_text() or "0") if done.exists() else 0
    assert begin >= acknowledged, f"step {acknowledged} was acknowledged, and the index is at {begin}"
    for step in range(begin, STEPS):
        some = several[3 * step : 3 * step + 3]
        # What comes before the mark of a step may be done twice, and makes no difference then.
        if step % 7 == 3:
            index.admit(type(some[0])(f"alone {step}", several[step].text + " once more"))
            index.remove(f"alone {step}")
        if step % 8 == 7:
            index.compact()
        if step == 12:
            index.refit()
        if step % 9 == 5:
            some.append(type(some[0])(several[3 * step - 6].id, several[3 * step - 1].text + f" step {step}"))
        index.admit_batch(some, mark=("steps", str(step + 1).encode()))
        done.write_text(str(step + 1))


def known(index: Index, several: list[Document], paragraphs: bool) -> list[Decision | None]:
    """What an index says of documents that it has."""
    return [index.query(each) for each in several] if paragraphs else explained(index, several)


def run(path: Path, done: Path, kill_at: int, several: list[Document], paragraphs: bool) -> int:
    """One run, killed at a call, or not killed where `kill_at` is 0; the number of calls."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1
            if calls == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        with Index.open(path, merge="now", paragraphs=paragraphs) as index:
            steps(index, done, several)
    finally:
        sys.setprofile(None)
    return calls


def no_fsync(fd: "int | HasFileno") -> None:
    """Nothing."""


def main() -> int:
    """Kill and go on until all is done, several times over, and compare with an unbroken run."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    storage.FLUSH_DOCUMENTS = 7
    storage._SMALLEST = 4
    # What a dead process has written is not lost with it.
    os.fsync = no_fsync
    paragraphs = "paragraphs" in sys.argv[4:]
    several = pages(DOCUMENTS, 1) if paragraphs else documents(DOCUMENTS)
    generator = Random(seed)  # noqa: S311 - no secret
    total = run(folder / "unbroken", folder / "unbroken.done", 0, several, paragraphs)
    with Index.open(folder / "unbroken", read_only=True) as index:
        expected, count = known(index, several, paragraphs), len(index)
    killed = turn = 0
    while killed < kills:
        turn += 1
        path, done = folder / f"run-{turn}", folder / f"run-{turn}.done"
        while True:
            # Now far apart, now close together: in the same place twice, and while the last one is recovered from.
            spread = generator.choice([total, total // 5, 4000])
            kill_at = generator.randint(1, spread)
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    run(path, done, kill_at if killed < kills else 0, several, paragraphs)
                    code = 0
                finally:
                    os._exit(code)
            _, status = os.waitpid(child, 0)
            if os.WIFSIGNALED(status):
                killed += 1
                continue
            assert os.waitstatus_to_exitcode(status) == 0, f"seed {seed}, turn {turn}: a run failed"
            break
        with Index.open(path) as index:
            assert index.check() == [], index.check()
            assert known(index, several, paragraphs) == expected, f"seed {seed}, turn {turn}: other decisions"
            assert len(index) == count, f"seed {seed}, turn {turn}: {len(index)} documents, not {count}"
    print(killed, turn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
