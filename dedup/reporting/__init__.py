"""Writing a report: for people, as JSON lines, as one JSON object or as a table, to a stream or a file.

Names are loaded when they are first used: a run writes in one way.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.reporting.calibration import write_calibration, write_calibration_json
    from dedup.reporting.curves import draw_calibration
    from dedup.reporting.evaluation import write_evaluation, write_evaluation_json
    from dedup.reporting.json_values import Json, decision_value, encoded, quarantined_value, span_value
    from dedup.reporting.jsonl import write_decisions, write_findings
    from dedup.reporting.output import STDOUT, check_writable, open_output
    from dedup.reporting.questions import write_question
    from dedup.reporting.summary import one_line, one_line_of_pairs, quarantine_lines
    from dedup.reporting.table import write_csv
    from dedup.reporting.terminal import write_terminal
    from dedup.reporting.visible import text_on
    from dedup.reporting.whole_json import write_json

__all__ = [
    "STDOUT",
    "Json",
    "check_writable",
    "decision_value",
    "draw_calibration",
    "encoded",
    "one_line",
    "one_line_of_pairs",
    "open_output",
    "quarantine_lines",
    "quarantined_value",
    "span_value",
    "text_on",
    "write_calibration",
    "write_calibration_json",
    "write_csv",
    "write_decisions",
    "write_evaluation",
    "write_evaluation_json",
    "write_findings",
    "write_json",
    "write_question",
    "write_terminal",
]

_HOMES = {
    "calibration": ("write_calibration", "write_calibration_json"),
    "curves": ("draw_calibration",),
    "evaluation": ("write_evaluation", "write_evaluation_json"),
    "json_values": ("Json", "decision_value", "encoded", "quarantined_value", "span_value"),
    "jsonl": ("write_decisions", "write_findings"),
    "output": ("STDOUT", "check_writable", "open_output"),
    "questions": ("write_question",),
    "summary": ("one_line", "one_line_of_pairs", "quarantine_lines"),
    "table": ("write_csv",),
    "terminal": ("write_terminal",),
    "visible": ("text_on",),
    "whole_json": ("write_json",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
