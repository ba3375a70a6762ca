import io
import json

from dedup.model import Cluster
from dedup.reporting import write_decisions, write_findings, write_json
from tests.reporting.reports import example, report


def test_the_object_holds_what_the_json_lines_hold_and_the_counts() -> None:
    stream, findings, decisions = io.BytesIO(), io.BytesIO(), io.BytesIO()
    write_json(example(), stream)
    write_findings(example(), findings)
    write_decisions(example(), decisions)
    whole = json.loads(stream.getvalue())
    assert list(whole) == [
        "version",
        "findings",
        "clusters",
        "decisions",
        "quarantined",
        "counts",
        "config",
        "background",
    ]
    assert whole["version"] == 1
    assert whole["findings"] == [json.loads(line) for line in findings.getvalue().splitlines()]
    assert whole["decisions"] + whole["quarantined"] == [json.loads(line) for line in decisions.getvalue().splitlines()]
    assert whole["clusters"] == [{"representative": "a.txt", "members": ["b.txt"]}]
    counts = whole["counts"]
    assert counts["read"] == counts["kept"] + counts["dropped"] + counts["quarantined"] == 6
    assert counts["reasons"]["near"] == 1
    assert (whole["config"], whole["background"]) == ("c0ffee", "ba5e")


def test_an_empty_report_is_a_valid_object() -> None:
    stream = io.BytesIO()
    write_json(report(), stream)
    whole = json.loads(stream.getvalue())
    assert whole["findings"] == whole["clusters"] == whole["decisions"] == whole["quarantined"] == []
    assert whole["counts"]["read"] == 0


def test_a_cluster_of_most_of_a_corpus_is_written_in_pieces() -> None:
    members = tuple(range(25_001))

    class Pieces(io.BytesIO):
        longest = 0

        def writelines(self, lines: object) -> None:
            for line in lines:  # type: ignore[attr-defined]
                self.write(line)

        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            self.longest = max(self.longest, len(data))
            return super().write(data)

    stream = Pieces()
    write_json(report(clusters=[Cluster("\ud83d", members), Cluster(2**80, ("x",))]), stream)
    clusters = json.loads(stream.getvalue())["clusters"]
    assert clusters[0] == {"representative": "\ud83d", "members": list(members)}
    assert clusters[1] == {"representative": 2**80, "members": ["x"]}
    assert stream.longest < 70_000
