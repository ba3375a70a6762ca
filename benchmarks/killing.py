"""A process that runs `dedup` again and again and kills itself at the moment asked for: `python -m benchmarks.killing`.

It reads one JSON object a line: `arguments` of the command line; `events`, after how many events to die (calls of and
returns from functions, within `dedup.filtering` and `dedup.index`, in any thread), or null; `stdin`, a file to read
as standard input, or null; `segments`, whether every batch is to become a segment of the index. To each it answers
with a line: `code`, the exit code (or minus the signal), and `events`, how many there were in a run that came to its
end. Each run is a fork of its own, so that nothing has to be imported again.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FrameType, TracebackType
from typing import IO, NamedTuple, Self

_ROOT = Path(__file__).parent.parent
_WATCHED = (str(_ROOT / "dedup" / "filtering"), str(_ROOT / "dedup" / "index"))


class Ended(NamedTuple):
    """How a run ended: its exit code or minus the signal, and how many events it had, 0 where it did not say."""

    code: int
    events: int
    said: str


class Victim:
    """The process that runs `dedup`; a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.killing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()

    def run(
        self, arguments: list[str], events: int | None = None, stdin: str | None = None, *, segments: bool = False
    ) -> Ended:
        """Run `dedup` on these arguments, to its end or for so many events."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"arguments": arguments, "events": events, "stdin": stdin, "segments": segments}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


class Countdown:
    """Counts events and kills the process at one of them."""

    def __init__(self, events: int | None) -> None:
        self.count = 0
        self._last = events

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Count one event."""
        if frame.f_code.co_filename.startswith(_WATCHED):
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Answer orders until there are no more."""
    from dedup.cli import main as dedup
    from dedup.filtering import filter_records
    from dedup.index import Index
    from dedup.kernels import WORTH, choose

    import_module("pyarrow.parquet")
    for package in ("filtering", "index", "scanning", "reading", "reporting"):
        for module in iter_modules([str(_ROOT / "dedup" / package)], f"dedup.{package}."):
            import_module(module.name)
    assert callable(filter_records)
    assert callable(Index.open)
    choose(WORTH.load)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _run(order, os.fdopen(write, "wb"), dedup)
        os.close(write)
        with os.fdopen(read, "rb") as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        ended = json.loads(said) if said else {"events": 0, "said": ""}
        sys.stdout.buffer.write(json.dumps({"code": code, **ended}).encode() + b"\n")
        sys.stdout.buffer.flush()


def _run(order: dict[str, object], answer: IO[bytes], dedup: object) -> None:
    """Run a command in this process and end it."""
    import io

    from dedup.index import storage

    assert callable(dedup)
    code = 70
    said = io.StringIO()
    try:
        # What the command prints is no answer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stderr = said
        if order["stdin"] is not None:
            sys.stdin = open(str(order["stdin"]), encoding="utf-8")  # noqa: SIM115 - it is open to the end
        if order["segments"]:
            storage.FLUSH_AT_ONCE = 1
        events = order["events"]
        countdown = Countdown(events if isinstance(events, int) else None)
        threading.setprofile(countdown)
        sys.setprofile(countdown)
        code = dedup(order["arguments"])
        sys.setprofile(None)
        answer.write(json.dumps({"events": countdown.count, "said": said.getvalue()}).encode())
        answer.close()
    except BaseException as error:
        answer.write(json.dumps({"events": 0, "said": f"{said.getvalue()}{type(error).__name__}: {error}"}).encode())
        answer.close()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
