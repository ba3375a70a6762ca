"""Findings: verified pairs, aligned passages, and spans of residue or boilerplate."""

from dataclasses import dataclass, field

from dedup.model.document import Span
from dedup.model.relation import Relation


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a match is believed, beside its scores. Fields that say nothing are left out of the output.

    `seam`: line numbers of residue between a block and its copy. `copies`: members of an exact class of which
    only pairs of the representative are given. `pattern`, `occurrences`, `documents`, `lines`: of
    boilerplate, what is repeated, how often, in how many documents, and on which lines (at most the first 1,000) of
    the document shown. `rule`, `kind`, `weight`: of residue, the rule that matched, its kind and summed weight.
    `repeats`: the span whose words a line of residue quotes, such as the title after "rewrite this title".
    `anchors`: of a rewrite, the rare words that both sides have. `log_likelihood`: of a reworded passage, by how many
    nats the words of each side are better explained by the other side than by the rest of its own text.
    """

    seam: tuple[int, ...] = ()
    copies: int | None = None
    pattern: str | None = None
    occurrences: int | None = None
    documents: int | None = None
    lines: tuple[int, ...] = ()
    rule: str | None = None
    kind: str | None = None
    weight: float | None = None
    repeats: Span | None = None
    anchors: tuple[str, ...] = ()
    log_likelihood: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A verified finding.

    `left` is the earlier span (the representative), `right` the later one; `right` is None for `boilerplate` and
    `residue`. `resemblance` is the Jaccard similarity of the shingle sets, `containment` the share of the left's
    shingles found in the right and of the right's found in the left, `cosine` that of the TF-IDF vectors,
    `score` the probability that the relation holds (1 for what is verified exactly). Scores that do not apply are
    None.
    """

    relation: Relation
    left: Span
    right: Span | None
    resemblance: float | None = None
    containment: tuple[float, float] | None = None
    cosine: float | None = None
    score: float | None = None
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one text aligned with a span of another (or of the same one). Scores are those of `Match`.

    Of a `rewrite` the `score` is the fitted probability that it is one. `log_likelihood`: by how many nats the tokens
    of the left span are better explained by the right one than by the rest of their own text, and the other way round.
    `anchors`: the rarest terms that both sides share, as they stand on the left. `summary`: one side is a summary of
    the other, which is a whole text.
    """

    relation: Relation
    left: Span
    right: Span
    resemblance: float
    containment: tuple[float, float]
    cosine: float
    score: float
    log_likelihood: tuple[float, float] = (0.0, 0.0)
    anchors: tuple[str, ...] = ()
    summary: bool = False


@dataclass(frozen=True, slots=True)
class ResidueSpan:
    """A line of prompt residue: the span flagged, what kind it is, by which rule, and how strongly.

    `weight` is the sum of the rules' weights (at least 3, or at least 2 among suspects). `quoted` is the part of
    the span after the instruction, where the instruction quotes material, such as the title in "rewrite this
    title Russia plans …".
    """

    span: Span
    kind: str
    rule: str
    weight: float
    quoted: Span | None = None
