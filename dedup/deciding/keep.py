"""Keep policies: a sort before everything else, so that the document preferred comes first."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np

from dedup.errors import ConfigError
from dedup.kernels import I64


def keep_order(policy: str, lengths: I64, dates: Sequence[str | float | None], sources: Sequence[str]) -> I64:
    """The order in which documents are taken, as positions in the input (int64), by a policy of `Config.keep`.

    `lengths` are numbers of tokens. Documents that a policy does not tell apart stay in input order. For `newest`
    every document has a date, or None (or NaN), which counts as the oldest; dates are all numbers or all strings. For
    `source` the first pattern that a source matches counts, and those that match none come last.
    """
    positions = np.arange(lengths.size)
    if policy == "last":
        return positions[::-1].copy()
    if policy == "longest":
        return np.argsort(-lengths, kind="stable")
    if policy == "newest":
        return _newest(lengths.size, dates)
    if policy.startswith("source:"):
        patterns = [pattern.strip() for pattern in policy.removeprefix("source:").split(",") if pattern.strip()]
        place = {source: _place(source, patterns) for source in set(sources)}
        return np.argsort(np.array([place[source] for source in sources], dtype=np.int64), kind="stable")
    return positions


def _newest(count: int, dates: Sequence[str | float | None]) -> I64:
    if len(dates) != count:
        raise ConfigError("keep policy 'newest' needs dates: name their column with --date-column")
    # A date that is not equal to itself is NaN, which no sort can place.
    dates = [None if date != date else date for date in dates]
    known = [date for date in dates if date is not None]
    if any(isinstance(date, str) for date in known) and not all(isinstance(date, str) for date in known):
        raise ConfigError("keep policy 'newest' cannot compare dates that are strings with dates that are numbers")
    ordered = {date: place for place, date in enumerate(sorted(set(known), reverse=True))}
    places = [len(ordered) if date is None else ordered[date] for date in dates]
    return np.argsort(np.array(places, dtype=np.int64), kind="stable")


def _place(source: str, patterns: Sequence[str]) -> int:
    matching = (place for place, pattern in enumerate(patterns) if fnmatchcase(source, pattern))
    return next(matching, len(patterns))
