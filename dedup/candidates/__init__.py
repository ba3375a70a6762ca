"""Candidates: which pairs of units are worth verifying. A unit is a document or a paragraph, named by its rank.

Rank is input order, or that of the keep policy. Candidates of a unit are earlier units only, and a cap takes the
first in this order, so that a batch and a stream propose the same pairs.
"""

from dedup.candidates.containment import LEAST_SHARE, SharedShingles, containment_candidates, shared_shingles
from dedup.candidates.exact import exact_classes
from dedup.candidates.near import BandPairs, band_pairs, near_candidates
from dedup.candidates.pairs import Candidates, merge_candidates

__all__ = [
    "LEAST_SHARE",
    "BandPairs",
    "Candidates",
    "SharedShingles",
    "band_pairs",
    "containment_candidates",
    "exact_classes",
    "merge_candidates",
    "near_candidates",
    "shared_shingles",
]
