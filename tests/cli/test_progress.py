import io
import sys
import threading

import pytest

from dedup.cli.progress import StderrProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(progress: StderrProgress) -> None:
    progress.start("reading", 100)
    progress.advance(40)
    progress.message("compiling kernels (once)\x1b[2J")
    progress.advance(60)
    progress.start("verifying", None)
    progress.advance(5)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show bars from the first moment."""
    monkeypatch.setattr("dedup.cli.progress._SILENT_FOR", 0.0)
    monkeypatch.setattr("dedup.cli.progress._BETWEEN_LOOKS", 0.0)


def test_without_a_terminal_only_messages_are_printed(capsys: pytest.CaptureFixture[str], at_once: None) -> None:
    with StderrProgress(quiet=False) as progress:
        work(progress)
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "compiling kernels (once)␛[2J\n")


def test_quiet_says_nothing_even_on_a_terminal(monkeypatch: pytest.MonkeyPatch, at_once: None) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with StderrProgress(quiet=True) as progress:
        work(progress)
    assert stderr.getvalue() == ""


def test_a_terminal_sees_the_stages_and_the_messages(monkeypatch: pytest.MonkeyPatch, at_once: None) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    before = threading.active_count()
    with StderrProgress(quiet=False) as progress:
        work(progress)
        assert threading.active_count() == before, "worker processes could not be forked safely"
    drawn = stderr.getvalue()
    assert "reading" in drawn
    assert "100%" in drawn
    assert "verifying" in drawn
    assert "compiling kernels (once)␛[2J" in drawn


def test_what_is_over_at_once_draws_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with StderrProgress(quiet=False) as progress:
        progress.start("reading", 10)
        progress.advance(10)
    assert stderr.getvalue() == ""
