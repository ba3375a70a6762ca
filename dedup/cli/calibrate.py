"""`dedup calibrate`: the threshold for a corpus, from planted copies and from labels."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedup.cli.messages import say_if_nothing_read, warn_of_quarantined
from dedup.cli.options import (
    Reading,
    Settings,
    colour_option,
    gathered,
    memory_option,
    output_option,
    page_look,
    quiet_option,
    reading_options,
    verdict_options,
    workers_option,
    workers_or_all,
)
from dedup.cli.progress import StderrProgress
from dedup.cli.scan import check_outputs

if TYPE_CHECKING:
    from dedup.calibrating import FoundPair, PairKey, Survey
    from dedup.config import Config
    from dedup.model import Calibration

_EXAMPLES = """\b
Examples:
  dedup calibrate crawl.jsonl
  dedup calibrate crawl.jsonl --ask --labels labels.jsonl --write dedup.toml
  dedup calibrate crawl.jsonl --sample pairs.jsonl
  dedup calibrate crawl.jsonl --labels labels.jsonl --plot curve.svg --write dedup.toml
  dedup scan crawl.jsonl --config dedup.toml
"""


def _share(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise click.BadParameter(f"{value:g} is no share over 0 and up to 1", ctx, param)
    return value


@click.command(epilog=_EXAMPLES, short_help="Find the threshold for a corpus.")
@click.argument("paths", metavar="IN...", nargs=-1, required=True)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json")),
    default="text",
    help="text: tables and a plot (default). json: one object.",
)
@output_option
@click.option("--plot", metavar="FILE", help="Draw precision and recall against the threshold as SVG here.")
@click.option("--write", metavar="FILE", help="Write the configuration chosen here, as TOML for --config.")
@click.option(
    "--labels",
    metavar="FILE",
    help="Take labels from this file, if it is there: pairs as dedup evaluate reads them, label 1 for the same text, "
    "0 for another, null for open.",
)
@click.option("--ask", is_flag=True, help="Ask for labels here, pair by pair; each is saved to --labels at once.")
@click.option("--sample", metavar="FILE", help="Write the pairs to be labelled here, with excerpts, as JSON lines.")
@click.option(
    "--per-band",
    type=click.IntRange(1, 100_000),
    default=10,
    help="Pairs to be labelled in each band of .05 of resemblance (default 10).",
)
@click.option("--lowest", type=float, default=0.4, help="Lowest threshold looked at (default 0.4).")
@click.option(
    "--planted",
    type=click.IntRange(0, 100_000),
    default=100,
    help="Documents of which copies are planted, eleven of each (default 100).",
)
@click.option("--seed", "sample_seed", type=click.IntRange(0, 2**32 - 1), default=1, help="Seed (default 1).")
@click.option(
    "--target-precision",
    type=float,
    callback=_share,
    default=0.95,
    help="With labels, choose the lowest threshold of this precision (default 0.95).",
)
@click.option(
    "--target-recall",
    type=float,
    callback=_share,
    default=0.95,
    help="Without labels, choose the highest threshold that finds this share of lightly edited copies (default 0.95).",
)
@click.option(
    "--edits",
    type=click.FloatRange(0.0, 1.0),
    default=0.02,
    help="Share of words changed up to which a planted copy is lightly edited (default 0.02).",
)
@gathered("settings", Settings, *verdict_options())
@reading_options
@workers_option
@memory_option
@quiet_option
@colour_option
def calibrate(
    paths: tuple[str, ...],
    output_format: str,
    output: str,
    plot: str | None,
    write: str | None,
    labels: str | None,
    ask: bool,
    sample: str | None,
    per_band: int,
    lowest: float,
    planted: int,
    sample_seed: int,
    target_precision: float,
    target_recall: float,
    edits: float,
    settings: Settings,
    reading: Reading,
    workers: int | None,
    memory: int | None,
    quiet: bool,
    colour: str,
) -> int:
    """Find out what thresholds of resemblance do on your own documents.

    Copies of some documents, with edits of known strength, are planted behind the others in memory: they tell what
    each threshold finds. Real near pairs, some of each band of resemblance, are to be labelled as the same text or
    not: they tell how often a threshold is right. The answer is a table and a plot of precision and recall against the
    threshold, with intervals, and a configuration. IN is what PATH is for scan; the same input and seed give the same
    answer.
    """
    _check_usage(paths, labels, ask, plot, lowest)

    from dedup import calibrating, reporting
    from dedup.errors import DedupError

    config, options = settings.config(), reading.options()
    check_outputs(paths, output, plot, write, sample)
    if labels is not None:
        reporting.check_writable(labels)
    known = _labels(labels, must_exist=not ask)
    with StderrProgress(quiet=quiet) as progress:
        survey = calibrating.survey(
            list(paths),
            config,
            known,
            lowest=lowest,
            sources=planted,
            per_band=per_band,
            seed=sample_seed,
            reading=options,
            workers=workers_or_all(workers),
            memory=memory,
            progress=progress,
        )
    say_if_nothing_read(survey.documents + len(survey.quarantined))
    warn_of_quarantined(survey.quarantined)
    if sample is not None:
        _write_sample(survey, known, sample)
    if ask and labels is not None:
        survey = _ask(survey, known, labels, colour)
    targets = calibrating.Targets(target_precision, target_recall, edits)
    calibration = calibrating.calibration(survey, known, targets, sample_seed)
    _write_report(calibration, output_format, output, colour)
    if plot is not None:
        with reporting.open_output(plot) as stream:
            stream.write(reporting.draw_calibration(calibration).encode())
    if write is not None:
        if calibration.chosen is None:
            raise DedupError(f"{write}: is not written, because no threshold is {calibration.reason}")
        with reporting.open_output(write) as stream:
            stream.write(_configuration(config, calibration).encode())
    return 0


def _check_usage(paths: tuple[str, ...], labels: str | None, ask: bool, plot: str | None, lowest: float) -> None:
    if ask and labels is None:
        raise click.UsageError("--ask saves each label at once: say with --labels to which file")
    if ask and "-" in paths:
        raise click.UsageError("--ask reads answers from standard input, which IN names already; give a file")
    if labels == "-":
        raise click.UsageError("--labels names a file; - cannot be written to and read again")
    if plot is not None and plot != "-" and Path(plot).suffix.lower() != ".svg":
        raise click.UsageError(f"--plot draws SVG, which browsers show; name a file such as {Path(plot).stem}.svg")
    if math.isnan(lowest) or not 0.1 <= lowest < 0.95:
        raise click.UsageError(f"--lowest is a threshold from 0.1 to under 0.95, not {lowest:g}")


def _labels(file: str | None, *, must_exist: bool) -> dict[PairKey, bool]:
    from dedup.calibrating import labels_of
    from dedup.reading import lines_of

    if file is None or not (must_exist or Path(file).exists()):
        return {}
    return labels_of(file, lines_of(file))


def _write_sample(survey: Survey, known: Mapping[PairKey, bool], file: str) -> None:
    from dedup import reporting
    from dedup.calibrating import pair_key

    with reporting.open_output(file) as stream:
        for pair in survey.sample:
            label = known.get(pair_key(pair.left, pair.right))
            left, right = survey.report.excerpts(pair.index)
            value: reporting.Json = {
                "left": pair.left,
                "right": pair.right,
                "label": None if label is None else int(label),
                "resemblance": round(pair.resemblance, 6),
                "left_text": left,
                "right_text": right,
            }
            stream.write(reporting.encoded(value) + b"\n")


def _ask(survey: Survey, known: dict[PairKey, bool], file: str, colour: str) -> Survey:
    """Ask for a label of each pair of the sample that has none, a pair of each band in turn."""
    from dedup.calibrating import append_label, pair_key, with_labels

    asked = [pair for pair in _in_turn(survey) if pair_key(pair.left, pair.right) not in known]
    answers: list[tuple[int, PairKey, bool]] = []
    for number, pair in enumerate(asked, start=1):
        _show(survey, pair, number, len(asked), colour)
        same = _answer()
        if same is None:
            break
        if same == "skip":
            continue
        append_label(file, pair.left, pair.right, pair.resemblance, same == "yes")
        answers.append((pair.band, pair_key(pair.left, pair.right), same == "yes"))
    return with_labels(survey, known, answers)


def _in_turn(survey: Survey) -> list[FoundPair]:
    """The sample with one pair of each band in turn, so that whoever stops early has labels in all of them."""
    seen: dict[int, int] = {}
    ranked = []
    for pair in survey.sample:
        ranked.append((seen.get(pair.band, 0), -pair.band, pair))
        seen[pair.band] = seen.get(pair.band, 0) + 1
    return [pair for _, _, pair in sorted(ranked, key=lambda each: each[:2])]


def _show(survey: Survey, pair: FoundPair, number: int, of: int, colour: str) -> None:
    from dedup import reporting

    width, coloured = page_look("-", colour, sys.stderr)
    stream = sys.stderr.buffer
    sys.stderr.flush()
    with reporting.text_on(stream, sys.stderr.encoding) as page:
        reporting.write_question(
            survey.match(pair),
            survey.report.excerpts(pair.index),
            number,
            of,
            page,
            width=width,
            colour=coloured,
        )


def _answer() -> str | None:
    """`yes`, `no` or `skip`; None to stop, also at the end of the input."""
    while True:
        click.echo("The same text? [y]es, [n]o, [s]kip, [q]uit: ", nl=False, err=True)
        line = sys.stdin.readline()
        said = line.strip().lower()
        for name in ("yes", "no", "skip", "quit"):
            if said and name.startswith(said):
                return None if name == "quit" else name
        if not line:
            click.echo(err=True)
            return None


def _write_report(calibration: Calibration, output_format: str, output: str, colour: str) -> None:
    from dedup import reporting

    with reporting.open_output(output) as stream:
        if output_format == "json":
            reporting.write_calibration_json(calibration, stream)
            return
        width, coloured = page_look(output, colour)
        with reporting.text_on(stream, sys.stdout.encoding if output == reporting.STDOUT else "utf-8") as page:
            reporting.write_calibration(calibration, page, width=width, colour=coloured)


def _configuration(config: Config, calibration: Calibration) -> str:
    from dedup.cli.config_file import config_lines

    chosen = calibration.chosen
    if chosen is None:
        raise AssertionError("a threshold was chosen")
    point = next(each for each in calibration.points if each.threshold == chosen)
    said = ", ".join(
        f"{name} {measure.value:.3f} [{measure.interval[0]:.3f}, {measure.interval[1]:.3f}]"
        for name, measure in (("precision", point.precision), ("recall", point.recall), ("planted", point.planted))
        if measure.value is not None and measure.interval is not None
    )
    head = f"# Written by dedup calibrate, for dedup scan --config. {calibration.documents} documents.\n"
    note = f"{calibration.reason[0].upper()}{calibration.reason[1:]}: {said}"
    return head + config_lines(replace(config, threshold=chosen), {"threshold": note})
