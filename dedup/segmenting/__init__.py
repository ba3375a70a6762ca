"""Segmenting: paragraphs with their place in the original text.

A page's paragraphs are its lines; in text wrapped at a fixed width they are its blocks of lines. The rule is told in
`dedup.kernels.reference_segments`.
"""

from typing import NamedTuple

import numpy as np

from dedup.kernels import I64, Kernels
from dedup.model import TextColumn

__all__ = ["Segments", "segment"]


class Segments(NamedTuple):
    """The segments of some texts.

    `starts` and `ends` are bytes in the buffer (int64, half-open), `texts` the index of the text each belongs to. Every
    token of a text lies in one of its segments.
    """

    starts: I64
    ends: I64
    texts: I64


def segment(texts: TextColumn, kernels: Kernels) -> Segments:
    """Split texts into segments."""
    ranges = kernels.segment(texts.data, texts.offsets)
    return Segments(ranges.starts, ranges.ends, np.repeat(np.arange(len(texts)), np.diff(ranges.offsets)))
