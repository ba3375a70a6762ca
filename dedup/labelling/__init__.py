"""Labelling: prompt residue and boilerplate, findings of a single span."""

from dedup.labelling.boilerplate import (
    Repetition,
    common_beginning,
    common_ending,
    frames,
    least_documents,
    repeated_lines,
    templated_lines,
)
from dedup.labelling.residue import LineResidue, find_residue, residue_of_line, trigger_keywords

__all__ = [
    "LineResidue",
    "Repetition",
    "common_beginning",
    "common_ending",
    "find_residue",
    "frames",
    "least_documents",
    "repeated_lines",
    "residue_of_line",
    "templated_lines",
    "trigger_keywords",
]
