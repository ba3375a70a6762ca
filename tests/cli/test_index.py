"""`dedup index`: each command in this process, on small indexes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup import Document, Index
from tests.cli.conftest import Ran
from tests.index.corpus import documents
from tests.scanning.test_rewrites import REWRITE, SOURCE, filler

Run = Callable[..., Ran]
TEXT = "The council met on Monday to decide about the copper bridge over the northern river"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Documents as JSON lines, one of which cannot be read."""
    path = tmp_path / "monday.jsonl"
    lines = [json.dumps({"id": str(each.id), "text": each.text}) for each in documents(20)]
    path.write_text("\n".join([*lines, "no json"]), "utf-8")
    return path


def lines_of(ran: Ran) -> list[dict[str, object]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.split("\n") if line]


def test_an_index_is_created_once_with_its_settings(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "seen")
    (info,) = lines_of(run("index", "create", path, "--threshold", "0.8", "--relation", "near", "--no-text"))
    assert (info["documents"], info["keeps_text"]) == (0, False)
    with Index.open(path, read_only=True) as index:
        assert (index.config.threshold, index.config.relations) == (0.8, ("near",))
    again = run("index", "create", path)
    assert (again.code, again.out) == (2, "")
    assert "there is an index already" in again.err
    assert run("index", "create", str(tmp_path / "other"), "--level", "paragraph").code == 2


def test_documents_are_added_with_a_decision_each(run: Run, tmp_path: Path, records: Path) -> None:
    path, out = str(tmp_path / "seen"), tmp_path / "decisions.jsonl"
    run("index", "create", path)
    ran = run("index", "add", path, str(records), "-o", str(out))
    assert (ran.code, ran.out) == (0, "")
    decisions = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(decisions) == 21
    assert decisions[-1]["quarantine"] == "invalid-json"
    dropped = [each for each in decisions[:-1] if not each["keep"]]
    warning, place, last = ran.err.splitlines()
    assert warning.endswith("--strict stops at the first, the last lines of the output list every one")
    assert place.startswith(f"  {records}:21: the line is not valid JSON")
    assert last == f"21 read: {20 - len(dropped)} kept, {len(dropped)} dropped, 1 quarantined"
    assert all(each["representative"] is not None and each["cosine"] > 0 for each in dropped)
    # Again, and asked for: what was decided stays decided.
    assert lines_of(run("index", "add", path, str(records), "-q"))[:-1] == decisions[:-1]
    asked = lines_of(run("index", "query", path, str(records)))
    assert asked == decisions


def test_all_are_kept_where_it_is_said(run: Run, tmp_path: Path, records: Path) -> None:
    path = str(tmp_path / "seen")
    run("index", "create", path)
    assert all(each["keep"] for each in lines_of(run("index", "add", path, str(records), "--keep-all"))[:-1])


def test_adding_to_what_is_not_there_is_an_error(run: Run, tmp_path: Path, records: Path) -> None:
    for command in ("add", "query"):
        ran = run("index", command, str(tmp_path / "none"), str(records))
        assert (ran.code, ran.out) == (2, "")
        assert "there is no index; dedup index create makes one" in ran.err
    assert run("index", "info", str(tmp_path / "none")).code == 2
    assert run("index", "check", str(tmp_path / "none")).code == 2


def test_a_document_is_explained_and_removed_by_its_id(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "seen")
    with Index.open(path) as index:
        index.admit_batch(
            [Document(7, TEXT), Document("http://b", TEXT + " again"), Document("\ud800", "Some other text")]
        )
    (found,) = lines_of(run("index", "explain", path, "http://b"))
    assert (found["document"], found["representative"], found["representative_text"]) == ("http://b", 7, TEXT)
    assert str(found["admitted"]).endswith("+00:00")
    (found,) = lines_of(run("index", "explain", path, "7"))
    assert (found["reason"], found["represents"]) == ("representative", 1)
    assert lines_of(run("index", "remove", path, "7", "nobody")) == [{"removed": 1}]
    (found,) = lines_of(run("index", "explain", path, "http://b"))
    assert found["representative_gone"] is True
    assert json.loads(run("index", "explain", path, "7").out) is None


@pytest.mark.parametrize("identity", ["é", "שָׁלוֹם", "ไทย", "👨‍👩‍👧", "\u2028", "\x7f", "\ud800", 'a"\\b', -(2**70)])
def test_an_id_read_from_a_file_is_the_same_when_it_is_given(run: Run, tmp_path: Path, identity: str | int) -> None:
    path, file = str(tmp_path / "seen"), tmp_path / "records.jsonl"
    file.write_text(json.dumps({"id": identity, "text": TEXT}), "utf-8")
    run("index", "create", path)
    (added,) = lines_of(run("index", "add", path, str(file)))
    assert lines_of(run("index", "query", path, str(file))) == [added]
    with Index.open(path) as index:
        assert index.admit(Document(identity, TEXT)).keep
        assert len(index) == 1
        assert index.explain(identity) is not None
        assert index.remove(identity)


def test_documents_are_removed_by_date(run: Run, tmp_path: Path, records: Path) -> None:
    path = str(tmp_path / "seen")
    run("index", "create", path)
    run("index", "add", path, str(records))
    assert lines_of(run("index", "remove", path, "--before", "2001-01-01")) == [{"removed": 0}]
    assert lines_of(run("index", "remove", path, "--before", "2100-01-01T00:00:00+02:00")) == [{"removed": 20}]
    (info,) = lines_of(run("index", "info", path))
    assert (info["documents"], info["removed"]) == (0, 20)
    (info,) = lines_of(run("index", "compact", path))
    assert (info["documents"], info["removed"], info["segments"]) == (0, 0, 0)
    for wrong in (("--before", "soon"), ()):
        assert run("index", "remove", path, *wrong).code == 2


def test_check_exits_with_1_where_something_is_damaged(run: Run, tmp_path: Path, records: Path) -> None:
    path = tmp_path / "seen"
    run("index", "create", str(path))
    run("index", "add", str(path), str(records))
    (info,) = lines_of(run("index", "compact", str(path), "--refit"))
    assert info["background_documents"] != 0
    assert lines_of(run("index", "check", str(path))) == []
    (segment,) = path.glob("segment-*")
    data = bytearray(segment.read_bytes())
    data[100] ^= 4
    segment.write_bytes(data)
    ran = run("index", "check", str(path))
    assert ran.code == 1
    assert f"{segment}: block 0 is damaged" in ran.out
    segment.write_bytes(data[:50])
    ran = run("index", "check", str(path))
    assert ran.code == 1
    assert "has 50 bytes" in json.loads(ran.out)["problem"]


def test_what_a_log_that_was_taken_away_held_is_told_in_one_line_and_by_check(
    run: Run, tmp_path: Path, records: Path
) -> None:
    with Index.open(tmp_path / "seen") as index:
        for document in documents(3):
            index.admit(document)
        shutil.copytree(tmp_path / "seen", tmp_path / "copy")
    for log in (tmp_path / "copy").glob("*-wal"):
        log.unlink()
    path = str(tmp_path / "copy")
    # A command that only reads changes nothing about it, and another one opens the index twice.
    for command in (["index", "check", path], ["filter", str(records), str(tmp_path / "out.jsonl"), "--index", path]):
        ran = run(*command)
        told = [line for line in ran.err.splitlines() if "had been acknowledged" in line]
        assert len(told) == 1
        assert told[0].startswith(f"warning: {path}: 3 documents (behind the first 0)")
        assert "LossWarning" not in ran.err
        checked = run("index", "check", path)
        assert checked.code == 1
        assert "3 documents" in checked.out
    assert "warning" not in checked.err


def test_what_cannot_be_is_refused_with_code_2(run: Run, tmp_path: Path, records: Path) -> None:
    path = str(tmp_path / "seen")
    run("index", "create", path)
    for arguments, said in [
        (("info", str(tmp_path / ("x" * 300))), "cannot be read: File name too long"),
        (("add", path, str(records), "--timeout", "-1"), "--timeout"),
        (("add", path, str(records), "-o", f"{path}/catalogue.sqlite"), "lies in the folder of the index"),
        (("query", path, str(records), "-o", f"{path}/catalogue.sqlite"), "lies in the folder of the index"),
    ]:
        ran = run("index", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert lines_of(run("index", "check", path)) == []


def test_an_id_of_more_digits_than_python_reads_is_a_string(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "seen")
    with Index.open(path) as index:
        index.admit_batch([Document("9" * 5000, TEXT), Document(10**4000, "Some other text")])
    for identity in ("9" * 5000, str(10**4000)):
        assert json.loads(run("index", "explain", path, identity).out)["keep"] is True
    assert lines_of(run("index", "remove", path, "9" * 5000)) == [{"removed": 1}]


def test_help_has_examples(run: Run) -> None:
    for command in ("create", "add", "query", "explain", "remove", "info", "check", "compact"):
        assert f"dedup index {command} seen.dedup" in run("index", command, "--help").out


def test_rewrites_are_told_of_with_their_score_and_words(run: Run, tmp_path: Path) -> None:
    path, own = str(tmp_path / "seen"), tmp_path / "own.jsonl"
    own.write_text("\n".join(json.dumps({"id": each.id, "text": each.text}) for each in filler(40)), "utf-8")
    wanted = ["--relation", "exact", "--relation", "rewrite", "--min-score", "0.5"]
    (info,) = lines_of(run("index", "create", path, *wanted, "--background", str(own)))
    assert (info["documents"], info["background_documents"]) == (0, 40)
    pages = tmp_path / "pages.jsonl"
    pages.write_text(
        "\n".join(json.dumps({"id": n, "text": text}) for n, text in enumerate([SOURCE, REWRITE])), "utf-8"
    )
    _, decision = lines_of(run("index", "add", path, str(pages)))
    assert (decision["keep"], decision["relation"], decision["representative"]) == (True, "rewrite", 0)
    assert isinstance(decision["score"], float)
    assert 0.5 <= decision["score"] <= 1
    (explained,) = lines_of(run("index", "explain", path, "1"))
    assert explained["score"] == decision["score"]
    assert isinstance(explained["anchors"], list)
    assert "Ostrevik" in explained["anchors"]
    few = run("index", "create", str(tmp_path / "other"), *wanted, "--background", str(pages))
    assert few.code == 2
    assert "a background of 2 different documents" in few.err
