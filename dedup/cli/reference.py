"""`python -m dedup.cli.reference > docs/cli.md`: the reference of the command line, from its own commands."""

import sys

import click

from dedup.cli.entry import commands

_HEADER = """\
# The command line

<!-- Written by `python -m dedup.cli.reference > docs/cli.md`; a test fails when it is out of date. -->

Data goes to standard output; progress, messages, warnings and errors go to standard error. `-` is standard
input or output. A file named by `-o`, `--decisions` or `--cuts` is written beside its place and renamed
over it at the end, so that it is there whole or not at all.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | more found than `--fail-on` allows |
| 2 | usage, configuration or input error |
| 130 | interrupted (Ctrl-C) |
| 141 | the reader of standard output went away, as `head` does |

Every command says with `-h` or `--help` what it does, and `dedup --version` which version it is.
"""

_FORMATS = """\
## What `scan` and `pairs` write

### JSON lines

One finding a line, with these keys in this order (here broken into several lines):

```json
{"relation": "near",
 "left": {"document": "a.txt", "start": 44, "end": 1651, "line": 2, "end_line": 9},
 "right": {"document": "a.txt", "start": 1750, "end": 3357, "line": 12, "end_line": 19},
 "resemblance": 1.0, "containment": [1.0, 1.0], "cosine": 1.0, "score": 1.0, "evidence": {"seam": [10, 11]}}
```

- `relation`: `exact`, `near`, `contains`, `rewrite`, `boilerplate` or
  `residue`.
- `left` is the earlier span (the representative), `right` the later one; `right` is null for `boilerplate`
  and `residue`. `start` and `end` are character offsets in the text as read, from 0 and half-open; `line`
  and `end_line` count from 1 and are inclusive.
- `document` is an id as it came, a string or an integer: the record's `id`, else its `url`, else
  `path:row`; for a text file its path as given.
- `resemblance` is the Jaccard similarity of the shingle sets, `containment` the share of the left's
  shingles found in the right and of the right's found in the left, `cosine` that of the TF-IDF vectors,
  `score` the probability that the relation holds (1 for what is verified exactly). Scores have six
  decimals; one that does not apply is null.
- `evidence` holds what else speaks for the finding, and only what there is: `seam` (the line numbers of a
  rewrite seam), `copies` (members of an exact class of which only the pairs with the first are given),
  `pattern`, `occurrences`, `documents` and `lines` of boilerplate, `rule`, `kind`, `weight` and `repeats`
  (a span) of residue.

The output is valid UTF-8 and valid JSON whatever the ids hold: a lone surrogate is written as its escape
(`\\ud800`).

### Decisions

`--decisions FILE` writes one line for each record read, in input order: `document`, `keep`, `reason`,
`representative`, `relation`, `resemblance`, `containment`, `cosine`. Kept documents have the reason
`unique`, `representative`, `short` or `empty`, dropped ones that of the relation with their
`representative`. After them comes a line for each record that could not be read:

```json
{"document": "crawl.jsonl:7", "keep": false, "reason": "quarantined", "file": "crawl.jsonl", "line": 7,
 "quarantine": "invalid-json", "message": "…"}
```

### JSON

`--format json` writes one object: `version` (1), `findings` and `decisions` and `quarantined` (the objects
above), `clusters` (`representative` and `members`), `counts`, and the fingerprints `config` and
`background`.

### CSV

`--format csv` writes the findings as a table: `relation`, then `document`, `start`, `end`, `line` and
`end_line` of each side (`left_document` …), `resemblance`, `containment_left`, `containment_right`,
`cosine`, `score`, and `evidence` as a JSON object. Spreadsheets take a cell that begins with `=`, `+`, `-`,
`@`, a tab or a line break for a formula: an id that is such a string gets an apostrophe in front.

### Cuts

`dedup clean --cuts FILE` writes one line for each part cut: `span`, `reason` (`copy` or `residue`),
`copy_of` (the span that stays, or null) and `rule` (of residue, or null).
"""


def reference() -> str:
    """Write the reference as Markdown: every command with its usage, its options and its examples."""
    described = (_command(name, command) for name, command in sorted(commands.commands.items()))
    return "\n".join([_HEADER, *described, _FORMATS])


def _command(name: str, command: click.Command) -> str:
    ctx = click.Context(command, info_name=f"dedup {name}")
    usage = " ".join([f"dedup {name}", *command.collect_usage_pieces(ctx)])
    lines = [f"## dedup {name}", "", "```", usage, "```", "", *_paragraphs(command.help or ""), ""]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        lines += ["| option | meaning |", "|---|---|", *(_row(each) for each in options), ""]
    if command.epilog:
        lines += ["```sh", *_examples(command.epilog), "```", ""]
    return "\n".join(lines)


def _paragraphs(text: str) -> list[str]:
    paragraphs = (" ".join(each.split()) for each in text.split("\n\n"))
    return "\n\n".join(paragraphs).split("\n")


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{each}`" for each in option.opts)
    value = "" if option.is_flag else f" `{_value(option)}`"
    cells = (names + value, option.help or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    return "INTEGER" if isinstance(option.type, click.IntRange | type(click.INT)) else "NUMBER"


def _examples(epilog: str) -> list[str]:
    lines = (line.strip() for line in epilog.replace("\b", "").splitlines())
    return [line for line in lines if line and line != "Examples:"]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.write(reference())
