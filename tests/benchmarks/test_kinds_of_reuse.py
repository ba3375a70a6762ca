"""What tells kinds of reuse from each other: copied runs, and sentences that are copied in part."""

import numpy as np
import pytest

from benchmarks.quality.kinds_of_reuse import common_subsequence, copied_in_part, copied_runs

SOURCE = list(range(100))


def begins(*places: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found = np.zeros(size, dtype=np.bool_)
    found[list(places)] = True
    return found


def test_a_sentence_copied_whole_or_not_at_all_is_not_copied_in_part() -> None:
    answer = [*range(10, 20), *range(200, 210)]
    assert copied_in_part(answer, SOURCE, begins(0, 10, size=20)) == 0.0
    # The same words in one sentence: half of it is copied.
    assert copied_in_part(answer, SOURCE, begins(0, size=20)) == 1.0


def test_shares_count_by_the_words_of_their_sentences() -> None:
    # Three of four words copied, which gives 4 · 3/4 · 1/4; and a sentence of four words copied whole.
    answer = [10, 11, 12, 300, 40, 41, 42, 43]
    assert copied_in_part(answer, SOURCE, begins(0, 4, size=8)) == pytest.approx(0.375)


def test_two_words_in_a_row_are_no_copy_and_an_empty_answer_has_none() -> None:
    assert copied_in_part([10, 11, 300, 20, 21, 301], SOURCE, begins(0, size=6)) == 0.0
    assert copied_in_part([], SOURCE, begins(size=0)) == 0.0


def test_copied_runs_are_the_longest_from_left_to_right() -> None:
    assert copied_runs([5, 6, 7, 8, 300, 20, 21, 22, 30, 31], SOURCE).tolist() == [4, 3]
    assert copied_runs([1, 2, 200], SOURCE).tolist() == []


def test_the_longest_common_subsequence_skips_what_differs() -> None:
    one, other = np.array([1, 2, 9, 3, 4], dtype=np.uint64), np.array([1, 8, 2, 3, 7, 4], dtype=np.uint64)
    assert common_subsequence(one, other) == 4
