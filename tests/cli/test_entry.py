import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from dedup.errors import InputError
from dedup.scanning.progress import Progress
from tests.cli.conftest import Ran, Scanner

COMMANDS = ("calibrate", "clean", "completion", "evaluate", "filter", "index", "pairs", "scan")
HEAVY = ("numpy", "numba", "pyarrow", "rich", "orjson", "datasketch", "selectolax", "importlib.metadata")


def test_help_shows_every_command_and_the_exit_codes(run: Callable[..., Ran]) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert all(f"\n  {command} " in ran.out for command in COMMANDS)
    assert "Exit codes: 0 done, 1 found more" in ran.out
    assert run("-h").out == ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(run: Callable[..., Ran], command: str) -> None:
    ran = run(command, "-h")
    assert ran.code == 0
    assert f"Examples:\n    dedup {command}" in ran.out


def test_help_loads_nothing_heavy() -> None:
    asked = [["--help"], ["index", "add", "--help"], *([command, "--help"] for command in COMMANDS)]
    script = (
        "import sys\n"
        "from dedup.cli import main\n"
        f"assert [main(arguments) for arguments in {asked!r}] == [0] * {len(asked)}\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_version_is_that_of_the_distribution(run: Callable[..., Ran]) -> None:
    from importlib.metadata import version

    assert run("--version").out == f"dedup, version {version('neardup')}\n"


def test_no_command_shows_the_help_as_an_error(run: Callable[..., Ran]) -> None:
    ran = run()
    assert (ran.code, ran.out) == (2, "")
    assert "Commands:" in ran.err


@pytest.mark.parametrize(
    ("typed", "meant"), [("scna", "scan"), ("pair", "pairs"), ("claen", "clean"), ("complete", "completion")]
)
def test_a_mistyped_command_is_told_what_is_near(run: Callable[..., Ran], typed: str, meant: str) -> None:
    ran = run(typed, "x")
    assert ran.code == 2
    assert ran.out == ""
    assert f"error: there is no command '{typed}'; did you mean {meant}" in ran.err


def test_a_command_like_no_other_is_told_where_to_look(run: Callable[..., Ran]) -> None:
    assert "there is no command 'qqq'; dedup --help lists the commands" in run("qqq").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan"], "error: Missing argument 'PATH...'."),
        (["pairs"], "error: Missing argument 'PATH...'."),
        (["scan", "x", "--level", "page"], "'page' is not one of"),
        (["scan", "x", "--relation", "same"], "'same' is not one of"),
        (["pairs", "x", "--relation", "residue"], "'residue' is not one of"),
        (["scan", "x", "--workers", "0"], "--workers"),
        (["scan", "x", "--threshold", "much"], "--threshold"),
        (["scan", "x", "--fail-on", "same"], "'same' is none of exact, near"),
        (["scan", "x", "--fail-on", "near=few"], "'few' is no number of findings; write for example near=10"),
        (["scan", "x", "--fail-on", "near", "--relation", "exact"], "--fail-on near never fails while"),
        (["pairs", "x", "--fail-on", "near", "--relation", "exact"], "--fail-on near never fails while"),
        (["scan", "x", "--keep", "newest"], "say with --date-column where they stand"),
        (["scan", "x", "--decisions", "-"], "cannot both go to standard output"),
        (["clean", "a.txt", "b.txt"], "-o FOLDER"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_wrong_usage_is_explained_on_stderr_with_code_2(
    run: Callable[..., Ran], scanner: Scanner, pair_scanner: Scanner, arguments: list[str], message: str
) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert f"Try 'dedup {arguments[0]} --help'." in ran.err
    assert scanner.calls == pair_scanner.calls == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "2"], "error: threshold is a share between 0 and 1, not 2.0"),
        (["--threshold", "nan"], "error: threshold is a share between 0 and 1, not nan"),
        (["--threshold", "0"], "error: threshold 0 would make every pair"),
        (["--shingle-size", "0"], "error: shingle_size is an integer of at least 1, not 0"),
        (["--keep", "best"], "error: unknown keep policy 'best'; choose one of first, last"),
        (["-o", "missing/out.txt"], "does not exist; create it first"),
        (["--decisions", "missing/out.txt"], "does not exist; create it first"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error_before_the_scan(
    run: Callable[..., Ran], scanner: Scanner, arguments: list[str], message: str
) -> None:
    ran = run("scan", "x", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert scanner.calls == 0


def raising(error: BaseException) -> Callable[[Progress], None]:
    def meanwhile(progress: Progress) -> None:
        raise error

    return meanwhile


def test_an_error_made_on_purpose_is_one_visible_line(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.meanwhile = raising(InputError("no\x1b[31m.txt: there is no such file"))
    ran = run("scan", "no.txt")
    assert (ran.code, ran.out, ran.err) == (2, "", "error: no␛[31m.txt: there is no such file\n")


def test_an_unexpected_error_is_not_swallowed(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.meanwhile = raising(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run("scan", "x")


def test_an_interrupt_ends_with_130(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.meanwhile = raising(KeyboardInterrupt())
    ran = run("scan", "x")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.strip() == "interrupted"


def test_a_broken_pipe_is_code_141_and_no_message(run: Callable[..., Ran], scanner: Scanner) -> None:
    scanner.meanwhile = raising(BrokenPipeError())
    ran = run("scan", "x")
    assert (ran.code, ran.out, ran.err) == (141, "", "")


BIG_SCAN = """
import sys
import dedup.scanning
from dedup.cli import main
from tests.reporting.reports import huge
dedup.scanning.scan = lambda *a, **k: huge(200_000, [])
sys.exit(main(["scan", "x", "--format", "jsonl"]))
"""


def test_a_reader_that_goes_away_ends_the_run_quietly() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([".", *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", BIG_SCAN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"relation":"exact"')
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_the_module_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "dedup", "scan"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("Usage: dedup scan [OPTIONS] PATH...")
