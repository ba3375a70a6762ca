"""Figures of a run as JSON, for those who draw them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def write_figures(path: Path, points: "Sequence[DataclassInstance]", comparison: "DataclassInstance | None") -> None:
    """Write what was measured at each size, and the comparison with another tool, if there was one."""
    figures = {
        "points": [asdict(point) for point in points],
        "comparison": None if comparison is None else asdict(comparison),
    }
    path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
