import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.model import DocumentId, Match, Relation, Span
from dedup.reporting import write_csv
from tests.reporting.reports import example, huge, single


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def row_of(document: DocumentId) -> dict[str, str]:
    stream = io.BytesIO()
    write_csv(single(Match(Relation.EXACT, Span(document, 0, 1, 1, 1), Span("z", 2, 3, 1, 1))), stream)
    (row,) = rows(stream.getvalue())
    return row


def test_each_finding_is_a_row_of_flat_columns() -> None:
    stream = io.BytesIO()
    write_csv(example(), stream)
    assert stream.getvalue().startswith(
        b"relation,left_document,left_start,left_end,left_line,left_end_line,"
        b"right_document,right_start,right_end,right_line,right_end_line,"
        b"resemblance,containment_left,containment_right,cosine,score,evidence\r\n"
    )
    found = rows(stream.getvalue())
    assert [row["relation"] for row in found] == [
        "near",
        "contains",
        "boilerplate",
        "exact",
        "residue",
        "residue",
    ]
    assert found[0]["resemblance"] == "0.812346"
    assert (found[0]["containment_left"], found[0]["containment_right"]) == ("0.9", "0.88")
    assert (found[1]["right_document"], found[1]["right_line"]) == ("7", "1")
    assert found[2]["right_document"] == found[2]["right_start"] == found[2]["resemblance"] == ""
    assert json.loads(found[3]["evidence"]) == {"seam": [4, 5]}


@pytest.mark.parametrize("dangerous", ['=HYPERLINK("x")', "+1", "-2+3", "@SUM(A1)", "\tx", "\r=1", "\n=1", "＝1+1"])
def test_an_id_that_a_spreadsheet_would_run_is_made_text(dangerous: str) -> None:
    assert row_of(dangerous)["left_document"] == "'" + dangerous


def test_a_negative_number_as_id_stays_a_number() -> None:
    assert row_of(-5)["left_document"] == "-5"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_id_comes_back_from_the_table(document: str) -> None:
    read = row_of(document)["left_document"]
    assert read in (document, "'" + document)


def test_a_lone_surrogate_does_not_break_the_encoding() -> None:
    assert row_of("page\ud800")["left_document"] == "page\\ud800"


def test_a_long_table_is_written_a_thousand_rows_at_a_time() -> None:
    stream = io.BytesIO()
    write_csv(huge(2_500, []), stream)
    assert len(rows(stream.getvalue())) == 2_500
