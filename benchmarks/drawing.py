"""The plots. matplotlib is optional; where it is missing this is said, and nothing is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.spread import Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axes(count: int, width: float, height: float, console: Console) -> "list[Axes] | None":
    """Some axes beside each other, or None where matplotlib is missing."""
    try:
        import matplotlib as mpl
    except ImportError:
        console.print(
            "matplotlib is missing, nothing is drawn: pip install -e '.[bench]'", style="yellow", markup=False
        )
        return None
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "dedup"  # else the file differs every time
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, count, figsize=(width, height), squeeze=False, layout="constrained")
    return list(axes[0])


def _save(axes: "Axes", path: Path, console: Console) -> None:
    figure = axes.figure
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, dpi=150, metadata=metadata)
    console.print(f"drawn: {path}")


def draw_headline(bars: Sequence[tuple[str, Spread]], title: str, path: Path, console: Console) -> None:
    """Bars of MB/s, with the range of the runs as whiskers."""
    drawn = _axes(1, 8.0, 1.0 + 0.45 * len(bars), console)
    if drawn is None:
        return
    axes = drawn[0]
    names = [name for name, _ in bars]
    medians = [spread.median for _, spread in bars]
    errors = [
        [spread.median - spread.least for _, spread in bars],
        [spread.most - spread.median for _, spread in bars],
    ]
    colours = ["#1f6f8b" if name.startswith("dedup") else "#b0b7bd" for name in names]
    places = axes.barh(names, medians, xerr=errors, color=colours, error_kw={"lw": 1})
    axes.bar_label(places, labels=[f" {value:,.1f}" for value in medians])
    axes.set_xlim(0, max(spread.most for _, spread in bars) * 1.15)  # from 0, else bars mislead
    axes.invert_yaxis()
    axes.set_xlabel("MB of text a second, file to pairs, whole process")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    _save(axes, path, console)


def draw_growth(
    lines: Sequence[tuple[str, Sequence[int], tuple[Sequence[float], Sequence[float]]]], path: Path, console: Console
) -> None:
    """Seconds and peak MB against documents, both axes logarithmic, with a straight line for proportion."""
    drawn = _axes(2, 10.0, 4.5, console)
    if drawn is None:
        return
    for name, sizes, (seconds, peaks) in lines:
        drawn[0].loglog(sizes, seconds, marker="o", label=name)
        drawn[1].loglog(sizes, peaks, marker="o", label=name)
    for column, (axes, label) in enumerate(zip(drawn, ("wall seconds", "peak MB"), strict=True)):
        # Through the largest point of all, so that it lies above what grows no faster.
        sizes, last = lines[0][1], max(values[column][-1] for _, _, values in lines)
        axes.loglog(sizes, [last * size / sizes[-1] for size in sizes], "--", color="grey", lw=1, label="proportional")
        axes.set_xlabel("documents")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    drawn[0].legend(fontsize="small")
    _save(drawn[0], path, console)
