import os
import sys
from pathlib import Path

import pytest

from benchmarks.process import pinned, processors, run


def test_a_run_has_the_output_in_the_file_and_its_time_and_memory(tmp_path: Path) -> None:
    spend = "x = bytearray(64 << 20); x[::4096] = b'1' * len(x[::4096]); print(sum(range(10**6)))"
    measured = run([sys.executable, "-c", spend], tmp_path / "out")
    assert (tmp_path / "out").read_text() == "499999500000\n"
    assert measured.wall > 0
    assert measured.cpu > 0
    assert measured.peak > 64


def test_a_failing_run_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        run([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path / "out")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the platform pins no processes")
def test_a_pinned_run_has_its_processors_and_thread_counts_and_the_caller_keeps_its_own(tmp_path: Path) -> None:
    before = processors()
    asked = "import os; print(len(os.sched_getaffinity(0)), os.environ['RAYON_NUM_THREADS'])"
    run([sys.executable, "-c", asked], tmp_path / "out", pin=before[:1])
    assert (tmp_path / "out").read_text() == "1 1\n"
    assert processors() == before
    with pinned(before[:1]):
        assert processors() == before[:1]
    assert processors() == before


def test_the_peak_is_that_of_the_command_and_not_of_what_started_it(tmp_path: Path) -> None:
    held = bytearray(b"1") * (200 << 20)
    measured = run([sys.executable, "-c", "pass"], tmp_path / "out")
    assert len(held) == 200 << 20
    assert measured.peak < 100


def test_a_run_that_is_killed_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="137"):
        run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path / "out")
