"""Moments as an index stores them."""

from datetime import UTC, datetime


def seconds_of(moment: datetime) -> float:
    """Seconds since 1970 (UTC); a moment without a zone is one of UTC, wherever the process runs."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
