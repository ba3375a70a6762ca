from pathlib import Path

import pytest

from dedup.calibrating import append_label, labels_of
from dedup.errors import InputError
from dedup.reading import lines_of


def test_labels_are_saved_one_by_one_and_read_again(tmp_path: Path) -> None:
    file = str(tmp_path / "labels.jsonl")
    append_label(file, "b", "a", 0.71, same=True)
    assert labels_of(file, lines_of(file)) == {("a", "b"): True}
    append_label(file, 7, "\ud800", 0.5, same=False)
    append_label(file, "a", "b", 0.71, same=False)
    labels = labels_of(file, lines_of(file))
    assert labels == {("a", "b"): False, ("7", "\ud800"): False}


def test_a_file_that_somebody_edited_without_a_last_newline_is_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"left":"a","right":"b","label":1}\n{"left":"a","right":"c","label":null}', "utf-8")
    append_label(str(file), "a", "d", 0.5, same=False)
    assert labels_of("f", lines_of(str(file))) == {("a", "b"): True, ("a", "d"): False}


def test_columns_are_labels_too() -> None:
    assert labels_of("f", [b"left,right,label", b"b,a,0", b"c,d,1"]) == {("a", "b"): False, ("c", "d"): True}


def test_what_is_wrong_in_a_file_of_labels_is_said_with_its_line() -> None:
    with pytest.raises(InputError, match="f:2: label is a number, not 'yes'"):
        labels_of("f", [b'{"left":"a","right":"b","label":1}', b'{"left":"a","right":"c","label":"yes"}'])
    with pytest.raises(InputError, match="f: holds no pairs"):
        labels_of("f", [b"document,cluster", b"a,1"])


def test_a_label_that_cannot_be_saved_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the label cannot be saved"):
        append_label(str(tmp_path / "missing" / "labels.jsonl"), "a", "b", 0.5, same=True)
