"""Finding and confirming rewrites in NumPy and Python. Contracts are in `dedup.kernels.rewriting.RewriteKernels`."""

from dedup.kernels.reference_anchors import choose_anchors, nearest, rescore
from dedup.kernels.reference_document_terms import document_terms
from dedup.kernels.reference_gathering import find_lists, take_anchors
from dedup.kernels.reference_posted import nearest_posted
from dedup.kernels.reference_posted_rescoring import rescore_posted
from dedup.kernels.reference_term_evidence import classify_terms, number_terms, weigh_evidence

__all__ = [
    "choose_anchors",
    "classify_terms",
    "document_terms",
    "find_lists",
    "name",
    "nearest",
    "nearest_posted",
    "number_terms",
    "rescore",
    "rescore_posted",
    "take_anchors",
    "weigh_evidence",
]

name = "numpy"
