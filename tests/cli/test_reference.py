from pathlib import Path

import click

from dedup.cli.entry import commands
from dedup.cli.reference import reference

REFERENCE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_reference_in_docs_is_up_to_date() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), "run: python -m dedup.cli.reference > docs/cli.md"


def test_every_command_and_option_is_documented() -> None:
    text = REFERENCE.read_text("utf-8")
    ctx = click.Context(commands)
    for name in commands.list_commands(ctx):
        command = commands.get_command(ctx, name)
        assert command is not None
        assert command.help, name
        section = text.split(f"## dedup {name}\n", 1)[1].split("\n## ", 1)[0]
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, parameter.name
                assert f"`{parameter.opts[-1]}`" in section


def test_the_formats_that_programs_read_are_documented() -> None:
    from dedup.reporting.table import COLUMNS

    text = REFERENCE.read_text("utf-8")
    for name in ("relation", "resemblance", "containment_left", "cosine", "score", "evidence", "quarantine"):
        assert name in text
    assert {"relation", "containment_left", "cosine", "score", "evidence"} <= set(COLUMNS)
