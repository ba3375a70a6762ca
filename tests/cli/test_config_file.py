from collections.abc import Callable
from pathlib import Path

import pytest

from dedup.cli.config_file import config_lines, read_config_file
from dedup.config import PAIR_RELATIONS, Config
from dedup.errors import ConfigError
from dedup.model import Level, Relation
from tests.cli.conftest import Ran, Scanner

EVERYTHING = """
shingle_size = 4
threshold = 0.6
cosine = 1
recall = 0.9
seed = 7
relations = ["near", "exact", "boilerplate"]
level = "document"
keep = "longest"
"""


def written(folder: Path, text: str | bytes) -> str:
    file = folder / "dedup.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_settings_of_a_file_reach_the_scan(run: Callable[..., Ran], scanner: Scanner, tmp_path: Path) -> None:
    assert run("scan", "x", "--config", written(tmp_path, EVERYTHING)).code == 0
    assert scanner.config == Config(
        shingle_size=4,
        threshold=0.6,
        cosine=1.0,
        recall=0.9,
        seed=7,
        relations=(Relation.NEAR, Relation.EXACT, Relation.BOILERPLATE),
        level=Level.DOCUMENT,
        keep="longest",
    )


def test_what_is_said_on_the_command_line_overrides_the_file(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path
) -> None:
    file = written(tmp_path, EVERYTHING)
    assert run("scan", "x", "--config", file, "--threshold", "0.9", "--level", "both", "--relation", "near").code == 0
    assert (scanner.config.threshold, scanner.config.level) == (0.9, Level.BOTH)
    assert (scanner.config.relations, scanner.config.keep) == ((Relation.NEAR,), "longest")


def test_pairs_keep_their_own_defaults_where_the_file_is_silent(
    run: Callable[..., Ran], pair_scanner: Scanner, tmp_path: Path
) -> None:
    assert run("pairs", "x", "--config", written(tmp_path, "threshold = 0.6")).code == 0
    assert pair_scanner.config == Config(threshold=0.6, relations=PAIR_RELATIONS, level=Level.DOCUMENT)


def test_of_the_relations_of_a_file_pairs_take_those_of_pairs(
    run: Callable[..., Ran], pair_scanner: Scanner, tmp_path: Path
) -> None:
    assert run("pairs", "x", "--config", written(tmp_path, EVERYTHING)).code == 0
    assert pair_scanner.config.relations == (Relation.NEAR, Relation.EXACT)
    ran = run("pairs", "x", "--config", written(tmp_path, 'relations = ["residue"]'))
    assert (ran.code, ran.out) == (2, "")
    assert "relations names none of pairs: exact, near, contains" in ran.err


@pytest.mark.parametrize("command", ["scan", "pairs"])
def test_fail_on_asks_for_what_the_file_looks_for(
    run: Callable[..., Ran], scanner: Scanner, pair_scanner: Scanner, tmp_path: Path, command: str
) -> None:
    file = written(tmp_path, 'relations = ["exact"]')
    ran = run(command, "x", "--config", file, "--fail-on", "near")
    assert ran.code == 2
    assert "--fail-on near never fails" in ran.err
    assert scanner.calls == pair_scanner.calls == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("treshold = 0.6", "'treshold' is no setting; did you mean threshold?"),
        ("colour = 1", "'colour' is no setting; there are shingle_size, threshold,"),
        ("[scan]\nthreshold = 0.6", "'scan' is no setting"),
        ("threshold = x\n", "is no TOML: Invalid value (at line 1"),
        ('threshold = "0.6"', "threshold is a number, not '0.6'"),
        ("threshold = true", "threshold is a number, not True"),
        ("threshold = 1.5", "threshold is a share between 0 and 1, not 1.5"),
        ("shingle_size = 2.5", "shingle_size is an integer of at least 1, not 2.5"),
        ("keep = 3", "keep is a name in quotation marks, not 3"),
        ('keep = "best"', "unknown keep policy 'best'"),
        ('relations = "near"', 'relations is a list of names such as ["exact", "near"]'),
        ("relations = [3]", "relations is a list of names"),
        ('relations = ["nearly"]', "'nearly' is not a valid Relation"),
        (b"keep = '\xff'", "is not UTF-8"),
        ("#" * (1 << 20) + "\n", "is over a megabyte"),
        ("relations = " + "[" * 100_000, "dedup.toml: is"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path, text: str | bytes, message: str
) -> None:
    file = written(tmp_path, text)
    ran = run("scan", "x", "--config", file)
    assert (ran.code, ran.out, scanner.calls) == (2, "", 0)
    assert ran.err.startswith(f"error: {file}: ")
    assert message in ran.err


def test_a_file_that_is_not_there_is_said(run: Callable[..., Ran], scanner: Scanner) -> None:
    assert "missing.toml: cannot be read" in run("scan", "x", "--config", "missing.toml").err


def test_an_option_that_is_wrong_is_not_blamed_on_the_file(
    run: Callable[..., Ran], scanner: Scanner, tmp_path: Path
) -> None:
    ran = run("scan", "x", "--config", written(tmp_path, "cosine = 0.4"), "--threshold", "2")
    assert ran.err == "error: threshold is a share between 0 and 1, not 2.0\n"


def test_what_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    config = Config(
        threshold=0.55, relations=PAIR_RELATIONS, level=Level.DOCUMENT, keep='source:"é😀\x7f\\*",b', seed=9
    )
    text = config_lines(config, {"threshold": "precision .97", "cosine": "as it was"})
    assert "# precision .97\nthreshold = 0.55\n# as it was\ncosine = 0.5\n" in text
    assert "num_perm" not in text
    assert read_config_file(written(tmp_path, text), Config()) == config


def test_the_defaults_are_an_empty_file(tmp_path: Path) -> None:
    assert config_lines(Config(), {}) == ""
    assert read_config_file(written(tmp_path, ""), Config(seed=9)) == Config(seed=9)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config_file(str(tmp_path), Config())
