"""The report that people read: findings by document, what would be dropped, a summary, what to do next."""

import shlex
from typing import TextIO

from dedup.model import DocumentId, Match, Relation, Report
from dedup.reporting.excerpts import ExcerptLine, excerpt_lines
from dedup.reporting.page import Page, Styled
from dedup.reporting.phrases import counted, evidence_notes, scores, sentence, shown_id
from dedup.reporting.selecting import EVERYTHING, DocumentFindings, Limits, Selection, select_findings
from dedup.reporting.summary import write_summary
from dedup.reporting.visible import cells, cut_middle

_COLOURS = {
    Relation.EXACT: "bold red",
    Relation.NEAR: "bold yellow",
    Relation.CONTAINS: "bold cyan",
    Relation.REWRITE: "bold magenta",
    Relation.BOILERPLATE: "bold blue",
    Relation.RESIDUE: "bold magenta",
}
_SIDE_COLOURS = {"<": "bold red", ">": "bold green", "": "bold"}
_LABEL = 13
_LONGEST_HEADING = 200


def write_terminal(
    report: Report, stream: TextIO, *, width: int = 80, colour: bool = False, everything: bool = False
) -> None:
    """Write the report for people.

    Shown are the findings of at most 50 documents, ten of each, unless `everything` is asked for; what is
    left out is said. Whatever the texts and ids hold, nothing but visible characters and, with `colour`, the
    report's own colours are written.
    """
    page = Page(stream, width=width, colour=colour)
    limits = EVERYTHING if everything else Limits()
    selection = select_findings(report, limits)
    _write_headline(page, report)
    for findings in selection.documents:
        _write_document(page, report, findings, complete=selection.complete)
    _write_left_out(page, report, selection)
    _write_clusters(page, report, limits)
    write_summary(page, report, limits)
    _write_next(page, report, selection)


def _write_headline(page: Page, report: Report) -> None:
    found = counted(len(report.matches), "finding") if report.matches else "nothing repeated"
    page.wrapped("", (f"{counted(report.counts.read, 'document')}: {found}", "bold"))


def _write_document(page: Page, report: Report, findings: DocumentFindings, *, complete: bool) -> None:
    page.line()
    page.line((cut_middle(shown_id(findings.document), max(page.width, _LONGEST_HEADING)), "bold underline"))
    for index in findings.shown:
        _write_finding(page, report, index)
    if findings.left_out:
        at_least = "" if complete else "at least "
        page.wrapped("  ", (f"and {at_least}{findings.left_out:,} more; see --all or --format jsonl", "dim"))


def _write_finding(page: Page, report: Report, index: int) -> None:
    match = report.matches[index]
    label = f"  {match.relation.value:<{_LABEL - 2}}  "
    page.wrapped((label, _COLOURS[match.relation]), sentence(match, page.width - cells(label)))
    indent = " " * cells(label)
    notes = " · ".join(note for note in (scores(match), *evidence_notes(match)) if note)
    if notes:
        page.wrapped(indent, (notes, "dim"))
    _write_excerpt(page, report, index, match)


def _write_excerpt(page: Page, report: Report, index: int, match: Match) -> None:
    left, right = report.excerpts(index)
    spans = [match.left] if match.right is None else [match.left, match.right]
    digits = max(4, *(len(str(span.end_line)) for span in spans))
    room = page.width - len("  < ") - digits - len(" │ ")
    for line in excerpt_lines(match, left, right, room, brackets=not page.colour):
        page.line(*_excerpt_parts(line, digits))


def _excerpt_parts(line: ExcerptLine, digits: int) -> list[Styled]:
    parts: list[Styled] = [(f"  {line.side or ' '} {line.number:>{digits}} │ ", "dim")]
    parts += [(each.text, _SIDE_COLOURS[line.side]) if each.differs else each.text for each in line.pieces]
    return parts


def _write_left_out(page: Page, report: Report, selection: Selection) -> None:
    left_out = len(report.matches) - selection.findings_shown
    if not left_out:
        return
    page.line()
    documents = counted(len(selection.documents), "document")
    if selection.complete and selection.documents_left_out:
        with_findings = len(selection.documents) + selection.documents_left_out
        documents = f"{len(selection.documents):,} of {with_findings:,} documents"
    shown = f"{selection.findings_shown:,} of {counted(len(report.matches), 'finding')}, in {documents}"
    page.wrapped("", f"Shown: {shown}.")
    page.wrapped("", f"The other {left_out:,}: --all shows them here, --format jsonl writes them out.")


def _write_clusters(page: Page, report: Report, limits: Limits) -> None:
    if not report.counts.dropped:
        return
    page.line()
    page.line(("What would be dropped", "bold"))
    shown = 0
    for cluster in report.clusters[: limits.clusters]:
        shown += 1
        lead = f"  keep {cut_middle(shown_id(cluster.representative), page.width - 7)}"
        page.line(lead)
        for member in cluster.members[: limits.members]:
            page.line("    ", ("drop ", "red"), cut_middle(shown_id(member), page.width - 9))
        more = len(cluster.members) - len(cluster.members[: limits.members])
        if more:
            page.line((f"    and {more:,} more", "dim"))
    more = len(report.clusters) - shown
    if more:
        page.wrapped("  ", (f"and for {counted(more, 'other document')}; see --decisions FILE", "dim"))


def _write_next(page: Page, report: Report, selection: Selection) -> None:
    if not report.matches:
        return
    steps = []
    within = _file_with_copies(report, selection)
    if within is not None:
        steps.append((f"dedup clean {within}", "the text without its own copies and prompts"))
    if report.counts.read > 1:
        steps.append(("dedup scan … --decisions FILE", "keep or drop, and why, for each document"))
    steps.append(("dedup scan … --format jsonl", "every finding, one JSON object a line"))
    page.line()
    page.line(("Next", "bold"))
    widest = max(cells(command) for command, _ in steps)
    for command, purpose in steps:
        if widest + len(purpose) + 6 <= page.width or widest < page.width // 2:
            page.wrapped(f"  {command}{' ' * (widest - cells(command))}  ", (purpose, "dim"))
        else:
            page.line(f"  {command}")
            page.wrapped("      ", (purpose, "dim"))


def _file_with_copies(report: Report, selection: Selection) -> str | None:
    """Name a document shown that has copies of its own text, or residue, as an argument for `dedup clean`."""
    for findings in selection.documents:
        for index in findings.shown:
            match = report.matches[index]
            of_one = match.right is not None and match.left.document == match.right.document
            if of_one or match.relation is Relation.RESIDUE:
                return _as_argument(findings.document)
    return None


def _as_argument(document: DocumentId | None) -> str:
    """Quote a file's name for a shell, where the id is one that can be shown; else say `FILE`."""
    if not isinstance(document, str) or not document.isprintable() or document.startswith("-"):
        return "FILE"
    return shlex.quote(document) if document.endswith((".txt", ".md")) else "FILE"
