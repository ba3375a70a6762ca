import json
from collections.abc import Callable
from pathlib import Path

from dedup.config import PAIR_RELATIONS, Config
from dedup.model import Level, Relation
from dedup.reading import ReadOptions
from tests.cli.conftest import Ran, Scanner
from tests.reporting.reports import example, near, report


def test_pairs_of_documents_in_three_relations_are_looked_for(run: Callable[..., Ran], pair_scanner: Scanner) -> None:
    assert run("pairs", "a", "b").code == 0
    assert pair_scanner.sources == ["a", "b"]
    assert pair_scanner.config == Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)


def test_options_reach_the_configuration_and_the_reader(run: Callable[..., Ran], pair_scanner: Scanner) -> None:
    arguments = ["--relation", "contains", "--level", "both", "--threshold", "0.6", "--num-perm", "64"]
    assert run("pairs", "x", *arguments, "--text-column", "t", "--workers", "2").code == 0
    assert pair_scanner.config == Config(relations=(Relation.CONTAINS,), threshold=0.6, num_perm=64)
    assert pair_scanner.reading == ReadOptions(text_column="t")
    assert pair_scanner.workers == 2


def test_rewrites_are_looked_for_when_asked_for(run: Callable[..., Ran], pair_scanner: Scanner) -> None:
    assert run("pairs", "x", "--relation", "rewrite", "--min-score", "0.8", "--fail-on", "rewrite").code == 0
    assert pair_scanner.config == Config(relations=(Relation.REWRITE,), level=Level.DOCUMENT, min_score=0.8)


def test_a_least_score_that_is_no_probability_is_refused(run: Callable[..., Ran], pair_scanner: Scanner) -> None:
    ran = run("pairs", "x", "--relation", "rewrite", "--min-score", "1.2")
    assert ran.code == 2
    assert "min_score" in ran.err


def test_each_pair_is_a_json_line(run: Callable[..., Ran], pair_scanner: Scanner) -> None:
    pair_scanner.report = report([near("a", "b"), near("a", "c"), near("b", "c")])
    ran = run("pairs", "x")
    read = [json.loads(line) for line in ran.out.splitlines()]
    assert [(each["left"]["document"], each["right"]["document"]) for each in read] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    assert ran.err.endswith("0 documents, 0 quarantined: 3 pairs\n")
    assert run("pairs", "x", "-q").err.startswith("no documents")


def test_pairs_go_to_a_file_and_fail_on_counts_them(
    run: Callable[..., Ran], pair_scanner: Scanner, tmp_path: Path
) -> None:
    out = tmp_path / "pairs.jsonl"
    ran = run("pairs", "x", "-o", str(out), "--fail-on", "near", "--fail-on", "exact=1")
    assert (ran.code, ran.out) == (1, "")
    assert len(out.read_text("utf-8").splitlines()) == len(example().matches)
    assert "failed: 1 near found" in ran.err
    assert "exact found" not in ran.err
