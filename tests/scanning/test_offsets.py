"""Contract 5: spans are of the original text, whatever normalisation did."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup import Config, Document, Match, Relation, Span
from dedup.model import Level
from dedup.scanning import findings, pairs, scan
from tests.corpora import corpora, odd_corpora, pages
from tests.scanning.oracle import tokens
from tests.scanning.snapshot import Find, slice_of, texts_of

config = Config(level=Level.BOTH, repeated_lines=3)
configs = st.sampled_from([config, Config(repeated_lines=3, keep="last"), Config(repeated_lines=3, keep="longest")])
some = st.one_of(corpora(most=5), odd_corpora())
finds = st.sampled_from([scan, pairs])


def sides(match: Match) -> list[Span]:
    return [match.left] if match.right is None else [match.left, match.right]


@given(some, finds, configs)
@settings(max_examples=16)
def test_spans_stand_at_the_lines_they_name(documents: list[Document], find: Find, config: Config) -> None:
    texts = texts_of(documents)
    for match in find(documents, config).matches:
        for span in sides(match):
            assert span.document is not None
            text = texts[span.document]
            assert 0 <= span.start < span.end <= len(text)
            assert span.line == text.count("\n", 0, span.start) + 1
            assert span.end_line == text.count("\n", 0, span.end - 1) + 1


@given(some, finds, configs, st.integers(1, 3), st.integers(1, 9))
@settings(max_examples=16)
def test_places_looked_at_in_several_parts_are_the_same(
    documents: list[Document], find: Find, config: Config, at_once: int, parts: int
) -> None:
    expected = list(find(documents, config).matches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "_SPANS_AT_ONCE", at_once)
        patch.setattr(findings, "_MOST_PARTS", parts)
        assert list(find(documents, config).matches) == expected


@given(some, finds, configs)
@settings(max_examples=16)
def test_both_slices_of_an_exact_match_have_the_same_tokens(
    documents: list[Document], find: Find, config: Config
) -> None:
    texts = texts_of(documents)
    for match in find(documents, config).matches:
        if match.relation is Relation.EXACT:
            left, right = (tokens(slice_of(texts, span)) for span in sides(match))
            assert left == right != ()


@given(some, finds, configs)
@settings(max_examples=15)
def test_excerpts_are_the_slices(documents: list[Document], find: Find, config: Config) -> None:
    texts = texts_of(documents)
    report = find(documents, config)
    for place, match in enumerate(report.matches):
        expected = [slice_of(texts, span)[:2000] for span in sides(match)]
        assert report.excerpts(place) == (*expected, "")[:2]


@given(some)
@settings(max_examples=15)
def test_whole_documents_are_spans_of_the_whole_text(documents: list[Document]) -> None:
    texts = texts_of(documents)
    for match in pairs(documents).matches:
        for span in sides(match):
            assert span.document is not None
            assert (span.start, span.end, span.line) == (0, len(texts[span.document]), 1)


@given(some, finds)
@settings(max_examples=16)
def test_the_sides_of_a_passage_do_not_overlap(documents: list[Document], find: Find) -> None:
    for match in find(documents, config).matches:
        if match.right is not None and match.right.document == match.left.document:
            assert match.left.end <= match.right.start


@given(pages())
@settings(max_examples=18)
def test_no_passage_runs_across_residue_and_seams_name_what_lies_between(text: str) -> None:
    matches = list(scan([Document("page", text)], config).matches)
    residue = [match.left for match in matches if match.relation is Relation.RESIDUE]
    for match in matches:
        if match.right is None:
            continue
        for side in sides(match):
            for line in residue:
                apart = line.end <= side.start or side.end <= line.start
                # A title quoted by an instruction lies within the line.
                assert apart or line.start <= side.start <= side.end <= line.end
        between = [line.line for line in residue if match.left.end <= line.start and line.end <= match.right.start]
        if not any(line.start <= match.right.start < line.end for line in residue):
            assert list(match.evidence.seam) == between


@given(pages())
@settings(max_examples=16)
def test_boilerplate_names_its_lines_and_how_often_it_stands_there(text: str) -> None:
    lines = text.split("\n")
    for match in scan([Document("page", text)], config).matches:
        if match.relation is not Relation.BOILERPLATE:
            continue
        pattern = match.evidence.pattern
        assert pattern == text[match.left.start : match.left.end]
        assert match.evidence.lines[0] == match.left.line
        assert match.evidence.occurrences == len(match.evidence.lines) >= config.repeated_lines
        words = tokens(pattern)
        for number in match.evidence.lines:
            line = tokens(lines[number - 1])
            # The pattern is what the lines have in common as characters, or the first of them where that is nothing.
            assert line == words or pattern in lines[number - 1] or line[:5] == words[:5] or line[-5:] == words[-5:]


LATIN = "One paragraph of seven words stands here."


@pytest.mark.parametrize(
    "between",
    ["\n", "\r\n", "\n\r\n\r\n", "\n\ufeff\n", "\n\0\0\n", "\n\ud800\n", "\n🙂 é \u200f\n", "\n\u2028\n", "\n中文\n"],
)
@pytest.mark.parametrize("before", ["\ufeff", "\0🙂\ud83d", "\u200b\u00a0 ", "é x\r\n\r\n"])
def test_spans_are_exact_after_any_characters(before: str, between: str) -> None:
    text = before + LATIN + between + LATIN.upper() + "\r\n"
    matches = [match for match in scan([Document(1, text)]).matches if match.relation is Relation.EXACT]
    assert len(matches) == 1
    left, right = sides(matches[0])
    assert text[left.start : left.end].endswith(LATIN)
    assert text[left.start : left.end].lstrip("\ufeff\0🙂\ud83d\u200b\u00a0") == LATIN
    assert text[right.start : right.end] == LATIN.upper()
    assert right.line == 1 + (before + between).count("\n")
