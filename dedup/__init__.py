"""Near-duplicate and rewrite detector for text.

`scan` finds everything repeated in a corpus; `align` compares two texts; `clean` and `find_residue` look at one;
`sketch` exchanges signatures with datasketch; `Index` keeps on disk, or on a server, what was seen, and `AsyncIndex`
serves coroutines. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.config import Config
    from dedup.errors import ConfigError, DedupError, InputError, LockedError, SketchError, StoreError
    from dedup.index.concurrent import AsyncIndex
    from dedup.index.front import Index
    from dedup.labelling.residue import find_residue
    from dedup.model import Cluster, Decision, Document, Match, Passage, Relation, Report, Span
    from dedup.scanning import align, clean, scan, sketch

__version__ = "0.1.0"

__all__ = [
    "AsyncIndex",
    "Cluster",
    "Config",
    "ConfigError",
    "Decision",
    "DedupError",
    "Document",
    "Index",
    "InputError",
    "LockedError",
    "Match",
    "Passage",
    "Relation",
    "Report",
    "SketchError",
    "Span",
    "StoreError",
    "align",
    "clean",
    "find_residue",
    "scan",
    "sketch",
]

_HOMES = {
    "dedup.config": ("Config",),
    "dedup.errors": ("ConfigError", "DedupError", "InputError", "LockedError", "SketchError", "StoreError"),
    "dedup.index.concurrent": ("AsyncIndex",),
    "dedup.index.front": ("Index",),
    "dedup.labelling.residue": ("find_residue",),
    "dedup.model": ("Cluster", "Decision", "Document", "Match", "Passage", "Relation", "Report", "Span"),
    "dedup.scanning": ("align", "clean", "scan", "sketch"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
