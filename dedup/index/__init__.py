"""The index, on disk or on a server: documents admitted one by one or in batches, decided on as by a batch scan.

Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.index.checking import IndexInfo
    from dedup.index.concurrent import AsyncIndex
    from dedup.index.decisions import DecisionColumns, Explanation
    from dedup.index.exchange import (
        Candidate,
        Imported,
        admit_lsh,
        admit_minhashes,
        candidates,
        export_lsh,
        export_minhashes,
    )
    from dedup.index.front import Index
    from dedup.index.shared import SharedIndex

__all__ = [
    "AsyncIndex",
    "Candidate",
    "DecisionColumns",
    "Explanation",
    "Imported",
    "Index",
    "IndexInfo",
    "SharedIndex",
    "admit_lsh",
    "admit_minhashes",
    "candidates",
    "export_lsh",
    "export_minhashes",
]

_HOMES = {
    "dedup.index.checking": ("IndexInfo",),
    "dedup.index.concurrent": ("AsyncIndex",),
    "dedup.index.decisions": ("DecisionColumns", "Explanation"),
    "dedup.index.front": ("Index",),
    "dedup.index.exchange": (
        "Candidate",
        "Imported",
        "admit_lsh",
        "admit_minhashes",
        "candidates",
        "export_lsh",
        "export_minhashes",
    ),
    "dedup.index.shared": ("SharedIndex",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
