import numpy as np
import pytest

from benchmarks.quality.boilerplate import body_paragraphs, label_pages, measured, measures, same_line_elsewhere
from dedup.kernels import U64
from dedup.model import Document


def row(*tokens: int) -> U64:
    return np.array(tokens, dtype=np.uint64)


def test_short_lines_are_of_the_body_only_within_the_stretch_of_the_article() -> None:
    body = row(*range(100, 130))
    page = [
        row(100, 101),  # a menu entry whose words the article uses as well
        row(1, 2, 3, 4, 5, 6),
        row(*range(100, 112)),
        row(112, 113),
        row(7, 113),
        row(),
        row(*range(114, 130)),
        row(8, 9, 10, 11, 12, 13),
        row(104),
    ]
    expected = [False, False, True, True, False, False, True, False, False]
    assert body_paragraphs(page, body).tolist() == expected


def test_half_of_the_runs_make_a_paragraph_one_of_the_body() -> None:
    body = row(*range(50))
    assert body_paragraphs([row(0, 1, 2, 3, 90, 91)], body).tolist() == [True]
    assert body_paragraphs([row(0, 1, 2, 89, 90, 91)], body).tolist() == [False]


ARTICLES = ["The first story tells of one thing and of another.", "A second one is all about what came later on."]


def test_pages_are_labelled_and_measured_by_paragraph_and_by_token() -> None:
    pages = label_pages(
        [
            (Document(f"https://a.org/{place}", f"Home\n\n{article}\n\nAll rights reserved by them"), article)
            for place, article in enumerate(ARTICLES)
        ]
    )
    assert pages.body.tolist() == [False, True, False] * 2
    flagged = same_line_elsewhere(pages)
    assert flagged.tolist() == [True, False, True] * 2
    cells = measured(pages, flagged, np.ones(6, dtype=np.bool_))
    assert [cell.split()[0] for cell in cells] == ["1.0000"] * 5


def test_the_share_of_body_left_counts_tokens() -> None:
    sums = np.array([[2.0, 3.0, 4.0, 10.0, 40.0, 20.0, 70.0, 100.0]])
    assert measures(sums)[:, 0].tolist() == pytest.approx([2 / 3, 0.5, 0.25, 0.5, 0.7])
