"""Aligning: from matching paragraphs to maximal passages."""

from dedup.aligning.chain import MatchedSegments, Runs, SegmentColumns, chain

__all__ = ["MatchedSegments", "Runs", "SegmentColumns", "chain"]
