"""The domain's types: frozen dataclasses at the edges, columns of arrays inside.

Those that few runs need are loaded when they are first used: to make a dataclass takes up to a millisecond.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from dedup.model.columns import IdColumn, RecordBatch, TextColumn, id_token
from dedup.model.decision import Cluster, Decision, Quarantined
from dedup.model.document import Document, DocumentId, Span
from dedup.model.match import Evidence, Match, Passage, ResidueSpan
from dedup.model.match_columns import RELATIONS, LazyMatches, MatchColumns, SpanColumns
from dedup.model.relation import Level, Relation
from dedup.model.report import Counts, LazySequence, Report

if TYPE_CHECKING:
    from dedup.model.calibration import Band, Calibration, Edit, PlantedEdit, ThresholdPoint
    from dedup.model.cleaned import Cleaned, Cut
    from dedup.model.evaluation import Evaluation, Kind, Measure

__all__ = [
    "RELATIONS",
    "Band",
    "Calibration",
    "Cleaned",
    "Cluster",
    "Counts",
    "Cut",
    "Decision",
    "Document",
    "DocumentId",
    "Edit",
    "Evaluation",
    "Evidence",
    "IdColumn",
    "Kind",
    "LazyMatches",
    "LazySequence",
    "Level",
    "Match",
    "MatchColumns",
    "Measure",
    "Passage",
    "PlantedEdit",
    "Quarantined",
    "RecordBatch",
    "Relation",
    "Report",
    "ResidueSpan",
    "Span",
    "SpanColumns",
    "TextColumn",
    "ThresholdPoint",
    "id_token",
]

_HOMES = {
    "dedup.model.calibration": ("Band", "Calibration", "Edit", "PlantedEdit", "ThresholdPoint"),
    "dedup.model.cleaned": ("Cleaned", "Cut"),
    "dedup.model.evaluation": ("Evaluation", "Kind", "Measure"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
