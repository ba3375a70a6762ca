"""The index on disk: documents admitted one at a time or in batches, with the decisions of a batch scan.

Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.index.checking import IndexInfo
    from dedup.index.decisions import DecisionColumns, Explanation
    from dedup.index.embedded import Index

__all__ = ["DecisionColumns", "Explanation", "Index", "IndexInfo"]

_HOMES = {
    "dedup.index.checking": ("IndexInfo",),
    "dedup.index.decisions": ("DecisionColumns", "Explanation"),
    "dedup.index.embedded": ("Index",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
