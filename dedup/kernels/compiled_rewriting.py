"""Finding and confirming rewrites, compiled. Contracts are in `dedup.kernels.rewriting.RewriteKernels`."""

from dedup.kernels.compiled_anchors import choose_anchors
from dedup.kernels.compiled_document_terms import document_terms
from dedup.kernels.compiled_gathering import find_lists, take_anchors
from dedup.kernels.compiled_nearest import nearest
from dedup.kernels.compiled_posted import nearest_posted
from dedup.kernels.compiled_posted_rescoring import rescore_posted
from dedup.kernels.compiled_rescoring import rescore
from dedup.kernels.compiled_term_evidence import weigh_evidence
from dedup.kernels.compiled_term_types import classify_terms, number_terms

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

name = "compiled"
