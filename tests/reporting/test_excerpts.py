from hypothesis import given
from hypothesis import strategies as st

from dedup.model import Match, Relation, Span
from dedup.reporting.excerpts import ExcerptLine, excerpt_lines
from dedup.reporting.visible import cells
from tests.reporting.reports import LEFT, PAGE, lines, near, whole


def plain(shown: list[ExcerptLine]) -> list[tuple[str, int, str]]:
    return [(line.side, line.number, "".join(piece.text for piece in line.pieces)) for line in shown]


def test_a_passage_is_shown_by_its_first_and_last_line() -> None:
    match = Match(Relation.EXACT, lines("a", PAGE, 1, 3), lines("b", PAGE, 1, 3))
    text = "\n".join(PAGE.split("\n")[:3])
    assert plain(excerpt_lines(match, text, text, 40, brackets=True)) == [
        ("", 1, "Council approves the new tram line"),
        ("", 3, "Work on the first section is to begin i…"),
    ]


def test_an_excerpt_that_was_cut_off_shows_no_last_line() -> None:
    match = Match(Relation.EXACT, lines("a", PAGE, 1, 7), lines("b", PAGE, 1, 7))
    beginning = PAGE[:100]
    assert [line.number for line in excerpt_lines(match, beginning, beginning, 40, brackets=True)] == [1]


def test_of_a_near_copy_the_first_line_that_differs_is_shown_with_its_words_marked() -> None:
    left = "Same first line.\nThe ferry stops on Friday night, they said."
    right = "Same, first line!\nThe ferry stops on Friday evening, they all said."
    assert plain(excerpt_lines(*near(left_text=left, right_text=right), 70, brackets=True)) == [
        ("<", 2, "The ferry stops on Friday [night], they said."),
        (">", 2, "The ferry stops on Friday [evening], they [all] said."),
    ]


def test_marks_are_not_in_the_text_where_colours_show_them() -> None:
    shown = excerpt_lines(*near(left_text="one two three", right_text="one 2 three"), 70, brackets=False)
    assert [[(piece.text, piece.differs) for piece in line.pieces] for line in shown] == [
        [("one ", False), ("two", True), (" three", False)],
        [("one ", False), ("2", True), (" three", False)],
    ]


def test_a_difference_late_in_a_long_line_is_moved_into_view() -> None:
    left = "word " * 60 + "night and more"
    right = "word " * 60 + "evening and more"
    shown = plain(excerpt_lines(*near(left_text=left, right_text=right), 60, brackets=True))
    assert shown == [
        ("<", 1, "…word word word word [night] and more"),
        (">", 1, "…word word word word [evening] and more"),
    ]


def test_text_that_one_side_has_at_its_end_is_marked() -> None:
    shown = plain(excerpt_lines(*near(left_text="one two", right_text="one two three"), 60, brackets=True))
    assert shown == [("<", 1, "one two"), (">", 1, "one two [three]")]


def test_words_that_differ_in_a_row_are_marked_as_one() -> None:
    shown = plain(excerpt_lines(*near(left_text="a cat, sat down", right_text="a dog, ran down"), 60, brackets=True))
    assert [text for _, _, text in shown] == ["a [cat, sat] down", "a [dog, ran] down"]


def test_words_of_scripts_without_spaces_differ_character_by_character() -> None:
    shown = plain(excerpt_lines(*near(left_text="我们在港口", right_text="我们去港口"), 60, brackets=True))
    assert [text for _, _, text in shown] == ["我们[在]港口", "我们[去]港口"]


def test_of_a_contained_text_the_side_that_is_held_is_shown() -> None:
    held = "Buses run instead until Sunday."
    right_held = Match(Relation.CONTAINS, whole("a", LEFT), whole("b", held), 0.3, (0.3, 1.0))
    left_held = Match(Relation.CONTAINS, whole("b", held), whole("a", LEFT), 0.3, (1.0, 0.3))
    assert plain(excerpt_lines(right_held, LEFT, held, 60, brackets=True)) == [("", 1, held)]
    assert plain(excerpt_lines(left_held, held, LEFT, 60, brackets=True)) == [("<", 1, held)]


def test_of_a_rewrite_both_sides_are_shown() -> None:
    match = Match(Relation.REWRITE, whole("a", "In the wake of war"), whole("b", "After the war"), 0.1)
    assert plain(excerpt_lines(match, "In the wake of war", "After the war", 60, brackets=True)) == [
        ("<", 1, "In the wake of war"),
        (">", 1, "After the war"),
    ]


def test_empty_texts_show_nothing() -> None:
    match = Match(Relation.EXACT, Span("a", 0, 0, 1, 1), Span("b", 0, 0, 1, 1))
    assert excerpt_lines(match, "", "", 60, brackets=True) == []


words = st.lists(st.sampled_from(["one", "two", "three", "\n", "\x1b[2J", "界", "\ud800", "!", "x" * 50]))


@given(words, words, st.integers(12, 60), st.booleans())
def test_an_excerpt_fits_and_its_lines_are_of_the_text(
    left: list[str], right: list[str], room: int, brackets: bool
) -> None:
    left_text, right_text = " ".join(left), " ".join(right)
    match, _, _ = near(left_text=left_text, right_text=right_text)
    for line in excerpt_lines(match, left_text, right_text, room, brackets=brackets):
        shown = "".join(piece.text for piece in line.pieces)
        assert cells(shown) <= room
        assert shown.isprintable()
        span = match.left if line.side == "<" or match.right is None else match.right
        assert span.line <= line.number <= span.end_line
