import io
import json
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calibrating.test_survey import corpus
from tests.cli.conftest import Ran

SMALL = ("--planted", "4", "--per-band", "2")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(corpus(tmp_path_factory.mktemp("corpus")))


def answering(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))


def test_without_labels_the_planted_copies_choose(run: Callable[..., Ran], file: str) -> None:
    ran = run("calibrate", file, *SMALL)
    assert ran.code == 0
    assert ran.out.startswith("60 documents: ")
    assert "threshold     pairs   precision" in ran.out
    assert "5% one stretch of words" in ran.out
    assert "Chosen: threshold 0." in ran.out
    assert "nothing is labelled" in " ".join(ran.out.split())
    assert "\x1b" not in ran.out
    assert "warning: 1 record could not be read" in ran.err
    assert f"{file}:61: the line is not valid JSON" in ran.err
    assert run("calibrate", file, *SMALL).out == ran.out
    assert "\x1b[1m" in run("calibrate", file, *SMALL, "--color", "always").out


def test_json_holds_every_point(run: Callable[..., Ran], file: str) -> None:
    value = json.loads(run("calibrate", file, *SMALL, "--format", "json", "--lowest", "0.5").out)
    assert [point["threshold"] for point in value["points"]] == [0.5 + step / 20 for step in range(10)]
    assert value["points"][0]["planted"] == {"value": 1.0, "interval": value["points"][0]["planted"]["interval"]}
    assert (value["version"], value["documents"], value["exact"], len(value["planted"])) == (1, 60, 12, 11)


def test_answers_at_the_terminal_are_saved_at_once_and_count(
    run: Callable[..., Ran], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.jsonl"
    answering(monkeypatch, "y\nwhat\nNO\ns\nyes\nq\ny\n")
    ran = run("calibrate", file, *SMALL, "--ask", "--labels", str(labels), "--format", "json")
    assert ran.code == 0
    assert [json.loads(line)["label"] for line in labels.read_text("utf-8").splitlines()] == [1, 0, 1]
    assert sum(band["labelled"] for band in json.loads(ran.out)["bands"]) == 3
    assert ran.err.count("The same text? [y]es, [n]o, [s]kip, [q]uit:") == 6
    assert "Pair 1 of " in ran.err
    assert "Where they first differ" in ran.err


def test_what_is_labelled_is_not_asked_again_and_the_end_of_the_input_stops(
    run: Callable[..., Ran], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.jsonl"
    answering(monkeypatch, "y\n" * 1000)
    whole = run("calibrate", file, *SMALL, "--ask", "--labels", str(labels), "--write", str(tmp_path / "c.toml"))
    asked = whole.err.count("The same text?")
    assert asked == len(labels.read_text("utf-8").splitlines()) > 5
    answering(monkeypatch, "")
    again = run("calibrate", file, *SMALL, "--ask", "--labels", str(labels))
    assert "The same text?" not in again.err
    assert again.out == whole.out
    answering(monkeypatch, "")
    stopped = run("calibrate", file, *SMALL, "--ask", "--labels", str(tmp_path / "others.jsonl"))
    assert (stopped.code, stopped.err.count("The same text?")) == (0, 1)
    # All are the same, so the lowest threshold is precise.
    assert tomllib.loads((tmp_path / "c.toml").read_text("utf-8")) == {"threshold": 0.4}


def test_the_configuration_written_is_one_that_scan_reads(run: Callable[..., Ran], file: str, tmp_path: Path) -> None:
    settings, written = tmp_path / "old.toml", tmp_path / "new.toml"
    settings.write_text("shingle_size = 4\ncosine = 0.4\n", "utf-8")
    ran = run("calibrate", file, *SMALL, "--config", str(settings), "--cosine", "0.3", "--write", str(written), "-q")
    assert ran.code == 0
    text = written.read_text("utf-8")
    assert text.startswith("# Written by dedup calibrate, for dedup scan --config. 60 documents.\n")
    read = tomllib.loads(text)
    assert (read["shingle_size"], read["cosine"]) == (4, 0.3)
    assert f"threshold {read['threshold']:.2f}" in ran.out
    assert run("scan", file, "--config", str(written)).code == 0


def test_the_sample_can_be_labelled_elsewhere(run: Callable[..., Ran], file: str, tmp_path: Path) -> None:
    sample, labels = tmp_path / "sample.jsonl", tmp_path / "labels.jsonl"
    assert run("calibrate", file, *SMALL, "--sample", str(sample)).code == 0
    rows = [json.loads(line) for line in sample.read_text("utf-8").splitlines()]
    assert all(row["label"] is None and row["left_text"] and row["right_text"] for row in rows)
    labels.write_text("".join(json.dumps({**row, "label": 1}) + "\n" for row in rows), "utf-8")
    value = json.loads(run("calibrate", file, *SMALL, "--labels", str(labels), "--format", "json").out)
    assert sum(band["labelled"] for band in value["bands"]) == len(rows)
    assert value["points"][0]["precision"]["value"] == 1.0
    # The labels are a truth for `evaluate` as they are.
    found = tmp_path / "pairs.jsonl"
    assert run("pairs", file, "--threshold", "0.4", "-o", str(found)).code == 0
    judged = json.loads(run("evaluate", str(labels), str(found), "--judged", "--format", "json").out)
    assert judged["measures"]["recall"]["value"] == 1.0


def test_the_plot_is_svg_with_a_line_for_what_is_known(run: Callable[..., Ran], file: str, tmp_path: Path) -> None:
    plot = tmp_path / "curve.svg"
    assert run("calibrate", file, *SMALL, "--plot", str(plot)).code == 0
    root = ElementTree.fromstring(plot.read_text("utf-8"))  # noqa: S314 - written here
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg"
    assert len(root.findall(f"{name}polyline")) == 1
    said = [text.text or "" for text in root.findall(f"{name}text")]
    assert "planted copies found" in said
    assert "precision, by labels: nothing to tell it from" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ask"], "--ask saves each label at once: say with --labels to which file"),
        (["--labels", "-"], "--labels names a file"),
        (["--labels", "missing.jsonl"], "missing.jsonl: the file cannot be read"),
        (["--plot", "curve.png"], "name a file such as curve.svg"),
        (["--lowest", "1"], "--lowest is a threshold from 0.1 to under 0.95, not 1"),
        (["--lowest", "nan"], "--lowest is a threshold"),
        (["--target-precision", "0"], "0 is no share over 0 and up to 1"),
        (["--per-band", "0"], "--per-band"),
        (["--threshold", "2"], "threshold is a share between 0 and 1, not 2.0"),
        (["--write", "missing/c.toml"], "does not exist; create it first"),
    ],
)
def test_what_cannot_be_is_said_with_code_2(
    run: Callable[..., Ran], file: str, arguments: list[str], message: str
) -> None:
    ran = run("calibrate", file, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_answers_and_documents_cannot_both_come_from_standard_input(run: Callable[..., Ran]) -> None:
    assert "which IN names already" in run("calibrate", "-", "--ask", "--labels", "x").err


def test_nothing_is_written_where_nothing_is_chosen(run: Callable[..., Ran], tmp_path: Path) -> None:
    empty, written = tmp_path / "empty.jsonl", tmp_path / "c.toml"
    empty.write_text("", "utf-8")
    ran = run("calibrate", str(empty), "--write", str(written))
    assert ran.code == 2
    assert "Chosen: none" in ran.out
    assert "is not written, because no threshold is the highest" in ran.err
    assert not written.exists()


def test_hostile_text_is_shown_escaped(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"w{number}" for number in range(60)]
    hostile = ["\x1b[31m\u202e" + " ".join(words), "\x1b]0;x\x07" + " ".join(["other", *words[1:]])]
    file = tmp_path / "hostile.jsonl"
    rows = [{"id": f"\x1b[2J{place}", "text": text} for place, text in enumerate(hostile)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    answering(monkeypatch, "y\n")
    ran = run("calibrate", str(file), "--ask", "--labels", str(tmp_path / "l.jsonl"), "--planted", "0")
    assert ran.err.count("The same text?") == 1
    assert "␛[31m<U+202E>" in ran.err
    assert not {"\x1b", "\u202e", "\x07"} & set(ran.err + ran.out)
