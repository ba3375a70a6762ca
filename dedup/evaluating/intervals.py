"""Intervals of 95 %: by resampling independent groups, and of a single share."""

import math
from collections.abc import Callable

import numpy as np

from dedup.kernels import F64

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054
_CELLS_AT_ONCE = 1 << 22


def wilson(part: float, whole: float) -> tuple[float, float]:
    """The interval of a share (Wilson 1927); (0, 1) where nothing was counted."""
    if whole <= 0:
        return 0.0, 1.0
    share, spread = part / whole, NORMAL_QUANTILE**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    radius = NORMAL_QUANTILE * math.sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    # Rounding must not leave out the share itself where all or none was counted.
    return max(0.0, min(middle - radius, share)), min(1.0, max(middle + radius, share))


def bootstrap(sums: F64, measures: Callable[[F64], F64], resamples: int, seed: int) -> list[tuple[float, float] | None]:
    """The percentile interval of each measure, from as many resamples of whole groups (Efron 1979).

    `sums`, shape (groups, columns): what each group adds to each sum. `measures` takes sums of resamples, shape
    (resamples, columns), and gives measures, shape (measures, resamples), NaN where one is not defined. None is given
    for a measure that is the same in every resample, or defined in none: the groups do not tell how sure it is.
    Of groups that depend on each other, as pairs of the same document do, make one.
    """
    groups = sums.shape[0]
    number = measures(sums.sum(axis=0, keepdims=True)).shape[0]
    if groups < 2 or resamples < 1:
        return [None] * number
    # Most groups are alike: to draw how often each kind comes is the same, and takes no more than there are kinds.
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    shares = counts / groups
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = np.empty((number, resamples))
    step = max(1, _CELLS_AT_ONCE // kinds.shape[0])
    for first in range(0, resamples, step):
        size = min(step, resamples - first)
        weights = generator.multinomial(groups, shares, size=size)
        drawn[:, first : first + size] = measures(weights.astype(np.float64) @ kinds)
    return [_percentiles(row) for row in drawn]


def _percentiles(drawn: F64) -> tuple[float, float] | None:
    defined = drawn[~np.isnan(drawn)]
    if defined.size == 0 or np.ptp(defined) < 1e-12:
        return None
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def divided(parts: F64, wholes: F64) -> F64:
    """Quotients, NaN where the divisor is 0."""
    quotients: F64 = np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=wholes != 0)
    return quotients


def harmonic(one: F64, other: F64) -> F64:
    """The harmonic mean, 0 where both are 0."""
    total = one + other
    return np.where(total == 0, 0.0, divided(2 * one * other, total))
