"""Scanning: the stages composed, over a corpus, one text or two. Names are loaded when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.model import Cleaned, Cut
    from dedup.scanning.batch import Sources, pairs, scan
    from dedup.scanning.cleaning import clean
    from dedup.scanning.progress import Progress
    from dedup.scanning.single import align, sketch

__all__ = ["Cleaned", "Cut", "Progress", "Sources", "align", "clean", "pairs", "scan", "sketch"]

_HOMES = {
    "dedup.model": ("Cleaned", "Cut"),
    "dedup.scanning.batch": ("Sources", "pairs", "scan"),
    "dedup.scanning.cleaning": ("clean",),
    "dedup.scanning.progress": ("Progress",),
    "dedup.scanning.single": ("align", "sketch"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
