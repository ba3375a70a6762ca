import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import orjson
import pytest

from benchmarks.corpus import BUCKET, KINDS, Generated, Recipe, generate, read_truth, write_corpus
from benchmarks.process import ROOT
from benchmarks.vocabulary import SCRIPTS, vocabulary

RANGES = {
    "exact": (1.0, 1.0),
    "light": (0.8, 1.0),
    "heavy": (0.7, 0.8),
    "prepended": (0.9, 1.0),
    "shifted": (0.8, 1.0),
    "embedded": (0.0, 0.5),
}


def shingle_set(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[place : place + 5]) for place in range(len(words) - 4)}


def jaccard(left: str, right: str) -> float:
    one, other = shingle_set(left), shingle_set(right)
    return len(one & other) / len(one | other)


@pytest.fixture(scope="module")
def corpus() -> list[Generated]:
    return list(generate(Recipe(900, planted=0.25)))


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, recipe in (("one", Recipe(200)), ("again", Recipe(200)), ("other", Recipe(200, seed=2))):
        write_corpus(recipe, tmp_path / name, tmp_path / f"{name}.truth")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "one.truth").read_bytes() == (tmp_path / "again.truth").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()


def test_planted_resemblances_are_exact_and_in_the_range_of_their_kind(corpus: list[Generated]) -> None:
    counts = dict.fromkeys(KINDS, 0)
    for document in corpus:
        if document.origin is None:
            continue
        origin = document.origin
        counts[origin.kind] += 1
        assert jaccard(corpus[origin.source].text, document.text) == pytest.approx(origin.resemblance, abs=1e-12)
        least, most = RANGES[origin.kind]
        # The share is of distinct shingles, and a text may hold one twice.
        assert least - 0.01 <= origin.resemblance <= most + 0.01, origin
        assert (origin.resemblance == 1.0) == (origin.kind == "exact")
    assert min(counts.values()) >= 20


def test_an_embedded_copy_stands_whole_in_its_host(corpus: list[Generated]) -> None:
    for document in corpus:
        if document.origin is not None and document.origin.kind == "embedded":
            assert corpus[document.origin.source].text in document.text


def test_the_truth_lists_every_pair_of_half_resemblance_or_more(corpus: list[Generated], tmp_path: Path) -> None:
    write_corpus(Recipe(900, planted=0.25), tmp_path / "corpus", tmp_path / "truth")
    truth = read_truth(tmp_path / "truth")
    shingles = [shingle_set(document.text) for document in corpus]
    owners: dict[tuple[str, ...], list[int]] = {}
    for number, each in enumerate(shingles):
        for shingle in each:
            owners.setdefault(shingle, []).append(number)
    sharing = {pair for numbers in owners.values() for pair in combinations(numbers, 2)}
    similar = {
        (one, other)
        for one, other in sharing
        if 2 * len(shingles[one] & shingles[other]) >= len(shingles[one] | shingles[other])
    }
    assert similar == {pair for pair, origin in truth.items() if origin.resemblance >= 0.5}


def test_lines_are_records_with_the_ids_in_order(tmp_path: Path) -> None:
    summary = write_corpus(Recipe(50), tmp_path / "corpus")
    records = [orjson.loads(line) for line in (tmp_path / "corpus").read_bytes().splitlines()]
    assert [record["id"] for record in records] == list(range(50))
    assert summary.n_bytes == sum(len(record["text"].encode()) for record in records)


@pytest.mark.parametrize("form", ["varied", "copies"])
def test_a_bucket_holds_its_share_of_the_corpus_and_any_two_of_it_resemble(form: str) -> None:
    documents = list(generate(Recipe(1000, bucket=form)))
    ties = [document for document in documents if document.origin is not None and document.origin.kind == BUCKET]
    first = {document.origin.source for document in ties if document.origin is not None}
    assert len(first) == 1
    members = [documents[first.pop()], *ties]
    assert 70 <= len(members) <= 130
    texts = {document.text for document in members}
    assert len(texts) == 1 if form == "copies" else len(texts) > 0.9 * len(members)
    assert min(jaccard(one.text, other.text) for one, other in combinations(members[:20], 2)) >= 0.95


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_has_texts_of_its_own_letters(script: str) -> None:
    text = "".join(document.text for document in generate(Recipe(40, script)))
    letters = [character for character in text if character.isalpha()]
    share = sum(ord(character) < 128 for character in letters) / len(letters)
    expected = {"latin": (1.0, 1.0), "accented": (0.7, 0.95), "cyrillic": (0.0, 0.0), "chinese": (0.0, 0.0)}[script]
    assert expected[0] <= share <= expected[1]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_vocabulary_holds_no_word_twice_and_frequent_ones_are_drawn_more(script: str) -> None:
    words = vocabulary(script)
    assert len(set(words.words)) == len(words.words)
    counts = [int((words.draws == rank).sum()) for rank in (1, 10, 100, 1000)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0


def test_text_is_zipfian_prose_of_mixed_length() -> None:
    texts = [document.text for document in generate(Recipe(500, planted=0.0))]
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[0] >= 20
    assert 80 <= sum(lengths) / len(lengths) <= 120
    assert lengths[-1] > 4 * lengths[len(lengths) // 2]
    words = " ".join(texts).split()
    assert 4 <= sum(map(len, words)) / len(words) <= 8
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert any("\n\n" in text for text in texts)


def test_the_command_writes_corpus_and_truth(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.corpus", str(tmp_path / "out.jsonl"), "--documents", "60"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.startswith("60 documents")
    assert (tmp_path / "out.truth.tsv").exists()
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 60


def test_a_recipe_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="bucket"):
        Recipe(10, bucket="huge")
    with pytest.raises(ValueError, match="planted"):
        Recipe(10, planted=0.9)
    with pytest.raises(ValueError, match="script"):
        vocabulary("runic")
