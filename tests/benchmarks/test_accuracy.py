import gzip
from pathlib import Path

import orjson

from benchmarks.accuracy import Share, measure_accuracy, ordered, read_all_pairs, read_findings, read_pairs

TRUTH = {(1, 2): 1.0, (1, 3): 0.75, (2, 3): 0.7, (4, 5): 0.85, (6, 7): 0.6999}


def test_recall_counts_true_pairs_and_precision_reported_ones() -> None:
    accuracy = measure_accuracy({(1, 2), (1, 3), (6, 7), (8, 9)}, TRUTH)
    assert accuracy.recall == (Share(2, 4), Share(1, 2))
    assert accuracy.precision == Share(2, 4)


def test_a_perfect_answer_has_recall_and_precision_of_one() -> None:
    accuracy = measure_accuracy([pair for pair, value in TRUTH.items() if value >= 0.7], TRUTH)
    assert [share.value for share in accuracy.recall] == [1.0, 1.0]
    assert accuracy.precision == Share(4, 4)


def test_no_answer_has_recall_zero_and_is_never_wrong() -> None:
    accuracy = measure_accuracy([], TRUTH)
    assert accuracy.recall == (Share(0, 4), Share(0, 2))
    assert accuracy.precision.value == 1.0


def test_a_share_is_rounded_down_so_that_one_means_all() -> None:
    assert str(Share(26_547, 26_548)) == "0.9999"
    assert str(Share(26_548, 26_548)) == "1.0000"
    assert str(Share(0, 0)) == "1.0000"


def test_a_pair_has_its_smaller_id_first() -> None:
    assert ordered(5, 4) == ordered(4, 5) == (4, 5)


def test_files_are_read_whatever_the_order_and_repetition_of_ids(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "truth.gz", "wt") as file:
        file.write("2 1 0.700000\n3 9 1.000000\n")
    assert read_all_pairs(tmp_path / "truth.gz") == {(1, 2): 0.7, (3, 9): 1.0}
    (tmp_path / "pairs").write_text("2 1\n1 2\n3 9\n")
    assert read_pairs(tmp_path / "pairs") == {(1, 2), (3, 9)}


def test_of_dedups_findings_exact_and_near_count(tmp_path: Path) -> None:
    findings = [
        {"relation": relation, "left": {"document": 9}, "right": {"document": right}, "resemblance": 0.7}
        for right, relation in ((3, "near"), (4, "exact"), (5, "contains"))
    ]
    (tmp_path / "found").write_bytes(b"\n".join(map(orjson.dumps, findings)))
    assert read_findings(tmp_path / "found") == {(3, 9): 0.7, (4, 9): 0.7}
