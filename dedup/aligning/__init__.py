"""Aligning: the passages that two texts share, by likelihood ratio, and by chains of matching paragraphs."""

from dedup.aligning.anchors import find_anchors
from dedup.aligning.chain import MatchedSegments, Runs, SegmentColumns, chain
from dedup.aligning.passages import Passages, align_texts

__all__ = ["MatchedSegments", "Passages", "Runs", "SegmentColumns", "align_texts", "chain", "find_anchors"]
