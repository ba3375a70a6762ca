"""Boilerplate within a document: lines, and beginnings or endings of lines, that repeat."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from dedup.kernels import I64, U64, Bool
from dedup.kernels.distinct import distinct


class Repetition(NamedTuple):
    """Segments that share a text: the whole line, its beginning or its ending. `members` int64, in reading order."""

    members: I64
    part: Literal["line", "beginning", "ending"]


def repeated_lines(documents: I64, digests: U64, lengths: I64, least: int) -> Iterator[Repetition]:
    """Lines that stand `least` times or more in one document.

    `documents`, `digests` and `lengths` (tokens) have one entry a segment, in reading order.
    """
    eligible = np.flatnonzero(lengths > 0)
    for members in _groups(documents[eligible], digests[eligible], least):
        yield Repetition(eligible[members], "line")


def templated_lines(
    documents: I64, digests: U64, edges: U64, eligible: Bool, least: int, part: Literal["beginning", "ending"]
) -> Iterator[Repetition]:
    """Lines of one document with the same first or last shingle (`edges`) and a varying part, `least` or more.

    `eligible` says which segments have a shingle and are not spoken for.
    """
    places = np.flatnonzero(eligible)
    for members in _groups(documents[places], edges[places], least):
        segments = places[members]
        if distinct(digests[segments]).size > 1:
            yield Repetition(segments, part)


def common_ending(texts: Sequence[str]) -> str:
    """The longest common suffix, without white space around it."""
    return common_beginning([text[::-1] for text in texts])[::-1]


def common_beginning(texts: Sequence[str]) -> str:
    """The longest common prefix, without white space around it."""
    # Of strings in order, what the first and the last share, all share.
    least, greatest = min(texts), max(texts)
    pairs = zip(least, greatest, strict=False)
    length = next((place for place, (one, two) in enumerate(pairs) if one != two), min(len(least), len(greatest)))
    return least[:length].strip()


def _groups(documents: I64, keys: U64, least: int) -> Iterator[I64]:
    """Places with the same document and key, `least` or more, ascending; in order of document and first place."""
    order = np.lexsort((keys, documents))
    same = (documents[order][1:] == documents[order][:-1]) & (keys[order][1:] == keys[order][:-1])
    bounds = np.flatnonzero(np.concatenate([[True], ~same, [True]])) if order.size else np.zeros(0, np.int64)
    large = np.flatnonzero(np.diff(bounds) >= least)
    groups = [order[bounds[each] : bounds[each + 1]] for each in large.tolist()]
    yield from sorted(groups, key=lambda group: int(group[0]))
