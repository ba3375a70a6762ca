import random
import re

import numpy as np
import pytest

from dedup.calibrating import Sources, edited, plant
from dedup.calibrating.planting import EDITS, LEAST_WORDS
from dedup.model import Document, Edit

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]


def text_of(number: int, length: int = 120) -> str:
    drawn = random.Random(number)  # noqa: S311
    return " ".join(f"{drawn.choice(WORDS)}{drawn.randrange(90)}" for _ in range(length)) + "."


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def offered(documents: list[Document], number: int = 5, seed: int = 1) -> Sources:
    sources = Sources(number, seed)
    for document in documents:
        sources.offer(document)
    return sources


DOCUMENTS = [Document(number, text_of(number)) for number in range(40)]


def test_the_sample_depends_on_the_texts_and_the_seed_alone() -> None:
    chosen = offered(DOCUMENTS).chosen()
    assert len(chosen) == 5
    assert offered(DOCUMENTS[::-1]).chosen() == chosen
    assert offered(DOCUMENTS, seed=2).chosen() != chosen
    assert offered(DOCUMENTS, number=9).chosen()[:5] == chosen
    assert offered(DOCUMENTS[:3]).seen == 3


def test_of_the_same_text_the_first_is_a_source() -> None:
    twice = [*DOCUMENTS, *(Document(1000 + each.id, each.text) for each in DOCUMENTS if isinstance(each.id, int))]
    assert offered(twice, number=80).chosen() == offered(DOCUMENTS, number=80).chosen()


@pytest.mark.parametrize("text", ["", "too few words " * 5, "x" * 2_000_000, "- " * 500, "\x00" * 90])
def test_short_and_wordless_texts_are_no_sources(text: str) -> None:
    assert offered([Document("a", text)]).chosen() == []


def test_no_sources_are_wanted_and_none_taken() -> None:
    assert offered(DOCUMENTS, number=0).chosen() == []


def test_every_source_gets_a_copy_of_each_edit_with_an_id_of_its_own() -> None:
    taken = [Document("planted:0:copy:0", text_of(77)), Document("planted+:x", text_of(78)), *DOCUMENTS]
    sources = offered(taken)
    planted = plant(sources.chosen(), sources.free_prefix(), seed=3)
    assert [each.edit for each in planted] == [*EDITS] * 5
    ids = [each.document.id for each in planted]
    assert len({*ids, *(each.id for each in taken)}) == len(ids) + len(taken)
    assert plant(sources.chosen(), sources.free_prefix(), seed=3) == planted
    assert plant(sources.chosen(), sources.free_prefix(), seed=4) != planted
    texts = {each.id: each.text for each in taken}
    assert all(each.document.text == texts[each.source] for each in planted if each.edit.kind == "copy")


@pytest.mark.parametrize("strength", [0.01, 0.05, 0.2, 1.0])
def test_the_share_of_words_changed_is_the_strength(strength: float) -> None:
    source, donor = text_of(1, 400), " ".join(f"other{number}" for number in range(500))
    changed = round(strength * 400)
    words = edited(source, donor, Edit("words", strength), generator()).split()
    put_in = sum(word.startswith("other") for word in words)
    kept = sum(not word.startswith("other") for word in words)
    # Each change takes a word out, puts one in, or both.
    assert put_in <= changed
    assert 400 - changed <= kept <= 400
    assert put_in + (400 - kept) >= changed
    block = edited(source, donor, Edit("block", strength), generator()).split()
    places = [place for place, word in enumerate(block) if word.startswith("other")]
    assert len(places) == changed
    assert places == list(range(places[0], places[0] + changed))
    assert len(block) == 400


def test_at_least_one_word_is_changed() -> None:
    source = text_of(2, LEAST_WORDS)
    for kind in ("words", "block"):
        assert edited(source, text_of(3), Edit(kind, 0.001), generator(1)) != source


def test_scripts_without_spaces_are_changed_by_characters() -> None:
    source, donor = "".join(chr(0x4E00 + number) for number in range(200)), "日" * 300
    block = edited(source, donor, Edit("block", 0.1), generator())
    assert len(block) == 200
    assert block.count("日") == 20
    assert re.search("日{20}", block)


@pytest.mark.parametrize("hostile", ["", "\x00\ud800", "....", "a"])
def test_hostile_texts_are_edited_without_an_error(hostile: str) -> None:
    for edit in EDITS:
        assert isinstance(edited(hostile, text_of(1), edit, generator()), str)
        assert isinstance(edited(text_of(1), hostile, edit, generator()), str)
