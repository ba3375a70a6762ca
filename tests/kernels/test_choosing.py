"""Which kernels a process is given."""

import subprocess
import sys

HALF_MADE = """
import sys, threading
from importlib.machinery import PathFinder

import dedup.kernels

at_it, may_go_on, outcome = threading.Event(), threading.Event(), []


class Slow(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        # What the module of compiled loops imports: here it stands half made.
        if name == "dedup.kernels.pruning":
            at_it.set()
            may_go_on.wait()
        return None


def ask():
    outcome.append(dedup.kernels.loaded().__name__)


def take_in():
    from dedup.kernels import native


sys.meta_path.insert(0, Slow)
importing = threading.Thread(target=take_in)
importing.start()
at_it.wait()
asking = threading.Thread(target=ask)
asking.start()
asking.join(timeout=0.05)
may_go_on.set()
asking.join()
importing.join()
print(*outcome)
"""


def test_a_thread_that_asks_while_another_loads_waits_for_it() -> None:
    command = [sys.executable, "-c", HALF_MADE]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("dedup.kernels.reference\n", "")
