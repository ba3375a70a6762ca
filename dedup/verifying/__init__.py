"""Verifying: exact resemblance, containment and TF-IDF cosine of candidate pairs, and the relation they establish."""

from dedup.verifying.background import Background, fit_background
from dedup.verifying.scores import Scores, no_scores, score_pairs, score_with_last
from dedup.verifying.verdict import CODES, LEAST_CONTAINED_TOKENS, Verdict, verdict_on, verdicts

__all__ = [
    "CODES",
    "LEAST_CONTAINED_TOKENS",
    "Background",
    "Scores",
    "Verdict",
    "fit_background",
    "no_scores",
    "score_pairs",
    "score_with_last",
    "verdict_on",
    "verdicts",
]
