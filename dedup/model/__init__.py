"""The domain's types: frozen dataclasses at the edges, columns of arrays inside."""

from dedup.model.calibration import Band, Calibration, Edit, PlantedEdit, ThresholdPoint
from dedup.model.cleaned import Cleaned, Cut
from dedup.model.columns import IdColumn, RecordBatch, TextColumn, id_token
from dedup.model.decision import Cluster, Decision, Quarantined
from dedup.model.document import Document, DocumentId, Span
from dedup.model.evaluation import Evaluation, Kind, Measure
from dedup.model.match import Evidence, Match, Passage, ResidueSpan
from dedup.model.match_columns import RELATIONS, LazyMatches, MatchColumns, SpanColumns
from dedup.model.relation import Level, Relation
from dedup.model.report import Counts, LazySequence, Report

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
