import re

import click
import pytest

from dedup import config
from dedup.cli.clean import clean
from dedup.cli.options import BOILERPLATE, INPUT_FORMATS, LEVELS, OF_PAIRS, RELATIONS, workers_or_all
from dedup.cli.pairs import pairs
from dedup.cli.scan import scan
from dedup.config import ALL_RELATIONS, PAIR_RELATIONS, Config
from dedup.errors import ConfigError
from dedup.model import Level, Relation
from dedup.reading import ReadOptions


def test_the_names_on_the_command_line_are_those_of_the_library() -> None:
    assert RELATIONS == ALL_RELATIONS
    assert tuple(Level) == LEVELS
    assert (*PAIR_RELATIONS, Relation.REWRITE) == OF_PAIRS
    assert config.BOILERPLATE == BOILERPLATE
    for name in INPUT_FORMATS:
        assert ReadOptions(input_format=name).input_format == name
    with pytest.raises(ConfigError, match="choose one of " + ", ".join(INPUT_FORMATS)):
        ReadOptions(input_format="none")


@pytest.mark.parametrize("command", [scan, pairs, clean], ids=lambda command: command.name)
def test_the_defaults_in_the_help_are_those_of_the_library(command: click.Command) -> None:
    said = {}
    for parameter in command.params:
        number = re.search(r"\(default ([\d.]+)\)", getattr(parameter, "help", None) or "")
        if number and parameter.name != "fail_on":
            said[str(parameter.name)] = float(number[1])
    defaults = Config()
    assert said == {name: getattr(defaults, name) for name in said}
    assert {"threshold", "cosine", "containment", "shingle_size"} <= said.keys()


def test_the_text_column_in_the_help_is_the_default_one() -> None:
    (option,) = [each for each in scan.params if each.name == "text_column"]
    assert isinstance(option, click.Option)
    assert f'(default "{ReadOptions().text_column}")' in (option.help or "")


def test_workers_are_those_asked_for_or_what_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert workers_or_all(5) == 5
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 2, 4}, raising=False)
    assert workers_or_all(None) == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert workers_or_all(None) == 1
