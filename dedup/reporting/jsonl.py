"""Findings and decisions as JSON lines: the stable interface, one object a line, written as they are made."""

from typing import BinaryIO

from dedup.kernels import loaded
from dedup.model import LazyMatches, Report
from dedup.reporting.json_columns import match_lines
from dedup.reporting.json_values import decision_value, encoded, match_value, quarantined_value


def write_findings(report: Report, stream: BinaryIO) -> None:
    """Write each match of the report as one JSON object a line, in the report's order."""
    if isinstance(report.matches, LazyMatches):
        kernels = loaded()
        for block in report.matches.blocks():
            stream.write(match_lines(block, kernels))
        return
    for match in report.matches:
        stream.write(encoded(match_value(match)) + b"\n")


def write_decisions(report: Report, stream: BinaryIO) -> None:
    """Write the decision on each document, in input order, then a line for each quarantined record.

    There are as many lines as records were read.
    """
    for decision in report.decisions:
        stream.write(encoded(decision_value(decision)) + b"\n")
    for record in report.quarantined:
        stream.write(encoded(quarantined_value(record)) + b"\n")
