import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.accuracy import measure_accuracy
from benchmarks.headline import Corpus, Result, explain, results_table
from benchmarks.process import ROOT, Run


def test_the_headline_of_a_generated_corpus_finds_all_that_is_planted_at_eight_tenths(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.headline", "--generated", "150", "--runs", "1", "--peers"]
    said = subprocess.run(
        [*command, "--json", str(tmp_path / "out.json")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "generated, 150 documents" in said.stdout
    measured = json.loads((tmp_path / "out.json").read_text())
    assert [row["name"] for row in measured["results"]] == ["dedup", "dedup exact near"]
    for row in measured["results"]:
        assert row["recall"]["0.8"]["part"] == row["recall"]["0.8"]["whole"] > 0
        assert row["precision"]["part"] == row["precision"]["whole"] > 0
        assert row["wall"]["median"] > 0


def test_folders_without_the_corpus_are_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.headline", "--data", str(tmp_path), "--peers"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "reviews-and-news" in said.stderr


def test_the_table_has_the_ratio_to_each_row_of_ours() -> None:
    accuracy = measure_accuracy({(1, 2)}, {(1, 2): 0.9})
    results = [
        Result("dedup", True, (Run(2.0, 2.0, 100.0), Run(6.0, 6.0, 120.0)), accuracy),
        Result("other", False, (Run(20.0, 20.0, 300.0), Run(60.0, 60.0, 300.0)), accuracy),
    ]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(results_table(results, Corpus("corpus", Path("corpus"), 40_000_000, {}), (0,)))
    ours, other = (line for line in captured.get().splitlines() if "1.0000" in line)
    assert "4.00 (2.00–6.00)" in ours
    assert "120" in ours
    assert "10.00 │" in other


def test_pairs_under_the_threshold_in_the_truth_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    explain({(1, 2): 0.7004, (3, 4): 0.9}, {(1, 2): 0.69982, (3, 4): 0.9}, "dedup", Console(width=200))
    said = capsys.readouterr().out
    assert "1 2: dedup 0.700400, truth 0.699820" in said
    assert "3 4" not in said
