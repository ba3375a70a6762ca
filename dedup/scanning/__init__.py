"""Scanning: the stages composed, over a corpus, one text or two."""

from dedup.model import Cleaned, Cut
from dedup.scanning.batch import Sources, pairs, scan
from dedup.scanning.cleaning import clean
from dedup.scanning.progress import Progress
from dedup.scanning.single import align, sketch

__all__ = ["Cleaned", "Cut", "Progress", "Sources", "align", "clean", "pairs", "scan", "sketch"]
