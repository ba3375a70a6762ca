"""Filtering a stream of records by an index: records in, records out, each decided on and written exactly once."""

from dedup.filtering.options import FORMATS, FilterOptions, FilterResult, Mode, Tally
from dedup.filtering.run import filter_records

__all__ = ["FORMATS", "FilterOptions", "FilterResult", "Mode", "Tally", "filter_records"]
