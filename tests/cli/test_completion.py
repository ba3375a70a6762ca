import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import Ran


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_command_itself(run: Callable[..., Ran], shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert f"_DEDUP_COMPLETE={shell}_complete" in ran.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "dedup ",
            [
                f"plain,{command}"
                for command in ("calibrate", "clean", "completion", "evaluate", "filter", "index", "pairs", "scan")
            ],
        ),
        ("dedup scan --format ", ["plain,text", "plain,jsonl", "plain,json", "plain,csv"]),
        ("dedup pairs --relation c", ["plain,contains"]),
    ],
)
def test_commands_options_and_values_are_completed(words: str, expected: list[str]) -> None:
    environment = {
        **os.environ,
        "_DEDUP_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    ran = subprocess.run([sys.executable, "-m", "dedup"], env=environment, capture_output=True, text=True, check=False)
    assert ran.stdout.split() == expected
