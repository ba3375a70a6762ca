import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

TRUTH = "a\tb\t0.9\nc\td\t0.8\ne\tf\t0.4\n"


def finding(left: str, right: str, relation: str = "near", score: float = 1.0) -> str:
    sides = [{"document": each, "start": 0, "end": 9, "line": 1, "end_line": 1} for each in (left, right)]
    return json.dumps({"relation": relation, "left": sides[0], "right": sides[1], "score": score}) + "\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    truth, found = tmp_path / "truth.tsv", tmp_path / "pairs.jsonl"
    truth.write_text(TRUTH, "utf-8")
    found.write_text(finding("b", "a") + finding("c", "d", "contains") + finding("x", "y", score=0.1), "utf-8")
    return str(truth), str(found)


def values(ran: Ran) -> dict[str, float | None]:
    return {name: measure["value"] for name, measure in json.loads(ran.out)["measures"].items()}


def test_pairs_against_simple_truth_as_a_table(run: Callable[..., Ran], files: tuple[str, str]) -> None:
    ran = run("evaluate", *files)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "pairs: 3 true, 3 predicted, 2 right"
    assert lines[2].split()[:2] == ["precision", "0.6666"]
    assert lines[3].split()[:2] == ["recall", "0.6666"]
    assert "resampling connected groups of documents" in ran.out
    assert "\x1b" not in ran.out
    assert "\x1b[1m" in run("evaluate", *files, "--color", "always").out


def test_the_same_as_json_with_intervals(run: Callable[..., Ran], files: tuple[str, str]) -> None:
    value = json.loads(run("evaluate", *files, "--format", "json").out)
    assert (value["version"], value["kind"], value["units"]) == (1, "pairs", 4)
    assert value["counts"] == {
        "true": 3,
        "predicted": 3,
        "right": 2,
        "known_to_be_none": 0,
        "not_judged": 0,
        "ignored": 0,
    }
    low, high = value["measures"]["precision"]["interval"]
    assert 0 <= low < 0.67 < high <= 1
    assert run("evaluate", *files, "--format", "json").out == run("evaluate", *files, "--format", "json").out
    assert run("evaluate", *files, "--format", "json", "--seed", "5").code == 0


@pytest.mark.parametrize(
    ("options", "precision", "recall"),
    [
        (["--truth-score", "0.8"], 2 / 3, 1.0),
        (["--score", "0.5"], 1.0, 2 / 3),
        (["--relation", "near"], 0.5, 1 / 3),
        (["--relation", "near", "--relation", "contains", "--score", "0.5", "--truth-score", "0.8"], 1.0, 1.0),
        (["--judged"], 1.0, 2 / 3),
    ],
)
def test_what_is_counted_can_be_chosen(
    run: Callable[..., Ran], files: tuple[str, str], options: list[str], precision: float, recall: float
) -> None:
    found = values(run("evaluate", *files, "--format", "json", *options))
    assert (found["precision"], found["recall"]) == pytest.approx((precision, recall), abs=1e-6)


def test_truth_may_be_compressed_and_the_report_go_to_a_file(
    run: Callable[..., Ran], files: tuple[str, str], tmp_path: Path
) -> None:
    packed, out = tmp_path / "truth.gz", tmp_path / "out.txt"
    packed.write_bytes(gzip.compress(TRUTH.encode()))
    ran = run("evaluate", str(packed), files[1], "-o", str(out))
    assert (ran.code, ran.out) == (0, "")
    assert out.read_text("utf-8") == run("evaluate", *files).out


def test_clusters_with_the_number_of_documents(run: Callable[..., Ran], tmp_path: Path) -> None:
    truth, found = tmp_path / "t.csv", tmp_path / "d.jsonl"
    truth.write_text("document,cluster\na,1\nb,1\nc,2\n", "utf-8")
    found.write_text('{"representative":"a","members":["b","c"]}\n', "utf-8")
    small = values(run("evaluate", str(truth), str(found), "--format", "json"))
    large = values(run("evaluate", str(truth), str(found), "--format", "json", "--documents", "1000"))
    assert small["adjusted_rand_index"] == 0.0
    # One pair of three is right, and by chance none of nearly half a million would be.
    assert large["adjusted_rand_index"] == pytest.approx(0.5, abs=1e-4)
    assert small["precision"] == large["precision"] == pytest.approx(1 / 3, abs=1e-6)


def test_passages_get_plagdet_and_a_word_on_averages(run: Callable[..., Ran], files: tuple[str, str]) -> None:
    ran = run("evaluate", files[1], files[1])
    assert ran.out.startswith("passages: 3 true, 3 predicted, 3 detected")
    assert "plagdet" in ran.out
    assert "as PAN's script does" in ran.out


def test_pairs_are_taken_as_clusters_where_asked(run: Callable[..., Ran], files: tuple[str, str]) -> None:
    # Without a header two columns would be a document and its cluster, and three are too many.
    assert "has 3 fields, not 2: document, cluster" in run("evaluate", *files, "--kind", "clusters").err
    with_header = Path(files[0]).parent / "header.tsv"
    with_header.write_text("left\tright\tscore\n" + TRUTH, "utf-8")
    value = json.loads(run("evaluate", str(with_header), files[1], "--kind", "clusters", "--format", "json").out)
    assert (value["kind"], value["counts"]["documents"]) == ("clusters", 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-"], "cannot both be standard input"),
        (["TRUTH", "FOUND", "--score", "nan"], "--score is a number, not nan"),
        (["TRUTH", "FOUND", "--documents", "5"], "--documents is for clusters, and these are pairs"),
        (["FOUND", "FOUND", "--judged"], "--judged is for pairs, and these are passages"),
        (["TRUTH", "FOUND", "--kind", "passages"], "passages need a header"),
        (["missing.tsv", "FOUND"], "missing.tsv: the file cannot be read"),
        (["BAD", "FOUND"], ":1: is not UTF-8"),
        (["TRUTH", "FOUND", "-o", "missing/out"], "does not exist; create it first"),
        (["TRUTH", "FOUND", "-o", "FOUND"], "is among what is read and would be overwritten"),
        (["TRUTH", "FOUND", "--resamples", "-1"], "--resamples"),
    ],
)
def test_what_cannot_be_evaluated_is_said_with_code_2(
    run: Callable[..., Ran], files: tuple[str, str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"\xff\xfe\n")
    named = {"TRUTH": files[0], "FOUND": files[1], "BAD": str(bad)}
    ran = run("evaluate", *(named.get(each, each) for each in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_hostile_names_do_not_reach_the_terminal(run: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text('document,cluster\n"\x1b[31ma",1\n"\x1b[31ma",2\n', "utf-8")
    ran = run("evaluate", str(file), str(file))
    assert ran.code == 2
    assert "\x1b" not in ran.err
