"""Prompt residue: what is found on a line, what is quoted, what is let pass, and the properties that always hold."""

import time
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

from dedup.kernels import choose
from dedup.labelling.residue import find_residue, residue_of_line, trigger_keywords
from dedup.labelling.residue_grammar import RESIDUE_WEIGHT, SUSPECT_WEIGHT, shipped_grammar
from dedup.labelling.residue_window import HEAD_CHARACTERS, TAIL_CHARACTERS
from dedup.model import TextColumn
from dedup.tokenising import token_hashes, tokenise
from tests.strategies import INTERESTING, WORDS

SEEDS = sorted(Path(__file__).parents[2].joinpath("seeds").glob("*.txt"))
TITLE = "Russia plans closer cooperation with Belarus"


def quoted(line: str) -> str | None:
    found = residue_of_line(line)
    assert found is not None
    return None if found.quoted is None else line[slice(*found.quoted)]


def test_seeds_hold_two_prompts_and_nothing_else() -> None:
    assert len(SEEDS) == 5
    found = {
        (path.name[:3], residue.span.line): (residue, text)
        for path in SEEDS
        for text in [path.read_bytes().decode()]
        for residue in find_residue(text, suspect=True)
    }
    assert sorted(found) == [("001", 10), ("001", 11)]
    residue, text = found["001", 10]
    assert residue.kind == "instruction"
    assert residue.quoted is not None
    assert text[residue.quoted.start : residue.quoted.end] == TITLE
    assert residue.quoted.line == residue.quoted.end_line == 10
    residue, text = found["001", 11]
    assert text[residue.span.start : residue.span.end] == "rewrite this content and keep HTML tags"
    assert residue.quoted is None


@pytest.mark.parametrize(
    ("line", "material"),
    [
        (f"rewrite this title {TITLE}", TITLE),
        (f"Rewrite the following headline: {TITLE}", TITLE),
        (f"  Please rewrite this title – “{TITLE}”  ", TITLE),
        (f'Paraphrase this headline "{TITLE}"', TITLE),
        (f"rewrite this title in other words: {TITLE}", TITLE),
        (f"[gpt]rewrite this title {TITLE}[/gpt]", TITLE),
        (f"<p><strong>Rewrite this title</strong>: {TITLE}</p>", TITLE),
        (f"**Rewrite this title:** *{TITLE}*", TITLE),
        (f"\ufeffrew\u00adrite this\u200b title {TITLE}", TITLE),
        (f"Перепиши этот заголовок: {TITLE}", TITLE),
        (f"Formuliere diesen Titel um: {TITLE}", TITLE),
        ("请改写以下标题：俄罗斯计划", "俄罗斯计划"),
        ("Rewrite the following headline: Minsk: a city changes", "Minsk: a city changes"),
        ("rewrite this content and keep HTML tags", None),
        ("Rewrite this article in a more engaging tone.", None),
        ("rewrite this title [original_title]", None),
        ("rewrite this title:", None),
        ("rewrite this title: …", None),
        ("Below is a refined draft of the report: It rains.", None),
    ],
)
def test_material_that_an_instruction_quotes_is_located(line: str, material: str | None) -> None:
    assert quoted(line) == material


def test_quoted_material_runs_to_the_end_of_a_long_line() -> None:
    material = "It rained in Minsk. " * 100 + "Then it stopped."
    assert quoted(f"rewrite this content: {material}") == material


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Summarize this report in at most 80 words", "instruction"),
        ("Gladly! Below is the reworded report as HTML:", "preamble"),
        ("Here’s the **rewritten** title: Putin eyes closer ties", "preamble"),
        ("Let me know if you'd like any further changes!", "postamble"),
        ("My apologies, but I cannot comply with that request.", "refusal"),
        ("As of my last knowledge update in January 2022, she was the mayor.", "cut-off"),
        ("<|im_start|>assistant", "marker"),
        ("See https://example.org/a?utm_source=chatgpt.com", "marker"),
        ("Summarize {{content}} in a friendly tone in 50 words", "instruction"),
        ("Вот переписанный вариант статьи:", "preamble"),
        ("Перепишите следующий текст, сохранив HTML-теги", "instruction"),
        ("Перапішы гэты тэкст", "instruction"),
        ("Ось переписаний варіант тексту:", "preamble"),
        ("Oto poprawiona wersja tekstu:", "preamble"),
        ("好的，以下是润色后的版本：", "preamble"),
        ("作为一个AI语言模型，我无法回答", "refusal"),
        ("Reescribe el siguiente artículo en español", "instruction"),
        ("Claro, aquí tienes el texto reescrito:", "preamble"),
        ("Réécris cet article en gardant les balises HTML", "instruction"),
        ("Voici une version reformulée :", "preamble"),
        ("Hier ist der überarbeitete Text:", "preamble"),
    ],
)
def test_kinds_are_told_apart_in_several_languages(line: str, kind: str) -> None:
    found = residue_of_line(line)
    assert found is not None
    assert found.kind == kind
    assert found.weight >= RESIDUE_WEIGHT


@pytest.mark.parametrize(
    "line",
    [
        "Leave a Comment",
        '"Rewrite this article," the editor said.',
        "“Rewrite this article,” the editor said.",
        'The chatbot replied: "As an AI language model, I never sleep".',
        "Do not rewrite this text.",
        "Rewrite the following sentences in the passive voice.",
        "// rewrite this text and keep HTML tags",
        "Rewrite this section of the module in Rust",
        "Summarize this article with ChatGPT",
        "Translate this page",
        "Edit this article",
        "Write a review",
        "Rewriting history in Belarus",
        "He asked the class to rewrite this text.",
        "Revised: 12 May 2020",
        "Here is the revised schedule:",
        "Here is an edited version of their conversation with the mayor:",
        "Would you like me to call a taxi?",
        "Let me know if you have questions.",
        "This revised version of the bill, lawmakers say: no tax.",
        "Вот полный текст выступления:",
        "Voici le texte de la loi :",
        "Hier ist der Text der Rede:",
        "Aquí está el texto completo:",
        "以下是全文内容：",
    ],
)
def test_what_people_write_is_let_pass(line: str) -> None:
    found = residue_of_line(line)
    assert found is None or found.weight < RESIDUE_WEIGHT


def test_suspects_are_given_when_asked_for_alone() -> None:
    text = "News\nRevised:\nMore news"
    assert find_residue(text) == []
    (found,) = find_residue(text, suspect=True)
    assert SUSPECT_WEIGHT <= found.weight < RESIDUE_WEIGHT
    assert found.span.line == 2


def test_weights_are_summed_and_the_heaviest_rule_is_named() -> None:
    found = residue_of_line("[gpt]rewrite this content and keep HTML tags[/gpt]")
    assert found is not None
    assert (found.kind, found.rule) == ("marker", "plugin-shortcode")
    assert found.weight == 4 + 3 + 1


def test_span_leaves_white_space_out_and_lines_end_at_newlines_alone() -> None:
    text = "one\r\n\u00a0\t rewrite this text \x0b\r\n\u2028rewrite this text\u2028more"
    first, second = find_residue(text)
    assert text[first.span.start : first.span.end] == "rewrite this text"
    assert (first.span.line, first.span.end_line) == (2, 2)
    assert text[second.span.start : second.span.end] == "rewrite this text\u2028more"
    assert second.span.line == 3


def test_only_the_windows_of_a_line_are_read() -> None:
    marker = "<|im_start|>"
    assert residue_of_line("a " * (HEAD_CHARACTERS // 2) + "b " * TAIL_CHARACTERS + marker) is not None
    assert residue_of_line("a " * HEAD_CHARACTERS + marker + " b" * TAIL_CHARACTERS) is None
    assert residue_of_line("rewrite this text " + "b " * 10_000) is not None


def test_word_cut_by_the_window_is_no_keyword() -> None:
    cut = "a" * (HEAD_CHARACTERS - len(" <|im_start|>[gpt")) + " <|im_start|>[gpt"
    assert residue_of_line(cut + "x]" + " b" * TAIL_CHARACTERS) == residue_of_line(
        cut.removesuffix("[gpt") + "    " + "x]" + " b" * TAIL_CHARACTERS
    )
    head = "b " * (HEAD_CHARACTERS // 2 - len("as an ai language model") // 2 - 1) + "as an ai language model"
    assert residue_of_line(head + "ling school opened" + " b" * TAIL_CHARACTERS) is None


@pytest.mark.parametrize(
    "text",
    [
        "a " * 5_000_000,
        "a" * 10_000_000,
        " " * 10_000_000,
        "x" + "\u00a0" * 10_000_000,
        "\n" * 200_000,
        "a b\n" * 100_000,
    ],
    ids=["words", "one token", "spaces", "spaces after", "empty lines", "short lines"],
)
def test_huge_texts_are_read_to_their_end(text: str) -> None:
    # In a time that grows with the square of the text this would not end.
    assert find_residue(text) == []


@pytest.mark.parametrize("filler", ["*", '"', "</b>", "#", "[/gpt]", "\u200b", "é́"])
def test_huge_hostile_material_is_located_quickly(filler: str) -> None:
    begin = time.perf_counter()
    residue_of_line("rewrite this title: x" + filler * 1_000_000)
    residue_of_line("rewrite this title: " + filler * 1_000_000)
    assert time.perf_counter() - begin < 5


def lines() -> SearchStrategy[str]:
    """Examples of the rules, whole, cut, joined or with noise between their characters, and ordinary lines."""
    grammar = shipped_grammar()
    examples = [rule.example for rule in grammar.rules] + [rule.counterexample for rule in grammar.rules]
    keywords = sorted(trigger_keywords())
    example = st.sampled_from(examples)
    noise = st.text(st.sampled_from(INTERESTING.replace("\n", "") + "\u0301“”’*#<>[]"), max_size=3)
    cut = st.builds(lambda text, start, end: text[start:end], example, st.integers(0, 8), st.integers(6, 80))
    broken = st.builds(lambda text, place, dirt: text[:place] + dirt + text[place:], example, st.integers(0, 60), noise)
    padding = st.integers(0, 400).map(lambda count: "filler " * (count // 7))
    word = st.one_of(st.sampled_from(WORDS), st.sampled_from(keywords), noise)
    part = st.one_of(example, cut, broken, noise, padding, word)
    return st.lists(part, max_size=5).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda gap: gap.join(parts)))


documents = st.lists(lines(), max_size=6).map("\n".join)


@given(documents)
def test_spans_slice_back_to_stripped_lines_and_quoted_lies_within(text: str) -> None:
    by_line = text.split("\n")
    for found in find_residue(text, suspect=True):
        assert text[found.span.start : found.span.end] == by_line[found.span.line - 1].strip()
        assert found.span.line == found.span.end_line == text.count("\n", 0, found.span.start) + 1
        assert found.span.document is None
        if found.quoted is not None:
            assert found.span.start < found.quoted.start < found.quoted.end <= found.span.end
            material = text[found.quoted.start : found.quoted.end]
            assert material == material.strip()


@given(documents)
def test_a_text_is_judged_line_by_line_and_no_line_twice(text: str) -> None:
    found = find_residue(text, suspect=True)
    judged = {number: each for number, line in enumerate(text.split("\n"), 1) if (each := residue_of_line(line))}
    assert [residue.span.line for residue in found] == sorted(judged)
    for residue in found:
        expected = judged[residue.span.line]
        assert (residue.kind, residue.rule, residue.weight) == (expected.kind, expected.rule, expected.weight)
        line_start = (
            0 if residue.span.line == 1 else sum(len(line) + 1 for line in text.split("\n")[: residue.span.line - 1])
        )
        shifted = None if expected.quoted is None else tuple(line_start + place for place in expected.quoted)
        assert shifted == (None if residue.quoted is None else (residue.quoted.start, residue.quoted.end))
    assert find_residue(text) == [residue for residue in found if residue.weight >= RESIDUE_WEIGHT]


@given(lines())
def test_rejecting_lines_without_a_trigger_keyword_changes_nothing(line: str) -> None:
    kernels = choose(0)
    triggers = set(token_hashes(sorted(trigger_keywords()), kernels).tolist())
    held = set(tokenise(TextColumn.from_strings([line]), kernels).hashes.tolist())
    if residue_of_line(line) is not None:
        assert triggers & held


def test_grammar_is_read_and_first_used_in_little_time() -> None:
    shipped_grammar.cache_clear()
    begin = time.perf_counter()
    shipped_grammar()
    assert time.perf_counter() - begin < 1
