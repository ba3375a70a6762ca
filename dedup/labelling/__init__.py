"""Labelling: prompt residue and boilerplate, findings of a single span.

`dedup.labelling.residue` is imported by who needs it: its grammar takes time to read.
"""

from dedup.labelling.boilerplate import (
    Repetition,
    common_beginning,
    common_ending,
    repeated_lines,
    templated_lines,
)
from dedup.labelling.frames import (
    LEAST_LONG_ON_SITE,
    BoilerplateSet,
    in_many_documents,
    least_documents,
    least_on_sites,
    on_site,
)

__all__ = [
    "LEAST_LONG_ON_SITE",
    "BoilerplateSet",
    "Repetition",
    "common_beginning",
    "common_ending",
    "in_many_documents",
    "least_documents",
    "least_on_sites",
    "on_site",
    "repeated_lines",
    "templated_lines",
]
