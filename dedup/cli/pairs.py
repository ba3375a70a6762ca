"""`dedup pairs`: every verified pair, one JSON object a line."""

from dataclasses import replace

import click

from dedup.cli.messages import say, say_if_nothing_read, warn_of_quarantined
from dedup.cli.options import (
    OF_PAIRS,
    Reading,
    Settings,
    boilerplate_option,
    candidate_options,
    fail_on_option,
    gathered,
    memory_option,
    output_option,
    quiet_option,
    reading_options,
    selection_options,
    verdict_options,
    workers_option,
    workers_or_all,
)
from dedup.cli.progress import StderrProgress
from dedup.cli.scan import check_fail_on, check_outputs, failed_on

_EXAMPLES = """\b
Examples:
  dedup pairs crawl.parquet > pairs.jsonl
  dedup pairs left.jsonl right.jsonl --threshold 0.8 -o pairs.jsonl
  dedup pairs crawl/ --level paragraph --relation exact
  dedup pairs crawl.parquet --relation rewrite --min-score 0.95
"""


@click.command(epilog=_EXAMPLES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@output_option
@gathered(
    "settings",
    Settings,
    *selection_options(OF_PAIRS, "default: exact, near and contains", "document"),
    *verdict_options(),
    boilerplate_option(),
    *candidate_options(),
)
@reading_options
@fail_on_option(OF_PAIRS)
@workers_option
@memory_option
@quiet_option
def pairs(
    paths: tuple[str, ...],
    output: str,
    settings: Settings,
    reading: Reading,
    fail_on: tuple[tuple[str, int], ...],
    workers: int | None,
    memory: int | None,
    quiet: bool,
) -> int:
    """Write every verified pair as JSON lines.

    Where scan gives each copy with the document that represents it, pairs gives each two that match; of more
    than a thousand exact copies of one text only those with the first, and of copies of texts that match, if all
    are over a thousand, only the first of each. PATH is what it is for scan.
    """
    from dedup import reporting, scanning
    from dedup.config import PAIR_RELATIONS, Config
    from dedup.errors import ConfigError
    from dedup.model import Level

    config, options = settings.config(Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)), reading.options()
    relations = tuple(relation for relation in config.relations if relation in OF_PAIRS)
    if not relations:
        raise ConfigError(f"{settings.config_file}: relations names none of pairs: {', '.join(OF_PAIRS)}")
    config = replace(config, relations=relations)
    check_fail_on(fail_on, relations)
    check_outputs(paths, output)
    with StderrProgress(quiet=quiet) as progress:
        report = scanning.pairs(
            list(paths),
            config,
            reading=options,
            workers=workers_or_all(workers),
            memory=memory,
            progress=progress,
        )
    with reporting.open_output(output) as stream:
        reporting.write_findings(report, stream)
    say_if_nothing_read(report.counts.read, report.counts.skipped_files)
    warn_of_quarantined(report.quarantined)
    if not quiet:
        say(reporting.one_line_of_pairs(report.counts))
    return failed_on(report, fail_on)
