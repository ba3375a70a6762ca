"""`python -m dedup.cli.reference > docs/cli.md`: the reference of the command line, from its own commands."""

import sys

import click

from dedup.cli.entry import commands

_HEADER = """\
# The command line

<!-- Written by `python -m dedup.cli.reference > docs/cli.md`; a test fails when it is out of date. -->

Data goes to standard output; progress, messages, warnings and errors go to standard error. `-` is standard
input or output. A file named by `-o`, `--decisions` or `--cuts` is written beside its place and renamed
over it at the end, so that it is there whole or not at all. How the outputs of `filter` are written:
[filter.md](filter.md).

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | more found than `--fail-on` allows |
| 2 | usage, configuration or input error |
| 130 | interrupted (Ctrl-C) |
| 141 | the reader of standard output went away, as `head` does |
| 143 | `filter` was asked to end by SIGTERM |

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

- `relation`: `exact`, `near`, `contains`, `rewrite`, `boilerplate` or `residue`.
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
  (a span) of residue, `anchors` of a rewrite (rare words that both sides have, as they stand on the left).

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

_FILTER = """\
## What `filter` writes

Records come out as they came in, JSON lines byte for byte, in their order.

`--mode annotate` adds to each record `dedup_keep`, `dedup_reason` (`unique`, `short` or `empty` for kept ones, else the
relation), and for those that repeat an earlier one `dedup_representative` (its id; in Parquet as a string),
`dedup_relation`, `dedup_resemblance` and `dedup_cosine`, which are null otherwise. Fields of these names that are there
already are replaced.

`--rejected FILE` writes one line for each record dropped, in input order: `line` (of the input, from 1; the row, in
Parquet), and then the keys of a decision: `document`, `keep`, `reason`, `representative`, `relation`, `resemblance`,
`containment`, `cosine`; of JSON lines also `record`, the record as it came.

`--quarantine FILE` writes one line for each record that cannot be read: `line`, `reason`, `message`, and `record`, its
bytes as a string, or `base64` where they are no UTF-8. (Of a row in Parquet, `record` is JSON of its columns.)

Standard error ends with the sum: `6 records: 3 kept, 2 dropped (1 exact, 1 near), 1 quarantined (1 invalid-json)`.
"""

_TRUTH = """\
## What `evaluate` reads and writes

Files may be compressed with gzip or Zstandard. What they hold is told from the first row, or said with `--kind`.

| rows | as JSON lines | as columns, apart by tabs, commas or blanks |
|---|---|---|
| pairs | `{"left": "a", "right": "b", "score": 0.8}` | `left`, `right`, `score`; so without a header too |
| passages | `left` and `right` as `dedup` writes them: `{"document": "a", "start": 0, "end": 90}` | `left`, \
`left_start`, `left_end`, `right`, `right_start`, `right_end`, or the columns of `--format csv` |
| clusters | `{"document": "a", "cluster": 1}`; the lines of `--decisions`; `{"representative": "a", \
"members": ["b"]}` | `document`, `cluster` (so without a header too, with `--kind clusters`) or `representative` |

So what `pairs`, `scan --format jsonl`, `scan --format json` and `scan --decisions` write is read as it is. `score` may
be left out, and be named `label` or `resemblance`; 0 in a truth says that the pair is none. An id counts as its text:
`5` is `"5"`. Findings of one span are ignored, and for pairs those within one document.

The same pair or passage counts once, whichever side is left. A pair of predictions that the truth does not name is
wrong, or with `--judged` left out. A document that one clustering does not name is alone in it.

`--format json` writes one object: `version` (1), `kind`, `counts`, `measures` (by name: `value` and `interval`, its
bounds at 95 % or null) and `units`, the number of groups that were resampled for the intervals: connected documents,
or pairs of documents. Where a share is 0 or 1 in all of them the interval is Wilson's, of the number of groups.

| kind | measures |
|---|---|
| pairs | `precision`, `recall`, `f1` |
| clusters | these of the pairs within clusters; `b_cubed_precision`, `b_cubed_recall`, `b_cubed_f1` (Bagga and \
Baldwin 1998), of documents; `adjusted_rand_index` (Hubert and Arabie 1985) |
| passages | `precision`, `recall`, `f1`, `granularity`, `plagdet` as PAN's script gives them (Potthast et al. 2010), \
macro-averaged over passages; `micro_precision`, `micro_recall`, `micro_plagdet`, its `--micro`, by characters |
"""

_CALIBRATION = """\
## What `calibrate` reads and writes

`--labels` names pairs as `evaluate` reads them: JSON lines of `left`, `right` and `label` (1 the same text, 0 another,
null open), or columns. `--ask` puts one such line at its end for each answer; `--sample` writes such lines for the
pairs to be labelled, with their `resemblance` and the first 2,000 characters of both sides, `left_text` and
`right_text`. Labels of any near pair count, not only of the sample; within a band of .05 they should be drawn by
chance.

A near pair is one of real documents that `pairs --relation near` finds at the `--lowest` threshold. Precision of a
threshold is the share of the near pairs at or over it that are the same text, recall the share of the same texts among
all near pairs that are at or over it, both estimated by bands, each counting by all its pairs; pairs with the same
tokens are not among them. What is not found at the lowest threshold is in no figure: of that the planted copies tell.

`--format json` writes one object: `version` (1), `documents`, `exact`, `points` (`threshold`, `pairs`, and `precision`,
`recall` and `planted` with `value` and `interval`), `bands` (`low`, `high`, `pairs`, `labelled`, `same`), `planted` (of
each `kind` and `strength` the number, the median `resemblance`, and `recall` at each threshold), `unfound_same`,
`chosen` and `reason`.

`--write` writes TOML that `--config` reads: `threshold`, and what else differs from the defaults. A file for `--config`
holds settings by the names of the options with `_` for `-`, `relations` and `level`, and those of `dedup.Config`.
"""


def reference() -> str:
    """Write the reference as Markdown: every command with its usage, its options and its examples."""
    top = click.Context(commands, info_name="dedup", **commands.context_settings)
    described = _commands(commands, top)
    return "\n".join([_HEADER, *described, _FORMATS, _FILTER, _TRUTH, _CALIBRATION])


def _command(command: click.Command, name: str, parent: click.Context) -> str:
    """Describe a command, and those of a group under it."""
    # A command keeps the help option of the first context that it is asked in, so this is the one of a run.
    ctx = click.Context(command, parent, info_name=name)
    path = ctx.command_path
    usage = " ".join([path, *command.collect_usage_pieces(ctx)])
    lines = [f"{'#' * len(path.split())} {path}", "", "```", usage, "```", "", *_paragraphs(command.help or ""), ""]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        lines += ["| option | meaning |", "|---|---|", *(_row(each) for each in options), ""]
    if command.epilog:
        lines += ["```sh", *_examples(command.epilog), "```", ""]
    if isinstance(command, click.Group):
        lines += _commands(command, ctx)
    return "\n".join(lines)


def _commands(group: click.Group, ctx: click.Context) -> list[str]:
    """Describe the commands of a group."""
    found = ((name, group.get_command(ctx, name)) for name in group.list_commands(ctx))
    return [_command(command, name, ctx) for name, command in found if command is not None]


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
    sys.stdout.buffer.write(reference().encode())
