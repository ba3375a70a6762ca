"""The domain's types: frozen, slotted, and named as they are printed."""

import dataclasses

import pytest

import dedup.model
from dedup.model import Level, Relation, Span

DATACLASSES = [each for name in dedup.model.__all__ if dataclasses.is_dataclass(each := getattr(dedup.model, name))]


@pytest.mark.parametrize("kind", DATACLASSES, ids=lambda kind: kind.__name__)
def test_each_dataclass_is_frozen_and_slotted(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__dict__" not in dir(kind)
    assert set(kind.__slots__) == {field.name for field in dataclasses.fields(kind)}  # type: ignore[attr-defined]


def test_spans_are_values() -> None:
    span = Span("a.txt", 0, 5, 1, 1)
    assert span == Span("a.txt", 0, 5, 1, 1)
    assert len({span, Span("a.txt", 0, 5, 1, 1), Span("a.txt", 0, 6, 1, 1)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        span.start = 1  # type: ignore[misc]


def test_relations_are_named_and_ordered_as_they_are_tried() -> None:
    assert [str(each) for each in Relation] == ["exact", "near", "contains", "rewrite", "boilerplate", "residue"]


@pytest.mark.parametrize(
    ("level", "documents", "paragraphs"),
    [(Level.DOCUMENT, True, False), (Level.PARAGRAPH, False, True), (Level.BOTH, True, True)],
)
def test_a_level_says_what_is_compared(level: Level, documents: bool, paragraphs: bool) -> None:
    assert (level.documents, level.paragraphs) == (documents, paragraphs)
