import io
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from dedup.model import Band, Calibration, Edit, Measure, PlantedEdit, ThresholdPoint
from dedup.reporting import draw_calibration, write_calibration, write_calibration_json

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


def share(name: str, value: float) -> Measure:
    return Measure(name, value, (max(value - 0.1, 0.0), min(value + 0.1, 1.0)))


def calibration(chosen: float | None = 0.7) -> Calibration:
    points = [
        ThresholdPoint(
            threshold,
            1000 - 100 * place,
            share("precision", threshold),
            share("recall", 1 - place / 5),
            Measure("p", None),
        )
        for place, threshold in enumerate(THRESHOLDS)
    ]
    planted = PlantedEdit(Edit("words", 0.05), 100, 0.65, tuple(share("", 0.9999) for _ in THRESHOLDS))
    return Calibration(5000, 1, [Band(0.5, 0.6, 1000, 10, 9)], points, [planted], 2, chosen, "the reason")


def text(value: Calibration, width: int = 80) -> str:
    stream = io.StringIO()
    write_calibration(value, stream, width=width, colour=False)
    return stream.getvalue()


def test_the_table_has_a_row_a_threshold_and_marks_the_one_chosen() -> None:
    lines = text(calibration()).splitlines()
    assert lines[0].startswith("5,000 documents: 1,000 near pairs of a resemblance of 0.50 or more, 10 of them")
    assert "→ 0.70            800   .700 [.600, .800]  .600 [.500, .700]  –" in lines
    assert "2 labels of the same text on pairs that are not near pairs here." in lines
    assert lines[-1] == "Chosen: threshold 0.70, the reason."
    assert text(calibration(None)).splitlines()[-1] == "Chosen: none; no threshold is the reason."


def test_shares_are_rounded_down_so_that_1_means_all() -> None:
    assert "  5% words here and there       100  .650     .999     .999" in text(calibration())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_plot_puts_each_share_in_its_place(width: int) -> None:
    lines = text(calibration(), width).splitlines()
    room = min(width - 8, 61)
    rows = [line for line in lines if line.startswith("  0.") and ("●" in line or "○" in line)]
    assert len(rows) == len(THRESHOLDS)
    for row, threshold in zip(rows, THRESHOLDS, strict=True):
        assert row[8:].index("●") == round(threshold * (room - 1))
        assert len(row) <= 8 + room
    assert max(len(line) for line in lines) <= max(width, 90)


def test_the_picture_has_a_line_and_a_band_for_each_measure_that_is_known() -> None:
    name = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(draw_calibration(calibration()))  # noqa: S314 - written here
    assert (len(root.findall(f"{name}polyline")), len(root.findall(f"{name}polygon"))) == (2, 2)
    assert len(root.findall(f"{name}circle")) == 2 * len(THRESHOLDS)
    heights = [float(each.attrib["cy"]) for each in root.findall(f"{name}circle")]
    # Higher precision stands higher, which is a smaller number.
    assert heights[:5] == sorted(heights[:5], reverse=True)
    assert "chosen: 0.70" in [each.text for each in root.findall(f"{name}text")]
    without = ElementTree.fromstring(draw_calibration(calibration(None)))  # noqa: S314
    assert not any("chosen" in (each.text or "") for each in without.findall(f"{name}text"))


def test_json_is_one_line_with_every_figure() -> None:
    stream = io.BytesIO()
    write_calibration_json(replace(calibration(), unfound_same=0), stream)
    (line,) = stream.getvalue().splitlines()
    value = json.loads(line)
    assert value["points"][2] == {
        "threshold": 0.7,
        "pairs": 800,
        "precision": {"value": 0.7, "interval": [0.6, 0.8]},
        "recall": {"value": 0.6, "interval": [0.5, 0.7]},
        "planted": {"value": None, "interval": None},
    }
    assert value["bands"] == [{"low": 0.5, "high": 0.6, "pairs": 1000, "labelled": 10, "same": 9}]
    assert (value["chosen"], value["planted"][0]["kind"], value["exact"]) == (0.7, "words", 1)
