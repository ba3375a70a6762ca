import pytest

from dedup.model import Evidence, Match, Relation, Span
from dedup.reporting.phrases import (
    counted,
    evidence_notes,
    line_ranges,
    percent,
    scores,
    sentence,
    shown_id,
)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100%"), (0.9999, "99%"), (0.7, "70%"), (0.69999, "69%"), (0.29, "29%"), (0.0, "0%")],
)
def test_a_share_is_rounded_down_so_that_only_the_whole_is_a_hundred(share: float, said: str) -> None:
    assert percent(share) == said


def test_numbers_and_lines_read_well() -> None:
    assert counted(1, "document") == "1 document"
    assert counted(2345, "document") == "2,345 documents"
    assert line_ranges([3]) == "3"
    assert line_ranges([1, 2, 3, 5, 7, 8]) == "1–3, 5, 7–8"
    assert line_ranges([1, 3, 5, 7, 9, 11, 12, 13]) == "1, 3, 5, 7, 9 and 3 more"


def test_ids_are_visible() -> None:
    assert shown_id("") == "(empty id)"
    assert shown_id(0) == "0"
    assert shown_id("a\u202eb") == "a<U+202E>b"


HERE, THERE = Span("a.txt", 0, 90, 2, 9), Span("b.txt", 100, 190, 12, 19)
ONE_LINE = Span("b.txt", 100, 190, 12, 12)


@pytest.mark.parametrize(
    ("match", "said"),
    [
        (Match(Relation.EXACT, HERE, THERE), "lines 12–19 repeat lines 2–9 of a.txt"),
        (Match(Relation.EXACT, HERE, ONE_LINE), "line 12 repeats lines 2–9 of a.txt"),
        (Match(Relation.NEAR, HERE, THERE), "lines 12–19 nearly repeat lines 2–9 of a.txt"),
        (Match(Relation.REWRITE, HERE, ONE_LINE), "line 12 rewords lines 2–9 of a.txt"),
        (
            Match(Relation.CONTAINS, HERE, THERE, containment=(0.2, 0.95)),
            "lines 12–19 lie within lines 2–9 of a.txt",
        ),
        (
            Match(Relation.CONTAINS, HERE, THERE, containment=(0.95, 0.2)),
            "lines 12–19 hold lines 2–9 of a.txt",
        ),
        (Match(Relation.EXACT, Span("b.txt", 0, 9, 1, 1), ONE_LINE), "line 12 repeats line 1"),
        (
            Match(Relation.EXACT, Span("b.txt", 0, 40, 12, 12), Span("b.txt", 50, 90, 12, 12)),
            "line 12: characters 50–90 repeat characters 0–40",
        ),
        (
            Match(Relation.BOILERPLATE, ONE_LINE, None, evidence=Evidence(occurrences=25, lines=(1, 2, 4))),
            "25 times, on lines 1–2, 4",
        ),
        (
            Match(Relation.BOILERPLATE, ONE_LINE, None, evidence=Evidence(occurrences=3, documents=3)),
            "3 times, in 3 documents, on line 12",
        ),
        (Match(Relation.RESIDUE, ONE_LINE, None), "line 12: text of a prompt"),
        (
            Match(Relation.RESIDUE, ONE_LINE, None, evidence=Evidence(kind="prompt", rule="x\x1b", repeats=HERE)),
            "line 12: prompt (x␛), quotes lines 2–9",
        ),
    ],
)
def test_a_finding_is_a_sentence(match: Match, said: str) -> None:
    assert sentence(match, 60) == said


def test_a_long_id_is_cut_in_its_middle_to_fit() -> None:
    left = Span("https://example.org/" + "x" * 200 + "/last.html", 0, 9, 1, 1)
    said = sentence(Match(Relation.NEAR, left, THERE), 70)
    assert len(said) == 70
    assert said.startswith("lines 12–19 nearly repeat line 1 of https:")
    assert said.endswith("last.html")


def test_scores_are_those_that_matter_for_the_relation() -> None:
    shown = {
        relation: scores(Match(relation, HERE, THERE, 0.81, (0.3, 0.95), 0.9, 0.97))
        for relation in (Relation.EXACT, Relation.NEAR, Relation.CONTAINS, Relation.REWRITE)
    }
    assert shown == {
        "exact": "90 characters",
        "near": "resemblance 81%, cosine 90%",
        "contains": "containment 95%, resemblance 81%, cosine 90%",
        "rewrite": "score 97%, resemblance 81%, cosine 90%",
    }
    assert scores(Match(Relation.RESIDUE, HERE, None, score=1.0)) == ""


def test_a_seam_and_further_copies_are_told() -> None:
    match = Match(Relation.EXACT, HERE, THERE, evidence=Evidence(seam=(10, 11), copies=2000))
    assert evidence_notes(match) == [
        "lines 10–11: rewrite seam",
        "one of 2,000 copies, of which only this pair is given",
    ]
    assert evidence_notes(Match(Relation.EXACT, HERE, THERE, evidence=Evidence(seam=(4,)))) == ["line 4: rewrite seam"]
