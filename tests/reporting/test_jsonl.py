import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.model import Decision, DocumentId, Evidence, Match, Quarantined, Relation, Span
from dedup.reporting import write_decisions, write_findings
from tests.reporting.reports import example, huge, report, single

KEYS = ["relation", "left", "right", "resemblance", "containment", "cosine", "score", "evidence"]

any_text = st.text(st.characters(codec=None, categories=None))
ids = any_text | st.integers()


def written(match: Match) -> bytes:
    stream = io.BytesIO()
    write_findings(single(match), stream)
    return stream.getvalue()


def as_json_holds_it(document: DocumentId) -> DocumentId:
    """Two surrogates in a row that make a pair are one character to every reader of JSON."""
    if isinstance(document, int):
        return document
    return document.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def test_a_finding_is_one_line_with_the_keys_of_the_interface_in_their_order() -> None:
    match = Match(
        Relation.NEAR,
        Span("a.txt", 44, 1651, 2, 9),
        Span("a.txt", 1750, 3357, 12, 19),
        1.0,
        (1.0, 1.0),
        1.0,
        1.0,
        Evidence(seam=(10, 11)),
    )
    assert written(match) == (
        b'{"relation":"near",'
        b'"left":{"document":"a.txt","start":44,"end":1651,"line":2,"end_line":9},'
        b'"right":{"document":"a.txt","start":1750,"end":3357,"line":12,"end_line":19},'
        b'"resemblance":1.0,"containment":[1.0,1.0],"cosine":1.0,"score":1.0,"evidence":{"seam":[10,11]}}\n'
    )


def test_scores_have_six_decimals_and_no_minus_zero() -> None:
    line = json.loads(
        written(Match(Relation.NEAR, Span("a", 0, 1, 1, 1), Span("b", 0, 1, 1, 1), 2 / 3, (1 / 3, -1e-9), -1e-9, 1.0))
    )
    assert line["resemblance"] == 0.666667
    assert line["containment"] == [0.333333, 0.0]
    assert str(line["cosine"]) == "0.0"


def test_a_score_that_is_no_number_is_null_so_that_the_line_stays_json() -> None:
    match = Match(Relation.NEAR, Span("\ud800", 0, 1, 1, 1), Span(2**70, 0, 1, 1, 1), float("nan"), cosine=float("inf"))
    line = json.loads(written(match))
    assert (line["resemblance"], line["cosine"]) == (None, None)


def test_residue_and_boilerplate_have_no_right_side_and_say_what_repeats() -> None:
    stream = io.BytesIO()
    write_findings(example(), stream)
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert all(list(each) == KEYS for each in found)
    template, title = found[2], found[4]
    assert template["right"] is None
    assert template["evidence"] == {
        "pattern": "Subscribers only",
        "occurrences": 9,
        "documents": 3,
        "lines": [11, 12, 13, 15, 17, 19, 21, 22, 30],
    }
    assert title["evidence"] == {
        "rule": "rewrite-this",
        "kind": "rewrite prompt",
        "weight": 5.0,
        "repeats": {"document": "pages/tram.txt", "start": 0, "end": 34, "line": 1, "end_line": 1},
    }
    assert (title["resemblance"], title["containment"], title["cosine"], title["score"]) == (
        None,
        None,
        None,
        1.0,
    )


@given(ids, ids, any_text)
def test_any_id_comes_back_as_it_was_from_valid_utf8(left: DocumentId, right: DocumentId, rule: str) -> None:
    match = Match(Relation.EXACT, Span(left, 0, 1, 1, 1), Span(right, 0, 1, 1, 1), evidence=Evidence(rule=rule))
    line = written(match)
    assert line.count(b"\n") == 1
    read = json.loads(line.decode("utf-8"))
    assert read["left"]["document"] == as_json_holds_it(left)
    assert type(read["left"]["document"]) is type(left)
    assert read["right"]["document"] == as_json_holds_it(right)
    assert read["evidence"] == {"rule": as_json_holds_it(rule)}


def test_decisions_and_quarantined_records_are_as_many_lines_as_records_were_read() -> None:
    stream = io.BytesIO()
    write_decisions(example(), stream)
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(found) == example().counts.read
    assert found[1] == {
        "document": "b.txt",
        "keep": False,
        "reason": "near",
        "representative": "a.txt",
        "relation": "near",
        "resemblance": 0.812346,
        "containment": [0.9, 0.88],
        "cosine": 0.91,
    }
    assert list(found[0]) == list(found[1])
    assert found[2]["document"] == 7
    assert found[5] == {
        "document": "more.jsonl:3",
        "keep": False,
        "reason": "quarantined",
        "file": "more.jsonl",
        "line": 3,
        "quarantine": "invalid-json",
        "message": "no JSON; mend the line or leave it out",
    }


def test_a_whole_file_that_could_not_be_read_stands_by_its_name() -> None:
    stream = io.BytesIO()
    write_decisions(report(quarantined=[Quarantined("x.parquet", None, "damaged-file", "cut off")]), stream)
    line = json.loads(stream.getvalue())
    assert (line["document"], line["line"]) == ("x.parquet", None)


def test_findings_are_written_as_they_are_made() -> None:
    looked_at: list[int] = []

    class Watching(io.RawIOBase):
        most_ahead = 0
        lines = 0

        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            self.lines += data.count(b"\n")
            self.most_ahead = max(self.most_ahead, len(looked_at) - self.lines)
            return len(data)

    stream = Watching()
    write_findings(huge(2_000, looked_at), stream)  # type: ignore[arg-type]
    assert stream.lines == 2_000
    assert stream.most_ahead <= 1


@pytest.mark.parametrize("decision", [Decision("a", True, "unique"), Decision(3, True, "empty")])
def test_a_kept_document_has_no_representative(decision: Decision) -> None:
    stream = io.BytesIO()
    write_decisions(report(decisions=[decision]), stream)
    line = json.loads(stream.getvalue())
    assert line == {
        "document": decision.document,
        "keep": True,
        "reason": decision.reason,
        "representative": None,
        "relation": None,
        "resemblance": None,
        "containment": None,
        "cosine": None,
    }
