"""The summary at the end of a report: everything read is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dedup.model import Counts, Quarantined, Relation, Report
from dedup.reporting.phrases import counted
from dedup.reporting.visible import cut_end, visible

if TYPE_CHECKING:
    from dedup.reporting.page import Page
    from dedup.reporting.selecting import Limits

KEPT_REASONS = ("unique", "representative", "short", "empty")
_LABEL = 14
_LONGEST_MESSAGE = 300


def one_line(counts: Counts) -> str:
    """Sum up a scan: `5 documents, 2,345 paragraphs: 5 kept, 0 dropped, 0 quarantined; 12 findings`."""
    findings = sum(counts.matches.values())
    return (
        f"{counted(counts.read, 'document')}, {counted(counts.paragraphs, 'paragraph')}: "
        f"{counts.kept:,} kept, {counts.dropped:,} dropped, {counts.quarantined:,} quarantined; "
        f"{counted(findings, 'finding')}{_aside(counts)}"
    )


def one_line_of_pairs(counts: Counts) -> str:
    """Sum up a search for pairs, which decides on no document: `5 documents, 0 quarantined: 12 pairs`."""
    pairs = counted(sum(counts.matches.values()), "pair")
    return f"{counted(counts.read, 'document')}, {counts.quarantined:,} quarantined: {pairs}{_aside(counts)}"


def _aside(counts: Counts) -> str:
    """What else a reader of the findings must know."""
    asides = []
    if counts.vetoed_boilerplate:
        asides.append(f"{counted(counts.vetoed_boilerplate, 'pair')} alike by boilerplate alone excluded")
    if counts.skipped_files:
        asides.append(f"{counted(counts.skipped_files, 'file')} of no known format skipped")
    if counts.repeated_ids:
        asides.append(f"{counted(counts.repeated_ids, 'document')} with an id that an earlier one has")
    return "".join(f"; {aside}" for aside in asides)


def quarantine_lines(quarantined: Sequence[Quarantined], at_most: int | None) -> list[str]:
    """`file:line: message` of the first records that could not be read, visible and of bounded length."""
    lines = []
    for record in quarantined[:at_most]:
        place = record.file if record.line is None else f"{record.file}:{record.line}"
        lines.append(cut_end(visible(f"{place}: {record.message}"[: 4 * _LONGEST_MESSAGE]), _LONGEST_MESSAGE))
    return lines


def write_summary(page: Page, report: Report, limits: Limits) -> None:
    """Write the counts that are not nought, those of what was read always."""
    page.line()
    page.line(("Summary", "bold"))
    for label, said in _rows(report.counts):
        page.wrapped(f"  {label:<{_LABEL - 2}}  ", said)
    lines = quarantine_lines(report.quarantined, limits.quarantined)
    for line in lines:
        page.wrapped(" " * (_LABEL + 2), (line, "dim"))
    more = len(report.quarantined) - len(lines)
    if more and lines:
        page.wrapped(" " * (_LABEL + 2), (f"and {more:,} more; see --decisions FILE", "dim"))


def _rows(counts: Counts) -> Iterable[tuple[str, str]]:
    yield (
        "documents",
        f"{counts.read:,} read: {counts.kept:,} kept, {counts.dropped:,} dropped, {counts.quarantined:,} quarantined",
    )
    yield "paragraphs", f"{counts.paragraphs:,}, of {counted(counts.characters, 'character')}"
    relations = tuple(Relation)
    dropped_or_kept = {*relations, *KEPT_REASONS}
    quarantine = [reason for reason in counts.reasons if reason not in dropped_or_kept]
    rows = (
        ("kept", _tally(counts.reasons, KEPT_REASONS)),
        ("dropped", _tally(counts.reasons, relations)),
        ("findings", _tally(counts.matches, relations)),
        ("vetoed", _when(counts.vetoed, "pair", "over the threshold, not confirmed by the cosine")),
        ("excluded", _when(counts.vetoed_boilerplate, "pair", "of documents alike by their boilerplate alone")),
        ("capped", _capped(counts)),
        ("repeated ids", _when(counts.repeated_ids, "document", "with an id that an earlier one has")),
        ("skipped", _when(counts.skipped_files, "file", "of formats that are not read")),
        ("quarantined", _tally(counts.reasons, sorted(quarantine))),
    )
    yield from ((label, said) for label, said in rows if said)


def _tally(numbers: Mapping[str, int], names: Iterable[str]) -> str:
    return ", ".join(f"{numbers[name]:,} {visible(str(name))}" for name in names if numbers.get(name))


def _when(number: int, noun: str, what: str) -> str:
    return f"{counted(number, noun)} {what}" if number else ""


def _capped(counts: Counts) -> str:
    parts = (
        (counts.capped_buckets, "bucket"),
        (counts.capped_postings, "posting"),
        (counts.capped_classes, "exact group"),
    )
    said = ", ".join(counted(number, noun) for number, noun in parts if number)
    return f"{said} cut off at the limit" if said else ""
