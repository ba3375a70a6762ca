import json
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dedup.errors import InputError
from dedup.evaluating import Clusters, DocumentNumbers, Pairs, Passages, as_kind, common_kind, read_table
from dedup.model import Kind

FINDING = (
    '{"relation":"near","left":{"document":"a","start":1,"end":5,"line":1,"end_line":1},'
    '"right":{"document":7,"start":0,"end":4,"line":1,"end_line":1},"resemblance":0.9,"score":1.0}'
)
SINGLE = '{"relation":"residue","left":{"document":"a","start":1,"end":5,"line":1,"end_line":1},"right":null}'


def read(*lines: str, kind: Kind | None = None, least: float = -math.inf) -> tuple[object, DocumentNumbers]:
    numbers = DocumentNumbers()
    return read_table("f", [line.encode() for line in lines], numbers, kind=kind, least_score=least), numbers


def named(*lines: str, least: float = -math.inf) -> list[tuple[str, str, float]]:
    """The pairs of a file, by name."""
    numbers = DocumentNumbers()
    table = read_table("f", [line.encode() for line in lines], numbers, least_score=least)
    assert isinstance(table, Pairs)
    names = {place: name for name, place in numbers._number_of.items()}
    rows = zip(table.left.tolist(), table.right.tolist(), table.scores.tolist(), strict=True)
    return [(names[left], names[right], score) for left, right, score in rows]


@pytest.mark.parametrize(
    "lines",
    [
        ["a\tb\t0.5", "c d\té\t1"],
        ["left\tright\tscore", "a\tb\t0.5", "", "c d\té\t1"],
        ["a,b,0.5", '"c d",é,1'],
        ["score,left,right", "0.5,a,b", '1,"c d",é'],
        ["left_document,right_document,resemblance", "a,b,0.5", "c d,é,1"],
        ['{"left":"a","right":"b","score":0.5}', '{"left":"c d","right":"\\u00e9","label":true}'],
        ["a\tb\t0.5\r", "c d\té\t1\r", "\r"],
    ],
)
def test_pairs_with_scores_are_read_however_they_are_written(lines: list[str]) -> None:
    assert named(*lines) == [("a", "b", 0.5), ("c d", "é", 1.0)]


def test_columns_apart_by_blanks_need_no_score() -> None:
    assert [pair[:2] for pair in named("7 12 0.81", "12   9")] == [("7", "12"), ("12", "9")]
    assert math.isnan(named("7 9")[0][2])


def test_pairs_under_the_least_score_are_left_out_and_those_without_stay() -> None:
    assert [pair[:2] for pair in named("a\tb\t0.5", "a\tc\t0.7", "a\td", least=0.7)] == [("a", "c"), ("a", "d")]


def test_ids_are_the_same_document_as_number_and_as_text() -> None:
    table, numbers = read('{"left":5,"right":"b"}', '{"left":"b","right":"5"}')
    assert isinstance(table, Pairs)
    assert table.left.tolist() == [0, 1]
    assert table.right.tolist() == [1, 0]
    assert len(numbers) == 2


def test_ids_that_utf8_cannot_hold_and_huge_ones_are_read() -> None:
    table, numbers = read('{"left":"\\ud800","right":123456789012345678901234567890}')
    assert isinstance(table, Pairs)
    assert len(numbers) == 2


def test_findings_are_passages_and_those_of_one_span_are_ignored() -> None:
    table, numbers = read(SINGLE, FINDING, FINDING.replace('"resemblance":0.9,"score":1.0', '"score":0.2'), least=0.5)
    assert isinstance(table, Passages)
    assert [column.tolist() for column in (table.left_starts, table.left_ends, table.right_starts)] == [[1], [5], [0]]
    assert (table.ignored, len(numbers)) == (1, 2)


def test_findings_are_pairs_where_that_is_asked_for() -> None:
    within = FINDING.replace('"document":7', '"document":"a"')
    table, _ = read(FINDING, SINGLE, within, kind=Kind.PAIRS)
    assert isinstance(table, Pairs)
    assert (table.left.size, table.ignored) == (1, 2)


def test_the_csv_of_a_scan_is_read() -> None:
    header = "relation,left_document,left_start,left_end,left_line,left_end_line,right_document,right_start,right_end"
    table, _ = read(header, "near,a,1,5,1,1,b,0,4", "residue,a,1,5,1,1,,,")
    assert isinstance(table, Passages)
    assert (table.left.tolist(), table.right_ends.tolist(), table.ignored) == ([0], [4], 1)


@pytest.mark.parametrize(
    "lines",
    [
        ["document,cluster", "a,x", "b,x", "c,y"],
        ["document\trepresentative", "a\t", "b\ta", "c\t"],
        ['{"representative":"a","members":["b"]}', '{"representative":"c","members":[]}'],
        ['{"members":["a","b"]}', '{"members":["c"]}'],
        [
            '{"document":"a","keep":true,"reason":"representative","representative":null}',
            '{"document":"b","keep":false,"reason":"exact","representative":"a"}',
            '{"document":"c","keep":true,"reason":"unique","representative":null}',
            '{"document":"f:7","keep":false,"reason":"quarantined","file":"f","line":7}',
        ],
    ],
)
def test_clusters_are_read_however_they_are_written(lines: list[str]) -> None:
    table, numbers = read(*lines)
    assert isinstance(table, Clusters)
    assert table.documents.tolist() == [0, 1, 2]
    assert table.clusters[0] == table.clusters[1] != table.clusters[2]
    assert len(numbers) == 3


def test_two_columns_without_a_header_are_clusters_where_that_is_asked_for() -> None:
    table, _ = read("a 1", "b 1", kind=Kind.CLUSTERS)
    assert isinstance(table, Clusters)
    assert table.clusters.tolist() == [0, 0]


def test_a_report_in_one_object_gives_findings_or_decisions() -> None:
    decision = '{"document":"a","keep":true,"representative":null}'
    lines = ['{"version": 1,', '"findings": [', FINDING, "],", '"decisions": [', decision, "]}"]
    assert isinstance(read(*lines)[0], Passages)
    assert isinstance(read(*lines, kind=Kind.CLUSTERS)[0], Clusters)


def test_an_empty_file_holds_none_of_what_is_asked_for() -> None:
    for lines in ([], ["", "  "], ["left,right"]):
        table, _ = read(*lines)
        assert isinstance(table, Pairs)
        assert table.left.size == 0
    assert isinstance(read(kind=Kind.CLUSTERS)[0], Clusters)


def test_rows_that_are_not_accepted_are_ignored() -> None:
    rows = [FINDING.encode(), FINDING.replace("near", "exact").encode()]
    table = read_table("f", rows, DocumentNumbers(), accept=lambda row: row["relation"] == "exact")
    assert isinstance(table, Passages)
    assert (table.left.size, table.ignored) == (1, 1)


@pytest.mark.parametrize(
    ("lines", "kind", "message"),
    [
        ([b"a\tb", b"\xff\tb"], None, "f:2: is not UTF-8"),
        ([b'{"left":"a","right":"b"}', b"{oops"], None, "f:2: is not JSON"),
        ([b'{"left":"a","right":"b"}', b"[1]"], None, "f:2: is no JSON object; each line is one"),
        ([b"{oops"], None, "f:1: is no JSON object"),
        ([b'{"version": 1,', b"oops"], None, "f: is neither JSON lines nor one JSON object"),
        ([b'{"version": 1,', b'"findings": 3}'], None, "f: has no list of findings"),
        ([b'{"text":"x"}'], None, "f:1: names neither left and right, nor a document"),
        ([b'{"left":"a","right":1.5}'], None, "f:1: right is an id, a string or an integer, not 1.5"),
        ([b'{"left":"a","right":true}'], None, "f:1: right is an id"),
        ([b'{"left":"a"}'], None, "f:1: right is an id, a string or an integer, not None"),
        ([b"a\tb\tmuch"], None, "f:1: score is a number, not 'much'"),
        ([b"a\tb\tnan"], None, "f:1: score is a number, not 'nan'"),
        ([b"a", b"b"], None, "f:1: has 1 field, not 3: left, right, score"),
        ([b"a\tb", b"a\tb\t1\t2"], None, "f:2: has 4 fields"),
        ([b"a,b", b'"a"x,b'], None, "f:2: is no CSV row"),
        ([b"a b"], Kind.PASSAGES, "f:1: passages need a header"),
        ([b"left,right,left_start", b"a,b,3"], None, "f:2: left_end is a character offset, not None"),
        ([b"document,cluster", b"a,1", b"a,2"], None, "f:3: document 'a' is in two clusters"),
        ([b'{"representative":"a","members":"b"}'], None, "f:1: members is a list of ids"),
        ([b'{"representative":"a","members":[null]}'], None, "f:1: a member is an id"),
        ([b'{"document":"a"}'], None, "f:1: says of document 'a' neither cluster nor representative"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(lines: Sequence[bytes], kind: Kind | None, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table("f", lines, DocumentNumbers(), kind=kind)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (5, 5, "f:1: left ends at 5, and starts at 5; a span has characters"),
        (-1, 5, "f:1: left.start is a character offset, not -1"),
        ("x", 5, "f:1: left.start is a character offset, not 'x'"),
        (0, 10**30, "f:1: left.end is a character offset"),
        (True, 5, "f:1: left.start is a character offset, not True"),
    ],
)
def test_a_span_is_one_of_characters(start: object, end: object, message: str) -> None:
    row = {"left": {"document": "a", "start": start, "end": end}, "right": {"document": "b", "start": 0, "end": 1}}
    with pytest.raises(InputError) as caught:
        read(json.dumps(row))
    assert str(caught.value).startswith(message)


def int64(*values: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, dtype=np.int64)


PAIRS = Pairs(int64(1, 2, 8), int64(2, 3, 9), np.full(3, np.nan), 1)
SPANS = Passages(int64(1, 4), int64(0, 0), int64(5, 5), int64(2, 4), int64(0, 6), int64(5, 9), np.full(2, np.nan), 2)
CLUSTERS = Clusters(int64(1, 2), int64(0, 0))


def test_both_are_compared_as_what_both_can_be() -> None:
    assert common_kind(PAIRS, PAIRS) is Kind.PAIRS
    assert common_kind(SPANS, PAIRS) is common_kind(PAIRS, SPANS) is Kind.PAIRS
    assert common_kind(SPANS, SPANS) is Kind.PASSAGES
    with pytest.raises(InputError, match="the truth holds clusters and the predictions pairs; --kind clusters"):
        common_kind(CLUSTERS, PAIRS)


def test_passages_become_pairs_and_pairs_the_clusters_that_they_connect() -> None:
    pairs = as_kind(SPANS, Kind.PAIRS, "f")
    assert isinstance(pairs, Pairs)
    assert (pairs.left.tolist(), pairs.right.tolist(), pairs.ignored) == ([1], [2], 3)
    clusters = as_kind(PAIRS, Kind.CLUSTERS, "f")
    assert isinstance(clusters, Clusters)
    assert clusters.documents.tolist() == [1, 2, 3, 8, 9]
    one, two, three, eight, nine = clusters.clusters.tolist()
    assert one == two == three != eight == nine
    assert isinstance(as_kind(SPANS, Kind.CLUSTERS, "f"), Clusters)
    assert as_kind(CLUSTERS, Kind.CLUSTERS, "f") is CLUSTERS


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: as_kind(PAIRS, Kind.PASSAGES, "f"), "f: holds pairs without spans"),
        (lambda: as_kind(CLUSTERS, Kind.PAIRS, "f"), "f: holds clusters, not pairs"),
    ],
)
def test_what_cannot_be_is_refused(ask: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask()
