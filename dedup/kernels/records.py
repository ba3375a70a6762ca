"""Records of JSON lines as kernels read them: two members of an object a line, of lines in which nothing is unusual."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_NESTED = 60
"""Objects and arrays around a value of a usual line, that of the line included."""

MOST_DIGITS = 18
"""Digits of a usual integer that is an id: fewer than make a fraction of it, whatever reads it."""

MOST_INTEGER_DIGITS = 200
"""Digits before the point of a usual number; with an exponent of two digits at the most it is no infinity."""

NO_KIND, STRINGS, INTEGERS = 0, 1, 2
"""What the ids are: not known yet, strings, or integers."""


class LineMembers(NamedTuple):
    """The texts and ids of n lines.

    `texts` (uint8, valid UTF-8) and `tokens` (uint8, ASCII: JSON tokens, in the one form that each id has) stand one
    after the other, from `text_offsets[i]` to `text_offsets[i + 1]` and likewise (int64, (n + 1,)). `kind`: one of
    `NO_KIND`, `STRINGS`, `INTEGERS`, what the ids are.
    """

    texts: NDArray[np.uint8]
    text_offsets: NDArray[np.int64]
    tokens: NDArray[np.uint8]
    token_offsets: NDArray[np.int64]
    kind: int

    def __len__(self) -> int:
        return int(self.text_offsets.size - 1)
