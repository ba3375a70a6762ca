"""An evaluation, as a table for people and as one JSON object for programs."""

import math
from typing import BinaryIO, TextIO

from dedup.model import Evaluation, Measure
from dedup.reporting.json_values import Json, encoded, rounded
from dedup.reporting.page import Page

_NOTES = {
    "pairs": "Intervals of 95 %, from resampling connected groups of documents.",
    "clusters": "Intervals of 95 %, from resampling groups of documents that share clusters.",
    "passages": "Macro-averaged over passages, as PAN's script does; micro: by characters (its --micro).\n"
    "Intervals of 95 %, from resampling pairs of documents.",
}


def write_evaluation(evaluation: Evaluation, stream: TextIO, *, width: int, colour: bool) -> None:
    """Write what was compared and a row for each measure."""
    page = Page(stream, width=width, colour=colour)
    said = ", ".join(f"{number:,} {name}" for name, number in evaluation.counts.items() if number or name == "true")
    page.wrapped((f"{evaluation.kind}: ", "bold"), said)
    page.line()
    widest = max(len(measure.name) for measure in evaluation.measures)
    for measure in evaluation.measures:
        page.line(f"  {measure.name:<{widest}}  ", (_value(measure), "bold"), f"  {_interval(measure)}")
    page.line()
    note = _NOTES[evaluation.kind]
    if any(measure.interval for measure in evaluation.measures):
        for line in note.split("\n"):
            page.wrapped("", (line, "dim"))
    else:
        page.wrapped("", (note.split("\n", 1)[0] if "\n" in note else _without(evaluation), "dim"))


def _without(evaluation: Evaluation) -> str:
    if evaluation.units < 2:
        return "No intervals: all that is compared hangs together, so that nothing can be resampled."
    return "No intervals."


def _value(measure: Measure) -> str:
    if measure.value is None:
        return "     –"
    # Rounded down, so that 1.0000 means all.
    return f"{math.floor(measure.value * 10_000 + 1e-6) / 10_000:.4f}"


def _interval(measure: Measure) -> str:
    return "" if measure.interval is None else f"{measure.interval[0]:.4f}–{measure.interval[1]:.4f}"


def write_evaluation_json(evaluation: Evaluation, stream: BinaryIO) -> None:
    """Write one object on one line: `version`, `kind`, `counts`, `measures` by name, and `units`."""
    stream.write(encoded(_evaluation_value(evaluation)) + b"\n")


def _evaluation_value(evaluation: Evaluation) -> Json:
    return {
        "version": 1,
        "kind": evaluation.kind.value,
        "counts": {_key(name): number for name, number in evaluation.counts.items()},
        "measures": {
            _key(measure.name): {
                "value": rounded(measure.value),
                "interval": None if measure.interval is None else [rounded(bound) for bound in measure.interval],
            }
            for measure in evaluation.measures
        },
        "units": evaluation.units,
    }


def _key(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")
