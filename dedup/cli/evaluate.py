"""`dedup evaluate`: predictions against a truth."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import click

from dedup.cli.options import OF_PAIRS, colour_option, output_option, page_look
from dedup.cli.scan import check_outputs

if TYPE_CHECKING:
    from dedup.evaluating import DocumentNumbers, Table
    from dedup.model import Evaluation

KINDS = ("pairs", "clusters", "passages")

_EXAMPLES = """\b
Examples:
  dedup evaluate truth.tsv pairs.jsonl
  dedup evaluate truth.tsv.gz pairs.jsonl --truth-score 0.7 --relation exact --relation near
  dedup evaluate labels.jsonl pairs.jsonl --judged
  dedup evaluate clusters.csv decisions.jsonl --format json
  dedup pairs corpus.jsonl --level paragraph | dedup evaluate passages.jsonl - --kind passages
"""


@click.command(epilog=_EXAMPLES, short_help="Measure predictions against a truth.")
@click.argument("truth", metavar="TRUTH")
@click.argument("predictions", metavar="PREDICTIONS")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What to compare (default: told from both files). pairs: of documents. clusters: pairs given are taken as "
    "connecting them. passages: spans, by characters.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json")),
    default="text",
    help="text: a table (default). json: one object.",
)
@output_option
@click.option(
    "--relation",
    "relations",
    type=click.Choice(OF_PAIRS),
    multiple=True,
    help="Take only predictions of this relation, where they name one; repeatable (default: all).",
)
@click.option("--score", type=float, help="Take only predictions of this score or more, where they have one.")
@click.option("--truth-score", type=float, help="Take only what has this score or more in TRUTH, where it has one.")
@click.option(
    "--judged",
    is_flag=True,
    help="Leave out predicted pairs that TRUTH does not name: it is a labelled sample, with label 0 for what is none.",
)
@click.option(
    "--documents",
    type=click.IntRange(min=0),
    default=0,
    help="How many documents there are, for clusters: those not named are alone in both files (default: those named).",
)
@click.option(
    "--resamples",
    type=click.IntRange(0, 1_000_000),
    default=1000,
    help="Resamples for the intervals (default 1000; 0 for none).",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=1,
    help="Seed of the resampling (default 1).",
)
@colour_option
def evaluate(
    truth: str,
    predictions: str,
    kind: str | None,
    output_format: str,
    output: str,
    relations: tuple[str, ...],
    score: float | None,
    truth_score: float | None,
    judged: bool,
    documents: int,
    resamples: int,
    seed: int,
    colour: str,
) -> int:
    """Measure predictions against a truth: precision, recall, F1 and more, with intervals.

    Both are files of JSON lines, of dedup's own or simple ones, or of columns apart by tabs, commas or blanks, also
    compressed; - is standard input. Pairs of documents get precision, recall and F1; clusters these of their pairs,
    B-cubed, and the adjusted Rand index; passages the measures of PAN: precision, recall, granularity and plagdet by
    characters, macro-averaged, and micro-averaged beside it.
    """
    if truth == predictions == "-":
        raise click.UsageError("TRUTH and PREDICTIONS cannot both be standard input; name a file for one")
    for name, value in (("--score", score), ("--truth-score", truth_score)):
        if value is not None and math.isnan(value):
            raise click.UsageError(f"{name} is a number, not nan")

    from dedup import reporting
    from dedup.evaluating import DocumentNumbers

    check_outputs((truth, predictions), output)
    numbers = DocumentNumbers()
    true = _read(truth, numbers, kind, truth_score, ())
    predicted = _read(predictions, numbers, kind, score, relations)
    evaluation = _evaluated(true, predicted, kind, judged, documents, resamples, seed)
    with reporting.open_output(output) as stream:
        if output_format == "json":
            reporting.write_evaluation_json(evaluation, stream)
        else:
            width, coloured = page_look(output, colour)
            encoding = sys.stdout.encoding if output == reporting.STDOUT else "utf-8"
            with reporting.text_on(stream, encoding) as page:
                reporting.write_evaluation(evaluation, page, width=width, colour=coloured)
    return 0


def _read(
    file: str, numbers: DocumentNumbers, kind: str | None, least: float | None, relations: tuple[str, ...]
) -> Table:
    from dedup.evaluating import read_table
    from dedup.model import Kind
    from dedup.reading import lines_of

    return read_table(
        file,
        lines_of(file),
        numbers,
        kind=None if kind is None else Kind(kind),
        least_score=-math.inf if least is None else least,
        accept=(lambda row: row.get("relation", relations[0]) in relations) if relations else None,
    )


def _evaluated(
    truth: Table, predictions: Table, named: str | None, judged: bool, documents: int, resamples: int, seed: int
) -> Evaluation:
    from dedup import evaluating
    from dedup.model import Kind

    kind = evaluating.common_kind(truth, predictions) if named is None else Kind(named)
    if judged and kind is not Kind.PAIRS:
        raise click.UsageError(f"--judged is for pairs, and these are {kind}")
    if documents and kind is not Kind.CLUSTERS:
        raise click.UsageError(f"--documents is for clusters, and these are {kind}")
    true, predicted = (
        evaluating.as_kind(each, kind, name) for each, name in ((truth, "TRUTH"), (predictions, "PREDICTIONS"))
    )
    if isinstance(true, evaluating.Pairs) and isinstance(predicted, evaluating.Pairs):
        return evaluating.evaluate_pairs(true, predicted, judged=judged, resamples=resamples, seed=seed)
    if isinstance(true, evaluating.Clusters) and isinstance(predicted, evaluating.Clusters):
        return evaluating.evaluate_clusters(true, predicted, documents=documents, resamples=resamples, seed=seed)
    if isinstance(true, evaluating.Passages) and isinstance(predicted, evaluating.Passages):
        return evaluating.evaluate_passages(true, predicted, resamples=resamples, seed=seed)
    raise AssertionError("both tables are of one kind")
