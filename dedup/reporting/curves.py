"""The curve of a calibration as an SVG picture, written by hand: nothing has to be installed to draw it."""

from collections.abc import Sequence
from html import escape

from dedup.model import Calibration, Measure

_LEFT, _TOP, _WIDTH, _HEIGHT = 64, 48, 560, 320
_SERIES = (("precision", "#1f6f8b"), ("recall", "#c2571a"), ("planted", "#4d8c2b"))
_NAMES = {
    "precision": "precision, by labels",
    "recall": "recall among near pairs, by labels",
    "planted": "planted copies found",
}


def draw_calibration(calibration: Calibration) -> str:
    """The picture: a line a measure against the threshold, its interval as a band, the threshold chosen marked."""
    thresholds = [point.threshold for point in calibration.points]
    low = thresholds[0]
    columns: dict[str, list[Measure]] = {
        "precision": [point.precision for point in calibration.points],
        "recall": [point.recall for point in calibration.points],
        "planted": [point.planted for point in calibration.points],
    }
    title = "Precision and recall against the threshold of resemblance"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 24} {_TOP + _HEIGHT + 120}" '
        'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="28" font-size="16">{escape(title)}</text>',
        *_axes(thresholds),
    ]
    if calibration.chosen is not None:
        x = _x(calibration.chosen, low)
        parts.append(
            f'<line x1="{x}" y1="{_TOP}" x2="{x}" y2="{_TOP + _HEIGHT}" stroke="#888" stroke-dasharray="4 3"/>'
        )
        parts.append(f'<text x="{x + 5}" y="{_TOP + 14}" fill="#555">chosen: {calibration.chosen:.2f}</text>')
    for name, colour in _SERIES:
        parts += _line(thresholds, columns[name], colour)
    for place, (name, colour) in enumerate(_SERIES):
        y = _TOP + _HEIGHT + 60 + 20 * place
        empty = all(measure.value is None for measure in columns[name])
        said = _NAMES[name] + (": nothing to tell it from" if empty else "")
        parts.append(
            f'<line x1="{_LEFT}" y1="{y - 4}" x2="{_LEFT + 24}" y2="{y - 4}" stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(f'<text x="{_LEFT + 32}" y="{y}">{escape(said)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _axes(thresholds: Sequence[float]) -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        parts.append(f'<line x1="{_LEFT}" y1="{y}" x2="{_LEFT + _WIDTH}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth / 10:g}</text>')
    for threshold in thresholds[:: 2 if len(thresholds) > 8 else 1]:
        x = _x(threshold, thresholds[0])
        parts.append(f'<text x="{x}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle">{threshold:.2f}</text>')
    middle = _LEFT + _WIDTH / 2
    parts.append(f'<text x="{middle:g}" y="{_TOP + _HEIGHT + 38}" text-anchor="middle">threshold</text>')
    return parts


def _line(thresholds: Sequence[float], measures: Sequence[Measure], colour: str) -> list[str]:
    known = [
        (_x(threshold, thresholds[0]), measure.value, measure.interval)
        for threshold, measure in zip(thresholds, measures, strict=True)
        if measure.value is not None
    ]
    if not known:
        return []
    upper = [(x, interval[1]) for x, _, interval in known if interval is not None]
    lower = [(x, interval[0]) for x, _, interval in reversed(known) if interval is not None]
    band = " ".join(f"{x},{_y(share)}" for x, share in upper + lower)
    line = " ".join(f"{x},{_y(share)}" for x, share, _ in known)
    dots = [f'<circle cx="{x}" cy="{_y(share)}" r="3" fill="{colour}"/>' for x, share, _ in known]
    return [
        f'<polygon points="{band}" fill="{colour}" fill-opacity="0.15"/>',
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
    ]


def _x(threshold: float, low: float) -> float:
    return round(_LEFT + _WIDTH * (threshold - low) / (1 - low), 1)


def _y(share: float) -> float:
    return round(_TOP + _HEIGHT * (1 - share), 1)
