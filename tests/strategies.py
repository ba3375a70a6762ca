"""Hypothesis strategies shared by the tests."""

from textwrap import fill

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import SearchStrategy

from dedup.kernels import I64, U64, Ragged
from tests.oracles import hash_token, is_settled

INTERESTING = "aB7_ \n\t\r\0.,é\u0301ßЙйκς中文がทด한글🙂\u00ad\u200b\u200d\u202e\ufeff\u00a0\u3000\u2028ﬁ½²™\ud800İ"


def texts(max_size: int = 60) -> SearchStrategy[str]:
    """Any string, with a liking for odd characters, lone surrogates among them."""
    characters = st.one_of(st.sampled_from(INTERESTING), st.characters(codec=None))
    return st.text(characters, max_size=max_size)


WORDS = ("the", "a", "Łukašenka", "election", "выборы", "选举", "x" * 20, "2024", "won't", "ab", "cd", "ef")


def prose(max_lines: int = 8) -> SearchStrategy[str]:
    """Lines of a few words from a small vocabulary, so that repetition is likely."""
    line = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
    return st.lists(line, max_size=max_lines).map("\n".join)


def wrapped_texts() -> SearchStrategy[str]:
    """Hard-wrapped paragraphs with blank lines between some, and lines that break off anywhere."""
    words = st.lists(st.sampled_from(["word", "ёж", "x" * 9, "of", "é", "Word", "a\u2003b"]), min_size=1, max_size=5)
    repeated = st.tuples(words, st.integers(3, 12)).map(lambda drawn: " ".join(drawn[0] * drawn[1]))
    width = st.sampled_from([39, 40, 41, 60, 119, 120, 121])
    block = st.tuples(repeated, width).map(lambda drawn: fill(*drawn, break_on_hyphens=False))
    broken = st.text(st.sampled_from("ab é中\u00a0\u2003"), max_size=60)
    ending = st.sampled_from(["\n\n", "\n\n", "\n"])
    return st.lists(st.tuples(st.one_of(block, block, broken), ending).map("".join), max_size=4).map("".join)


def ragged(max_rows: int = 8, max_length: int = 12, values: int = 2**64 - 1) -> SearchStrategy[Ragged]:
    """Rows of uint64."""
    row = st.lists(st.integers(0, values), max_size=max_length)
    return st.lists(row, min_size=1, max_size=max_rows).map(to_ragged)


def to_ragged(rows: list[list[int]]) -> Ragged:
    """Rows of integers as columns."""
    flat: U64 = np.array([value for row in rows for value in row], dtype=np.uint64)
    offsets: I64 = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return Ragged(flat, offsets)


def settled_texts(max_size: int = 60) -> SearchStrategy[str]:
    """Any string whose characters have the same properties in every Python; lone surrogates among them."""
    return texts(max_size).map(
        lambda text: "".join(each if is_settled(each) or "\ud800" <= each < "\ue000" else "x" for each in text)
    )


TERMS = tuple(hash_token(f"term{number}") for number in range(40))
"""Hashes of the words `term0`, `term1` …"""


def written(rows: list[list[int]]) -> list[str]:
    """Rows of `TERMS` as texts."""
    return [" ".join(f"term{TERMS.index(term)}" for term in row) for row in rows]


def token_rows(max_rows: int = 8, max_length: int = 30, vocabulary: int = 6) -> SearchStrategy[list[list[int]]]:
    """Texts as lists of token hashes from a small vocabulary, so that they share shingles."""
    row = st.lists(st.sampled_from(TERMS[:vocabulary]), max_size=max_length)
    return st.lists(row, min_size=1, max_size=max_rows)


SCRIPTS = {
    "Latin with diacritics": "Žluťoučký kůň přes ulici, naïve façade; Łódź übt Öl",
    "Cyrillic": "Ёжик в тумане: Їжак, Ўладзімір і Љубљана",
    "Greek": "Ὁ Ὀδυσσεύς ἦλθεν εἰς τὴν Ἰθάκην. ΟΔΟΣ ᾳ",
    "Arabic": "أَهْلًا وَسَهْلًا بِكُمْ في ١٢٣ بيتًا؟",
    "Hebrew": "שָׁלוֹם עוֹלָם, מה נשמע היום?",
    "Devanagari": "हिन्दी में क़ानून और क्षेत्र की ख़बरें।",
    "Korean": "안녕하세요, 세계 여러분! 오늘은 2024년",
    "Chinese": "北京是中华人民共和国的首都，人口二千万。",
    "Japanese": "東京はとても大きいです。カタカナもある々",
    "Thai": "ภาษาไทยไม่มีช่องว่าง น้ำ",
    "emoji": "ok 👍🏽 fine 👩\u200d👩\u200d👧 1️⃣ 🇧🇾 end",
    "mixed right-to-left": "The word \u2067שלום\u2069 means \u202bسلام\u202c, not война",
}
"""A sentence in each of several scripts."""
