"""Several measurements of one thing, as median and range, and where they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of one value or more."""
        return cls(median(values), min(values), max(values))

    def shown(self, digits: int = 1) -> str:
        """`12.3 (11.9–13.0)`, or the median alone where all are the same."""
        if self.least == self.most:
            return f"{self.median:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f}–{self.most:,.{digits}f})"


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """The quotients round by round: what slows a whole round touches both."""
    return Spread.of([one / other for one, other in zip(numerators, denominators, strict=True)])


def wide_console() -> Console:
    """A console that leaves room for the tables where it is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)
