"""Any script: near-duplicates are found where words are not written apart, and mixed and reversed text stays whole."""

import numpy as np
import pytest

from dedup import Document, Relation
from dedup.scanning import clean, pairs, scan
from tests.scanning.oracle import tokens
from tests.scanning.snapshot import paired_matches, place_of

SCRIPTS = {
    "chinese": "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈",
    "japanese": "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす日本語",
    "thai": "กขคงจฉชซญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
}
HANGUL = [
    "가격",
    "나라",
    "다리",
    "라면",
    "마을",
    "바다",
    "사람",
    "아침",
    "자동차",
    "하늘",
    "정부",
    "선거",
    "대통령",
    "경제",
]
ARABIC = ["كتاب", "مدينة", "رئيس", "انتخابات", "يوم", "ماء", "طريق", "شمس", "قمر", "سوق", "حكومة", "بحر"]
HEBREW = ["ספר", "עיר", "נשיא", "בחירות", "יום", "מים", "דרך", "שמש", "ירח", "שוק"]


def written(generator: np.random.Generator, script: str, length: int) -> str:
    """A text of that many letters, or words, of a script."""
    if script in SCRIPTS:
        return "".join(generator.choice(list(SCRIPTS[script]), length))
    vocabulary = {"korean": HANGUL, "arabic": ARABIC, "hebrew": HEBREW, "mixed": [*HANGUL, *ARABIC, "word", "слово"]}
    return " ".join(generator.choice(vocabulary[script], length))


def edited(text: str, place: int) -> str:
    """One letter or word taken out."""
    if " " in text:
        several = text.split(" ")
        return " ".join([*several[:place], *several[place + 1 :]])
    return text[:place] + text[place + 1 :]


@pytest.mark.parametrize("script", [*SCRIPTS, "korean", "arabic", "hebrew", "mixed"])
def test_near_duplicates_are_found(script: str) -> None:
    generator = np.random.default_rng(1)
    documents = []
    for number in range(0, 40, 2):
        text = written(generator, script, 100)
        documents += [Document(number, text), Document(number + 1, edited(text, 50) + "。")]
    found = paired_matches(pairs(documents))
    assert {match.relation for match in found} == {Relation.NEAR}
    places = {place_of(match) for match in found}
    assert places <= {(number, number + 1) for number in range(0, 40, 2)}
    assert len(places) >= 19


@pytest.mark.parametrize("script", [*SCRIPTS, "korean", "arabic", "hebrew", "mixed"])
def test_a_repeated_paragraph_is_found_where_it_stands_and_cut(script: str) -> None:
    generator = np.random.default_rng(2)
    line, other = written(generator, script, 30), written(generator, script, 30)
    text = f"\u200f{line}\r\n{other}\r\n\u202b{line}\u202c\r\n"
    (match,) = scan([Document(1, text)]).matches
    assert match.right is not None
    assert (match.relation, match.left.line, match.right.line) == (Relation.EXACT, 1, 3)
    assert line in text[match.left.start : match.left.end]
    assert line in text[match.right.start : match.right.end]
    assert clean(text).text == f"\u200f{line}\r\n{other}\r\n"


def test_a_single_unspaced_line_is_not_short() -> None:
    report = scan([Document(1, "天地玄黄宇宙"), Document(2, "天地玄"), Document(3, "กขคงจ")])
    assert [decision.reason for decision in report.decisions] == ["unique", "short", "unique"]


def test_composed_full_width_and_upper_case_forms_are_the_same_text() -> None:
    texts = ["Café naïve 2024 Straße Ελλάς word", "CAFE\u0301 NAI\u0308VE ２０２４ STRASSE ΕΛΛΆΣ ｗｏｒｄ"]
    assert tokens(texts[0]) == tokens(texts[1])
    report = scan([Document(number, text) for number, text in enumerate(texts)])
    assert report.decisions[1].reason == "exact"


def test_emoji_alone_are_no_words() -> None:
    texts = ["🙂🙂🙂 🎉 ❤️\n" * 20, "🙂🙂🙂 🎉 ❤️\n" * 20, "👩‍👩‍👧‍👦"]
    report = scan([Document(number, text) for number, text in enumerate(texts)])
    assert report.counts.reasons == {"empty": 3}
    assert len(report.matches) == 0


def test_emoji_between_words_change_nothing() -> None:
    texts = ["Five words stand in here", "Five 🙂 words ❤️ stand… in ‘here’ 🎉"]
    report = scan([Document(number, text) for number, text in enumerate(texts)])
    assert report.decisions[1].reason == "exact"
