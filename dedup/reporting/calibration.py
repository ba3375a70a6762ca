"""A calibration, as tables and a plot for people and as one JSON object for programs."""

import math
from typing import BinaryIO, TextIO

from dedup.model import Calibration, Measure, ThresholdPoint
from dedup.reporting.json_values import Json, encoded, rounded
from dedup.reporting.page import Page
from dedup.reporting.phrases import counted

_SHOWN_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
_MARKS = (("precision", "●", "bold cyan"), ("recall", "○", "bold yellow"), ("planted", "+", "bold green"))


def write_calibration(calibration: Calibration, stream: TextIO, *, width: int, colour: bool) -> None:
    """Write the curve as a table and as a plot, what became of the planted copies, and the threshold chosen."""
    page = Page(stream, width=width, colour=colour)
    labelled = sum(band.labelled for band in calibration.bands)
    near = calibration.points[0].pairs
    page.wrapped(
        "",
        f"{counted(calibration.documents, 'document')}: {counted(near, 'near pair')} of a resemblance of "
        f"{calibration.points[0].threshold:.2f} or more, {labelled:,} of them labelled; "
        f"{counted(calibration.exact, 'exact pair')} besides, which need no threshold.",
    )
    if calibration.unfound_same:
        page.wrapped(
            "", f"{counted(calibration.unfound_same, 'label')} of the same text on pairs that are not near pairs here."
        )
    page.line()
    _write_table(page, calibration)
    page.line()
    _write_plot(page, calibration)
    if calibration.planted:
        page.line()
        _write_planted(page, calibration)
    page.line()
    if calibration.chosen is None:
        page.wrapped(("Chosen: ", "bold"), f"none; no threshold is {calibration.reason}.")
    else:
        page.wrapped(("Chosen: ", "bold"), f"threshold {calibration.chosen:.2f}, {calibration.reason}.")


def _write_table(page: Page, calibration: Calibration) -> None:
    page.line((f"  {'threshold':<10}{'pairs':>9}   {'precision':<19}{'recall':<19}{'planted found':<19}", "bold"))
    for point in calibration.points:
        mark = "→ " if point.threshold == calibration.chosen else "  "
        cells = "".join(f"{_measured(measure):<19}" for measure in (point.precision, point.recall, point.planted))
        page.line(f"{mark}{point.threshold:<10.2f}{point.pairs:>9,}   {cells}")
    page.wrapped("", ("In brackets intervals of 95 %. Recall is of all near pairs above, by the labels.", "dim"))


def _measured(measure: Measure) -> str:
    if measure.value is None or measure.interval is None:
        return "–"
    return f"{_three(measure.value)} [{_three(measure.interval[0])}, {_three(measure.interval[1])}]"


def _three(share: float) -> str:
    # Rounded down, so that 1 means all.
    text = f"{math.floor(share * 1000 + 1e-6) / 1000:.3f}"
    return text.removeprefix("0") if share < 1 else "1"


def _write_plot(page: Page, calibration: Calibration) -> None:
    room = min(page.width - len("  0.70  "), 61)
    page.line("        0", " " * (room // 2 - 2), ".5", " " * (room - room // 2 - 3), "1")
    for point in calibration.points:
        page.line(f"  {point.threshold:.2f}  ", *_row(point, room))
    page.line("        ", *(part for name, mark, style in _MARKS for part in ((mark, style), f" {name}   ")))


def _row(point: ThresholdPoint, room: int) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = [("·" if place in (0, room // 2, room - 1) else " ", "dim") for place in range(room)]
    measures = {"precision": point.precision, "recall": point.recall, "planted": point.planted}
    for name, _, style in reversed(_MARKS):
        interval = measures[name].interval
        if interval is not None:
            for place in range(_place(interval[0], room), _place(interval[1], room) + 1):
                cells[place] = ("─", style.removeprefix("bold "))
    for name, mark, style in reversed(_MARKS):
        value = measures[name].value
        if value is not None:
            cells[_place(value, room)] = (mark, style)
    return cells


def _place(share: float, room: int) -> int:
    return round(min(max(share, 0.0), 1.0) * (room - 1))


def _write_planted(page: Page, calibration: Calibration) -> None:
    thresholds = [point.threshold for point in calibration.points]
    shown = [place for place, threshold in enumerate(thresholds) if threshold in _SHOWN_THRESHOLDS]
    found = "".join(f"at {thresholds[place]:.2f}".ljust(9) for place in shown)
    page.line((f"  {'planted copies':<26}{'number':>7}  {'median':<9}{found}", "bold"))
    for row in calibration.planted:
        name = {"copy": "unchanged", "words": "words here and there", "block": "one stretch of words"}[row.edit.kind]
        said = f"{row.edit.strength:.0%} {name}" if row.edit.strength else name
        cells = "".join(f"{_share(row.recall[place]):<9}" for place in shown)
        page.line(f"  {said:<26}{row.planted:>7,}  {_three(row.resemblance):<9}{cells}")
    page.wrapped("", ("Median of the resemblance with the source; share found at each threshold.", "dim"))


def _share(measure: Measure) -> str:
    return "–" if measure.value is None else _three(measure.value)


def write_calibration_json(calibration: Calibration, stream: BinaryIO) -> None:
    """Write one object on one line."""
    value: Json = {
        "version": 1,
        "documents": calibration.documents,
        "exact": calibration.exact,
        "points": [
            {
                "threshold": point.threshold,
                "pairs": point.pairs,
                "precision": _value(point.precision),
                "recall": _value(point.recall),
                "planted": _value(point.planted),
            }
            for point in calibration.points
        ],
        "bands": [
            {"low": band.low, "high": band.high, "pairs": band.pairs, "labelled": band.labelled, "same": band.same}
            for band in calibration.bands
        ],
        "planted": [
            {
                "kind": row.edit.kind,
                "strength": row.edit.strength,
                "planted": row.planted,
                "resemblance": rounded(row.resemblance),
                "recall": [rounded(measure.value) for measure in row.recall],
            }
            for row in calibration.planted
        ],
        "unfound_same": calibration.unfound_same,
        "chosen": calibration.chosen,
        "reason": calibration.reason,
    }
    stream.write(encoded(value) + b"\n")


def _value(measure: Measure) -> Json:
    interval = None if measure.interval is None else [rounded(bound) for bound in measure.interval]
    return {"value": rounded(measure.value), "interval": interval}
