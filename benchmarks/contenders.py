"""What is compared: `dedup pairs` in two ways, and the other tools."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy import Pair, read_findings, read_pairs
from benchmarks.process import ROOT, Run, run


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool: its module in `benchmarks.peers`, the package it comes in, and whether it is run unasked."""

    module: str
    distribution: str
    by_default: bool


PEERS = {
    "rensa": Peer("rensa", "rensa", True),
    "gaoya": Peer("gaoya", "gaoya", True),
    "datasketch": Peer("datasketch_bulk", "datasketch", True),
    "text-dedup": Peer("text_dedup", "text-dedup", False),
    "datatrove": Peer("datatrove", "datatrove", False),
}


@dataclass(frozen=True, slots=True)
class Contender:
    """A command that finds pairs.

    `command` is without the files; `ours` says that they are dedup's, and that findings and not pairs of ids come out.
    """

    name: str
    command: tuple[str, ...]
    ours: bool

    def run(self, source: Path, folder: Path, pin: Sequence[int]) -> Run:
        """Run it as a whole process over JSON lines, leaving what it found in the folder."""
        pairs = self.result(folder)
        if self.ours:
            workers = ("--workers", str(len(pin)), "--quiet", "--output", str(pairs))
            return run((*self.command, str(source), *workers), folder / "said", pin=pin)
        return run((*self.command, str(source), str(pairs)), folder / "said", pin=pin)

    def result(self, folder: Path) -> Path:
        """Where it leaves its pairs."""
        return folder / f"{self.name.replace(' ', '_')}.pairs"

    def pairs(self, folder: Path) -> dict[Pair, float | None]:
        """The pairs that its last run reported, with the resemblance if it gives one."""
        if self.ours:
            return dict(read_findings(self.result(folder)))
        return dict.fromkeys(read_pairs(self.result(folder)))


def ours() -> list[Contender]:
    """`dedup pairs` as users get it, and looking for no more than the other tools look for."""
    command = (sys.executable, "-m", "dedup", "pairs")
    return [
        Contender("dedup", command, True),
        Contender("dedup exact near", (*command, "--relation", "exact", "--relation", "near"), True),
    ]


def peers(names: Sequence[str], python: str, tokens: str) -> tuple[list[Contender], list[str]]:
    """Those of the peers that this Python has, and the names of those that it lacks."""
    found, missing = [], []
    for name in names:
        peer = PEERS[name]
        version = installed_version(python, peer.distribution)
        if version is None:
            missing.append(name)
            continue
        command = (python, "-m", f"benchmarks.peers.{peer.module}", "--tokens", tokens)
        found.append(Contender(f"{name} {version}", command, False))
    return found, missing


def installed_version(python: str, distribution: str) -> str | None:
    """The version of a package that a Python has; None where it has none."""
    asked = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    answer = subprocess.run((python, "-c", asked), capture_output=True, text=True, cwd=ROOT, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None
