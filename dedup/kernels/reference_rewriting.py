"""Finding and confirming rewrites in NumPy and Python. Contracts are in `dedup.kernels.rewriting.RewriteKernels`."""

from dedup.kernels.reference_anchors import choose_anchors, nearest, rescore
from dedup.kernels.reference_document_terms import document_terms
from dedup.kernels.reference_gathering import gather_lists, take_anchors
from dedup.kernels.reference_term_evidence import classify_terms, number_terms, weigh_evidence

__all__ = [
    "choose_anchors",
    "classify_terms",
    "document_terms",
    "gather_lists",
    "name",
    "nearest",
    "number_terms",
    "rescore",
    "take_anchors",
    "weigh_evidence",
]

name = "numpy"
