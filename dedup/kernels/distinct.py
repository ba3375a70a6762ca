"""Sets as ascending arrays, without what NumPy's own functions load and do besides."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def distinct(values: NDArray[Scalar]) -> NDArray[Scalar]:
    """The distinct values, ascending: several times as fast as `np.unique`, whose first call loads masked arrays."""
    ordered = np.sort(values)
    if ordered.size < 2:
        return ordered
    first = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return np.compress(first, ordered)


def is_among(values: NDArray[Scalar], ascending: NDArray[Scalar]) -> NDArray[np.bool_]:
    """Whether each value is in a set given in ascending order."""
    if not ascending.size:
        return np.zeros(values.shape, dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), ascending.size - 1)
    among: NDArray[np.bool_] = ascending[places] == values
    return among
