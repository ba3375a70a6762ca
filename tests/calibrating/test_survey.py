import json
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dedup.calibrating import PairKey, Survey, pair_key, survey
from dedup.calibrating.planting import EDITS
from dedup.calibrating.survey import thresholds_from
from dedup.config import PAIR_RELATIONS, Config
from dedup.errors import InputError
from dedup.model import Edit, Level, Relation
from dedup.scanning import pairs

FAMILIES, MEMBERS = 12, 4


def corpus(folder: Path) -> Path:
    """Families of near-duplicates of all degrees, exact copies among them, and a line that is no record."""
    drawn = random.Random(7)  # noqa: S311
    vocabulary = [f"word{number}" for number in range(3000)]
    rows = []
    for family in range(FAMILIES):
        words = [drawn.choice(vocabulary) for _ in range(150)]
        for member in range(MEMBERS):
            changed = list(words)
            for _ in range(member * 4):
                changed[drawn.randrange(150)] = drawn.choice(vocabulary)
            rows.append({"id": f"{family}-{member}", "text": " ".join(changed)})
        rows.append({"id": f"copy-{family}", "text": " ".join(words)})
    file = folder / "corpus.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows) + "oops\n", "utf-8")
    return file


def surveyed(file: Path, labels: dict[PairKey, bool] | None = None, per_band: int = 3, seed: int = 1) -> Survey:
    return survey([str(file)], Config(), labels or {}, lowest=0.4, sources=6, per_band=per_band, seed=seed)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("corpus"))


def test_bands_count_the_near_pairs_that_a_scan_finds(file: Path) -> None:
    found = surveyed(file)
    low = Config(threshold=0.4, relations=PAIR_RELATIONS[:2], level=Level.DOCUMENT)
    report = pairs([str(file)], low)
    near = [match.resemblance or 0.0 for match in report.matches if match.relation is Relation.NEAR]
    edges = [*found.thresholds, 1.01]
    assert len(near) > 20
    assert found.band_pairs == tuple(sum(low <= value < high for value in near) for low, high in pairwise(edges))
    assert found.exact == FAMILIES == sum(match.relation is Relation.EXACT for match in report.matches)
    assert (found.documents, len(found.quarantined)) == (FAMILIES * (MEMBERS + 1), 1)


def test_the_sample_has_some_pairs_of_each_band_and_none_planted(file: Path) -> None:
    found = surveyed(file)
    by_band = Counter(pair.band for pair in found.sample)
    assert by_band == {band: min(number, 3) for band, number in enumerate(found.band_pairs) if number}
    for pair in found.sample:
        match = found.match(pair)
        assert (match.left.document, match.right and match.right.document) == (pair.left, pair.right)
        assert match.relation is Relation.NEAR
        assert found.thresholds[pair.band] <= pair.resemblance == match.resemblance
        assert not str(pair.left).startswith("planted")
        assert not str(pair.right).startswith("planted")
    assert surveyed(file).sample == found.sample
    assert {pair.index for pair in surveyed(file, seed=5).sample} != {pair.index for pair in found.sample}


def test_what_is_planted_is_found_by_how_little_it_was_changed(file: Path) -> None:
    planted = surveyed(file).planted
    assert list(planted) == list(EDITS)
    assert all(len(values) == 6 for values in planted.values())
    assert planted[Edit("copy", 0.0)] == (1.0,) * 6
    for kind in ("words", "block"):
        means = [sum(values) for edit, values in planted.items() if edit.kind == kind]
        assert means == sorted(means, reverse=True)
    # One word in twenty, each in five shingles: less than a quarter of the shingles is another.
    assert all(0.5 < value < 0.85 for value in planted[Edit("words", 0.05)])


def test_labels_count_in_the_band_of_their_pair_whichever_side_is_left(file: Path) -> None:
    first = surveyed(file)
    some = first.sample[:6]
    labels = {pair_key(pair.right, pair.left): place % 2 == 0 for place, pair in enumerate(some)}
    labels[pair_key("0-0", "1-0")] = True
    found = surveyed(file, labels)
    by_band = Counter(pair.band for pair in some)
    assert found.labelled == tuple(by_band[band] for band in range(len(found.thresholds)))
    assert sum(found.same) == 3
    assert found.used == {pair_key(pair.left, pair.right) for pair in some}
    assert found.sample == first.sample


def test_threads_change_nothing(file: Path) -> None:
    def of(workers: int) -> Survey:
        found = survey([str(file)], Config(), {}, lowest=0.4, sources=6, per_band=3, seed=1, workers=workers)
        return replace(found, report=surveyed(file).report, quarantined=())

    one, three = of(1), of(3)
    assert (one.sample, one.planted, one.band_pairs) == (three.sample, three.planted, three.band_pairs)


@pytest.mark.parametrize("seed", [1, 2**32 - 1])
def test_an_empty_corpus_has_nothing(tmp_path: Path, seed: int) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", "utf-8")
    found = surveyed(empty, seed=seed)
    assert (found.documents, found.sample, found.planted, sum(found.band_pairs)) == (0, (), {}, 0)


def test_a_path_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="missing"):
        surveyed(Path("missing.jsonl"))


def test_thresholds_are_multiples_of_a_twentieth_from_the_lowest() -> None:
    assert thresholds_from(0.8) == (0.8, 0.85, 0.9, 0.95)
    assert thresholds_from(0.82) == (0.82, 0.85, 0.9, 0.95)
    assert thresholds_from(0.4)[:3] == (0.4, 0.45, 0.5)
