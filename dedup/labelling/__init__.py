"""Labelling: prompt residue and boilerplate, findings of a single span.

`dedup.labelling.residue` is imported by who needs it: its grammar takes time to read.
"""

from dedup.labelling.boilerplate import (
    Repetition,
    common_beginning,
    common_ending,
    frames,
    least_documents,
    repeated_lines,
    templated_lines,
)

__all__ = [
    "Repetition",
    "common_beginning",
    "common_ending",
    "frames",
    "least_documents",
    "repeated_lines",
    "templated_lines",
]
