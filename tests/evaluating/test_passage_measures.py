import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup.evaluating import DocumentNumbers, Passages, evaluate_passages
from tests.evaluating import oracle
from tests.evaluating.oracle import Annotation
from tests.evaluating.test_pair_measures import by_name


def span(documents: tuple[str, ...]) -> st.SearchStrategy[tuple[str, int, int]]:
    return st.tuples(st.sampled_from(documents), st.integers(0, 12), st.integers(1, 8)).map(
        lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
    )


annotation = st.tuples(span(("s1", "s2")), span(("t1", "t2"))).map(lambda sides: sides[0] + sides[1])
annotations = st.lists(annotation, max_size=6, unique=True)


def passages(listed: list[Annotation], numbers: DocumentNumbers, *, turned: bool = False) -> Passages:
    rows = [each[3:] + each[:3] if turned else each for each in listed]
    columns = np.array(
        [[numbers.number(row[0]), row[1], row[2], numbers.number(row[3]), row[4], row[5]] for row in rows],
        dtype=np.int64,
    ).reshape(-1, 6)
    left, left_starts, left_ends, right, right_starts, right_ends = columns.T
    scores = np.full(len(rows), np.nan)
    return Passages(left, left_starts, left_ends, right, right_starts, right_ends, scores)


@given(annotations, annotations, st.booleans())
@settings(max_examples=120)
def test_every_measure_is_that_of_sets_of_characters(
    cases: list[Annotation], detections: list[Annotation], turned: bool
) -> None:
    numbers = DocumentNumbers()
    for document in ("s1", "s2", "t1", "t2"):
        numbers.number(document)
    found = passages(detections, numbers, turned=turned)
    measures = by_name(evaluate_passages(passages(cases, numbers), found, resamples=0))
    precision, recall = oracle.macro_recall(detections, cases), oracle.macro_recall(cases, detections)
    granular = oracle.granularity(cases, detections)
    micro_precision, micro_recall = oracle.micro(cases, detections)
    expected = {
        "plagdet": oracle.plagdet(precision, recall, granular),
        "precision": precision,
        "recall": recall,
        "F1": oracle.plagdet(precision, recall, 1.0),
        "granularity": granular,
        "micro plagdet": oracle.plagdet(micro_precision, micro_recall, granular),
        "micro precision": micro_precision,
        "micro recall": micro_recall,
    }
    assert {name: measure.value for name, measure in measures.items()} == pytest.approx(expected)


A1: Annotation = ("t1", 0, 100, "s1", 0, 100)
A3: Annotation = ("t1", 100, 200, "s1", 100, 200)
A4: Annotation = ("t1", 0, 200, "s1", 0, 200)
A7: Annotation = ("t2", 0, 100, "s2", 0, 100)
A9: Annotation = ("t2", 50, 150, "s2", 50, 150)
A10: Annotation = ("t2", 25, 100, "s2", 25, 100)


@pytest.mark.parametrize(
    ("cases", "detections", "measure", "expected"),
    [
        ([A1, A7], [A1], "recall", 0.5),
        ([A1], [A7], "recall", 0.0),
        ([A7], [A9], "recall", 0.5),
        ([A7], [A9, A10], "recall", 0.75),
        ([A1], [A4], "precision", 0.5),
        ([A7], [A10], "precision", 1.0),
        ([A7], [A9, A10], "precision", 0.75),
        ([A1], [A3, A4], "precision", 0.25),
        ([A1, A3], [A1, A4], "granularity", 1.5),
        ([A1], [A1, A1], "granularity", 1.0),
        ([A1], [A1, A4], "plagdet", 2 * 0.75 / 1.75 / 1.584962500721156),
    ],
)
def test_known_answers_of_the_published_measures(
    cases: list[Annotation], detections: list[Annotation], measure: str, expected: float
) -> None:
    numbers = DocumentNumbers()
    evaluation = evaluate_passages(passages(cases, numbers), passages(detections, numbers), resamples=0)
    assert by_name(evaluation)[measure].value == pytest.approx(expected)


def test_within_one_document_either_span_may_be_left() -> None:
    numbers = DocumentNumbers()
    one: Annotation = ("a", 0, 10, "a", 20, 30)
    evaluation = evaluate_passages(passages([one], numbers), passages([one], numbers, turned=True), resamples=0)
    assert by_name(evaluation)["plagdet"].value == 1.0


def test_intervals_resample_pairs_of_documents() -> None:
    numbers = DocumentNumbers()
    cases: list[Annotation] = [(f"t{each}", 0, 10, f"s{each}", 0, 10) for each in range(60)]
    found = [each if place % 3 else (each[0], 0, 5, each[3], 0, 5) for place, each in enumerate(cases[:50])]
    evaluation = evaluate_passages(passages(cases, numbers), passages(found, numbers))
    assert evaluation.units == 60
    for name in ("plagdet", "recall"):
        value, interval = by_name(evaluation)[name].value, by_name(evaluation)[name].interval
        assert value is not None
        assert interval is not None
        assert interval[0] < value < interval[1]
    assert by_name(evaluation)["micro recall"].interval is None
    again = evaluate_passages(passages(cases, numbers), passages(found, numbers))
    assert again == evaluation
    assert evaluate_passages(passages(cases, numbers), passages(found, numbers), seed=2) != evaluation
