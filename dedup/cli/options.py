"""The options that commands share, each group gathered into one object.

Defaults stand in `Config` and `ReadOptions` alone: an option that is not given is not passed on. The numbers
in the help are checked against them by the tests, because reading them here would import numpy for every
`dedup --help`.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from dedup.config import Config
    from dedup.reading import ReadOptions

RELATIONS = ("exact", "near", "contains", "rewrite", "boilerplate", "residue")
OF_PAIRS = RELATIONS[:4]
LEVELS = ("document", "paragraph", "both")
BOILERPLATE = ("include", "exclude")
PERMUTATIONS = ("stepped", "datasketch")
INPUT_FORMATS = ("text", "html", "jsonl", "csv", "parquet")

Body = Callable[..., int]
Decorator = Callable[[Body], Body]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was said of `Config` on the command line; None or nothing where it was not."""

    shingle_size: int | None = None
    threshold: float | None = None
    cosine: float | None = None
    containment: float | None = None
    min_score: float | None = None
    min_passage_score: float | None = None
    num_perm: int | None = None
    seed: int | None = None
    permutations: str | None = None
    recall: float | None = None
    relations: tuple[str, ...] = ()
    level: str | None = None
    keep: str | None = None
    boilerplate: str | None = None
    config_file: str | None = None

    def config(self, default: Config | None = None) -> Config:
        """Validate it: over the settings of `--config`, and these over the defaults. Raises `ConfigError`."""
        from dedup.config import Config

        config = default or Config()
        if self.config_file is not None:
            from dedup.cli.config_file import read_config_file

            config = read_config_file(self.config_file, config)
        said = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "config_file"}
        return replace(config, **{name: value for name, value in said.items() if value not in (None, ())})


@dataclass(frozen=True, slots=True)
class Reading:
    """What was said of `ReadOptions` on the command line."""

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    input_format: str | None = None
    strict: bool = False

    def options(self) -> ReadOptions:
        """Validate it, with the defaults for the rest."""
        from dedup.reading import ReadOptions

        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(ReadOptions(), **{name: value for name, value in said.items() if value is not None})


def gathered(name: str, kind: type[Settings] | type[Reading], *options: Decorator) -> Decorator:
    """Add options to a command and hand it their values as one object of this kind, under the name given."""
    names = {field.name for field in fields(kind)}
    gather: Callable[..., Settings | Reading] = kind

    def decorate(body: Body) -> Body:
        @functools.wraps(body)
        def with_gathered(**values: object) -> int:
            parts = {part: values.pop(part) for part in names & values.keys()}
            return body(**values, **{name: gather(**parts)})

        decorated: Body = with_gathered
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def verdict_options() -> tuple[Decorator, ...]:
    """Options that decide what counts as a copy."""
    return (
        click.option(
            "--config",
            "config_file",
            metavar="FILE",
            help="Take settings from this TOML file, such as dedup calibrate writes; options override it.",
        ),
        click.option("--threshold", type=float, help="Least resemblance of a near copy (default 0.7)."),
        click.option("--cosine", type=float, help="Least TF-IDF cosine that confirms a near copy (default 0.5)."),
        click.option("--containment", type=float, help="Least share of a text held by another (default 0.9)."),
        click.option("--min-score", type=float, help="Least probability of a rewritten document (default 0.8)."),
        click.option(
            "--min-passage-score",
            type=float,
            help="Least probability of a reworded passage (default 0.35 within a document, 0.65 between two).",
        ),
        click.option("--shingle-size", type=int, help="Consecutive words compared as one shingle (default 5)."),
    )


def boilerplate_option() -> Decorator:
    """Build `--boilerplate`."""
    return click.option(
        "--boilerplate",
        type=click.Choice(BOILERPLATE),
        help="exclude: two documents are no match if they are alike by their boilerplate alone, such as the frame of "
        "a site (default include). Where it is more than half of a document it counts all the same.",
    )


def candidate_options() -> tuple[Decorator, ...]:
    """Options that decide which pairs are looked at."""
    return (
        click.option("--num-perm", type=int, help="Permutations of a MinHash signature (default 128)."),
        click.option("--seed", type=int, help="Seed of the permutations (default 1)."),
        click.option(
            "--permutations",
            type=click.Choice(PERMUTATIONS),
            help="datasketch: the buckets of an index are found by MinHashes of datasketch too (default stepped, which "
            "takes less time).",
        ),
        click.option(
            "--recall",
            type=float,
            help="Least share of the pairs exactly at the threshold that are found (default 0.92).",
        ),
    )


def selection_options(relations: tuple[str, ...], said_of_relations: str, said_of_level: str) -> tuple[Decorator, ...]:
    """Options that say what to look for."""
    return (
        click.option(
            "--relation",
            "relations",
            type=click.Choice(relations),
            multiple=True,
            help=f"Look for this relation only; repeatable ({said_of_relations}).",
        ),
        click.option("--level", type=click.Choice(LEVELS), help=f"What to compare (default {said_of_level})."),
    )


reading_options = gathered(
    "reading",
    Reading,
    click.option("--text-column", metavar="NAME", help='Column or key that holds the text (default "text").'),
    click.option(
        "--id-column",
        metavar="NAME",
        help="Column or key that holds the id (default: id, else url, else path:row).",
    ),
    click.option("--date-column", metavar="NAME", help="Column or key that holds the date, for --keep newest."),
    click.option(
        "--input-format",
        type=click.Choice(INPUT_FORMATS),
        help="Read every source as this format (default: told from its name, else from its first bytes).",
    ),
    click.option("--strict", is_flag=True, help="Stop at the first record that cannot be read."),
)


def fail_on_option(relations: tuple[str, ...]) -> Decorator:
    """Build `--fail-on`, for checks in scripts; its value is a tuple of relations with the count allowed."""

    def read(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        pairs = []
        for value in values:
            relation, equals, count = value.partition("=")
            if relation not in relations:
                raise click.BadParameter(f"{relation!r} is none of {', '.join(relations)}", ctx, param)
            if equals and not (count.isascii() and count.isdigit()):
                raise click.BadParameter(
                    f"{count!r} is no number of findings; write for example {relation}=10", ctx, param
                )
            pairs.append((relation, int(count or 0)))
        return tuple(pairs)

    return click.option(
        "--fail-on",
        metavar="RELATION[=COUNT]",
        multiple=True,
        callback=read,
        help="Exit with 1 if there are more than COUNT findings of this relation (default 0); repeatable.",
    )


output_option: Decorator = click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="Write here, whole or not at all (default -, standard output).",
)

quiet_option: Decorator = click.option(
    "-q", "--quiet", is_flag=True, help="No progress, messages or summary on standard error; warnings stay."
)

colour_option: Decorator = click.option(
    "--color",
    "colour",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    help="Colours in the text report (default auto: on a terminal, unless NO_COLOR is set).",
)


def page_look(output: str, colour: str, stream: TextIO | None = None) -> tuple[int, bool]:
    """Width of a text report, and whether it is coloured, by where it goes and what was said with `--color`.

    `stream` is what `-` stands for, by default standard output.
    """
    terminal = output == "-" and (stream or sys.stdout).isatty()
    coloured = colour == "always" or (
        colour == "auto" and terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    # Neither a pipe nor a file has a width of its own; at 120 columns and over a line is hard to read.
    return (min(shutil.get_terminal_size().columns, 120) if terminal else 80), coloured


workers_option: Decorator = click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processors to use (default: all there are; results are the same).",
)


_LARGEST_SIZE = 2.0**62
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def read_size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Give bytes of a number and a unit: of 1024 as in 2G or 2GiB, of 1000 as in 2GB."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(iB|B)?", value.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise click.BadParameter(f"{value!r} is no size; write for example 512MB or 2G", ctx, param)
    number, prefix, suffix = found.groups()
    step = 1000 if (suffix or "").upper() == "B" else 1024
    size = float(number) * step ** _UNITS[prefix.upper()]
    if size > _LARGEST_SIZE:
        raise click.BadParameter(f"{value[:30]!r} is more than any machine has", ctx, param)
    return int(size)


memory_option: Decorator = click.option(
    "--memory",
    metavar="SIZE",
    callback=read_size,
    help="Memory to use, such as 512MB or 2G (default: half of what there is; what is over goes to a temporary "
    "file, with the same results).",
)


def workers_or_all(workers: int | None) -> int:
    """Give the number asked for, or that of the processors this process may use."""
    if workers is not None:
        return workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
