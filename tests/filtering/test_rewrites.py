"""Rewrites in the filter: kept and counted and told of, or dropped where that is asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from dedup import Config, ConfigError, Relation
from dedup.filtering import FilterOptions, FilterResult, Mode, filter_records
from dedup.filtering.verdicts import KEPT_REASONS, REASONS, Verdicts
from tests.filtering.inputs import CONFIG, Filtered, lines_of
from tests.index.rewordings import stories

RELATIONS = (*CONFIG.relations, Relation.REWRITE)
LOOKING = replace(CONFIG, relations=RELATIONS, min_score=0.3)


def go(folder: Path, config: Config | None = LOOKING, **options: object) -> FilterResult:
    """Filter stories, of which some reword others."""
    (folder / "in.jsonl").write_bytes(b"".join(lines_of(stories(60))))
    return filter_records(
        str(folder / "in.jsonl"), str(folder / "out.jsonl"), config, index=str(folder / "seen"),
        options=FilterOptions(batch=17, **options),  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_rewrite_is_kept_and_counted(tmp_path: Path) -> None:
    result = go(tmp_path, rejected=str(tmp_path / "rejected.jsonl"))
    tally = result.tally
    rewrites = tally.relations["rewrite"]
    assert rewrites > 0
    assert tally.dropped == sum(number for name, number in tally.relations.items() if name != "rewrite") > 0
    done = Filtered(result, tmp_path)
    assert len(done.rows("out.jsonl")) == tally.kept == 60 - tally.dropped
    assert "rewrite" not in {row["reason"] for row in done.rows("rejected.jsonl")}
    assert len(done.rows("rejected.jsonl")) == tally.dropped


def test_annotate_tells_what_a_record_rewords(tmp_path: Path) -> None:
    result = go(tmp_path, mode=Mode.ANNOTATE)
    rows = Filtered(result, tmp_path).rows("out.jsonl")
    assert len(rows) == 60
    rewrites = [row for row in rows if row["dedup_relation"] == "rewrite"]
    assert len(rewrites) == result.tally.relations["rewrite"]
    kept = {row["id"] for row in rows if row["dedup_keep"]}
    for row in rewrites:
        assert (row["dedup_keep"], row["dedup_reason"]) == (True, "rewrite")
        assert row["dedup_representative"] in kept
        assert isinstance(row["dedup_score"], float)
        assert LOOKING.min_score <= row["dedup_score"] <= 1
    assert all(row["dedup_score"] is None for row in rows if row["dedup_relation"] != "rewrite")


def test_rewrites_are_dropped_where_that_is_asked_for(tmp_path: Path) -> None:
    result = go(tmp_path, drop_rewrites=True, rejected=str(tmp_path / "rejected.jsonl"))
    done = Filtered(result, tmp_path)
    rejected = [row for row in done.rows("rejected.jsonl") if row["reason"] == "rewrite"]
    assert len(rejected) == result.tally.relations["rewrite"] > 0
    kept = {row["id"] for row in done.rows("out.jsonl")}
    assert all(row["representative"] in kept and row["score"] is not None for row in rejected)
    assert len(kept) == 60 - result.tally.dropped
    with pytest.raises(ConfigError, match="begun with --drop rewrite, not left out"):
        go(tmp_path)


def test_an_index_that_finds_no_rewrites_drops_none_and_says_so(tmp_path: Path) -> None:
    go(tmp_path, CONFIG)
    with pytest.raises(ConfigError, match="finds no rewrites to drop"):
        go(tmp_path, None, drop_rewrites=True, restart=True)


def test_verdicts_are_the_same_from_their_bytes(tmp_path: Path) -> None:
    import numpy as np

    reasons = np.arange(len(REASONS), dtype=np.int8)
    repeating = np.arange(len(KEPT_REASONS), len(REASONS))
    scores = np.linspace(0.1, 0.9, 5 * repeating.size).reshape(5, -1)
    scores[4, :3] = np.nan
    verdicts = Verdicts(reasons, repeating, [b'"a"'] * repeating.size, scores)
    again = Verdicts.decoded(verdicts.encoded())
    assert np.array_equal(again.reasons, reasons)
    assert np.array_equal(again.scores, scores, equal_nan=True)
    assert (again.counts()["rewrite"], again.n_dropped) == (2, 4)
    assert again.keep.tolist() == [True] * 3 + [False] * 4 + [True]
