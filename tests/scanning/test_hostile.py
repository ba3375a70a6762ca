"""Hostile and degenerate input: a sensible report, with work and findings that grow no faster than the input.

Growth is measured between a size and four times that size: linear work takes four times as long, quadratic sixteen.
"""

import time
from collections.abc import Callable

import numpy as np
import pytest

from dedup import Config, Document, Relation, Report, align, clean
from dedup.config import PAIR_RELATIONS
from dedup.model import Level
from dedup.scanning import pairs, scan
from tests.corpora import RESIDUE, near_family, sentence, templated
from tests.scanning.snapshot import Find

MOST_GROWTH = 10.0
LEAST_SECONDS = 0.04
"""Shorter runs are too short for a ratio."""

ONE = "Copied line of eight words stands right here\n"
TWO = "Another line of seven words follows it\n"
LOWER = "this line of lower-case words is longer than forty characters\n"
INSTRUCTION = f"{RESIDUE[0]}\n"


def assert_grows_linearly(work: Callable[[int], object], size: int) -> None:
    """Compare the processor time at `size` and at four times that; what seems too long is measured once more."""
    work(10)
    small, large = (seconds(work, each) for each in (size, 4 * size))
    if large > MOST_GROWTH * max(small, LEAST_SECONDS):
        small, large = (seconds(work, each) for each in (size, 4 * size))
    assert large <= MOST_GROWTH * max(small, LEAST_SECONDS), (
        f"{small:.2f} s at {size}, {large:.2f} s at four times that"
    )


def seconds(work: Callable[[int], object], size: int) -> float:
    begin = time.process_time()
    work(size)
    return time.process_time() - begin


def boilerplate_of(report: Report) -> list[tuple[str | None, int | None, int | None]]:
    found = [match.evidence for match in report.matches if match.relation is Relation.BOILERPLATE]
    return [(evidence.pattern, evidence.occurrences, evidence.documents) for evidence in found]


@pytest.mark.parametrize("find", [scan, pairs])
def test_an_empty_corpus_has_an_empty_report(find: Find) -> None:
    report = find([])
    assert (len(report.matches), len(report.clusters), len(report.decisions)) == (0, 0, 0)
    assert report.counts.read == report.counts.kept == report.counts.dropped == 0
    assert report.counts.reasons == report.counts.matches == {}


@pytest.mark.parametrize("text", ["", "word", "...!?", "\0" * 10_000, "\ud800\udc00" * 1000, "\n" * 10_000, "\r" * 999])
@pytest.mark.parametrize("level", list(Level))
def test_a_corpus_of_one_text_of_nothing_or_of_one_word(text: str, level: Level) -> None:
    report = scan([Document(1, text)], Config(level=level, keep="longest"))
    assert report.counts.reasons == {"short" if text == "word" else "empty": 1}
    assert len(report.matches) == 0


def test_20_000_identical_documents_of_one_line() -> None:
    documents = [Document(number, ONE) for number in range(20_000)]
    report = scan(documents)
    assert (report.counts.kept, report.counts.dropped) == (1, 19_999)
    assert report.counts.matches == {"exact": 19_999}
    assert len(report.clusters) == 1
    assert len(report.clusters[0].members) == 19_999
    every = pairs(documents)
    assert every.counts.matches == {"exact": 19_999}
    assert every.counts.capped_classes == 1
    assert (every.matches[0].evidence.copies, every.matches[-1].evidence.copies) == (20_000, 20_000)
    assert {match.left.document for match in every.matches[:50]} == {0}


@pytest.mark.parametrize(("find", "line"), [(scan, ONE), (pairs, "Menu\n")])
def test_20_000_identical_lines_are_one_finding(find: Find, line: str) -> None:
    report = find([Document(1, line * 20_000)], Config())
    assert boilerplate_of(report) == [(line.strip(), 20_000, None)]
    assert len(report.matches) == 1
    assert report.matches[0].evidence.lines == tuple(range(1, 1001))


@pytest.mark.parametrize("find", [scan, pairs])
def test_identical_lines_of_a_paragraphs_width_are_no_wrapped_paragraph(find: Find) -> None:
    assert boilerplate_of(find([Document(1, LOWER * 2000)], Config())) == [(LOWER.strip(), 2000, None)]


@pytest.mark.parametrize("find", [scan, pairs])
def test_5_000_lines_of_two_sentences_in_turn(find: Find) -> None:
    report = find([Document(1, (ONE + TWO) * 2500)], Config())
    assert boilerplate_of(report) == [(ONE.strip(), 2500, None), (TWO.strip(), 2500, None)]
    assert len(report.matches) <= 5000


@pytest.mark.parametrize("find", [scan, pairs])
@pytest.mark.parametrize("relations", [(Relation.EXACT, Relation.NEAR, Relation.CONTAINS), None])
def test_a_stanza_repeated_2_000_times(find: Find, relations: tuple[Relation, ...] | None) -> None:
    config = Config() if relations is None else Config(relations=relations)
    report = find([Document(1, f"{ONE}{TWO}\n" * 2000)], config)
    assert len(report.matches) <= 4000
    for match in report.matches[:100]:
        assert match.right is None or match.left.end <= match.right.start


@pytest.mark.parametrize("relations", [(Relation.EXACT, Relation.RESIDUE), None])
def test_seams_grow_no_faster_than_the_text(relations: tuple[Relation, ...] | None) -> None:
    """A stanza repeated with an instruction behind each: a seam is what lies before the copy, not all of the page."""

    def seam_lines(count: int) -> int:
        config = Config() if relations is None else Config(relations=relations)
        report = scan([Document(1, (ONE + TWO + INSTRUCTION) * count)], config)
        assert any(match.evidence.seam for match in report.matches)
        return sum(len(match.evidence.seam) for match in report.matches)

    assert seam_lines(400) <= 5 * seam_lines(100)


BLOCKS = {
    "a line": (ONE, 1500),
    "a stanza": (ONE + TWO, 800),
    "a line and residue": (ONE + INSTRUCTION, 700),
    "residue": (f"{INSTRUCTION}\n", 600),
    "a word": ("Menu\n", 5000),
    "nothing": ("\r\n", 5000),
}


@pytest.mark.parametrize(("block", "count"), list(BLOCKS.values()), ids=list(BLOCKS))
def test_cleaning_is_linear(block: str, count: int) -> None:
    assert_grows_linearly(lambda size: clean(block * size), count)


def test_cleaning_is_linear_in_pairs_of_different_paragraphs_with_residue_between() -> None:
    def text(count: int) -> str:
        lines = [f"Line {number} has {number * 7} words of {number * 3} letters each\n" for number in range(count)]
        return "".join(line + INSTRUCTION + line for line in lines)

    assert_grows_linearly(lambda count: clean(text(count)), 300)


def test_scanning_is_linear_in_instructions_that_quote_titles() -> None:
    def text(count: int) -> str:
        return "".join(
            f"Rewrite this title Council number {number} of the town\nCouncil number {number} of the town\n"
            for number in range(count)
        )

    assert_grows_linearly(lambda count: scan([Document(1, text(count))]), 400)


@pytest.mark.parametrize("block", [ONE, ONE + TWO], ids=["a line", "a stanza"])
def test_aligning_repetition_with_repetition_is_bounded(block: str) -> None:
    assert_grows_linearly(lambda count: align(block * count, block * count), 100)


LINES: dict[str, Callable[[int], str]] = {
    "words": lambda size: "word " * (size // 5),
    "a word": lambda size: "x" * size,
    "different words": lambda size: " ".join(map(str, range(size // 7))),
    "instructions": lambda size: INSTRUCTION.strip() * (size // len(INSTRUCTION)),
    "letters": lambda size: "天地玄黄宇宙洪荒" * (size // 24),
}


@pytest.mark.parametrize("kind", list(LINES))
@pytest.mark.parametrize(("kernels", "size"), [("numpy", 100_000), ("compiled", 1_250_000)])
def test_one_line_of_up_to_5_megabytes(kind: str, kernels: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", kernels)
    reports: list[Report] = []
    assert_grows_linearly(lambda count: reports.append(scan([Document(1, LINES[kind](count))])), size)
    report = reports[-1]
    assert report.counts.characters >= size
    assert (report.counts.read, report.counts.kept, report.counts.paragraphs) == (1, 1, 1)
    assert report.counts.reasons == {"short" if kind == "a word" else "unique": 1}
    assert report.counts.matches == ({"residue": 1} if kind == "instructions" else {})
    assert [len(report.excerpts(place)[0]) for place in range(len(report.matches))] in ([], [2000])


def test_a_long_line_and_its_copy_are_found_and_cut_short_in_the_excerpts() -> None:
    line = " ".join(map(str, range(40_000)))
    other = " ".join(map(str, range(40_000, 60_000)))
    report = scan([Document(1, line), Document(2, line + "\n"), Document(3, f"{other}\n{other}")])
    assert report.decisions[1].reason == "exact"
    assert [len(each) for each in report.excerpts(0)] == [2000, 2000]
    assert report.counts.matches["exact"] == 2


def test_3_000_documents_that_share_a_line() -> None:
    line = "This template line stands in each of them"
    config = Config(relations=(*PAIR_RELATIONS, Relation.BOILERPLATE))
    reports = [scan(templated(np.random.default_rng(1), count, line), config) for count in (750, 3000)]
    for report, count in zip(reports, (750, 3000), strict=True):
        matches = dict(report.counts.matches)
        # Words drawn at random may meet: one pair in a thousand documents is what a score lets through.
        assert matches.pop("rewrite", 0) <= count / 1000
        assert matches == {"boilerplate": 1}
        assert boilerplate_of(report) == [(line, count, count)]
        assert report.counts.kept == count


def test_3_000_near_duplicates_make_linearly_many_pairs_and_what_was_capped_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    config = Config(bucket_cap=32, bucket_links=4, level=Level.DOCUMENT, relations=(Relation.EXACT, Relation.NEAR))
    numbers = []
    for count in (750, 3000):
        documents = near_family(np.random.default_rng(2), count)
        report = pairs(documents, config)
        assert report.counts.capped_buckets > 0
        bands, _ = config.banding
        assert len(report.matches) <= bands * (32 * 31 // 2 + 4 * count)
        numbers.append(len(report.matches))
    assert numbers[1] <= 6 * numbers[0]
    kept = scan(documents, config).counts
    assert (kept.read, kept.dropped) == (3000, 2999)


def test_many_paragraphs_that_stand_in_many_documents_cost_no_pairs() -> None:
    generator = np.random.default_rng(4)
    shared = [sentence(generator, 10) for _ in range(20)]

    def documents(count: int) -> list[Document]:
        chosen = generator.integers(0, len(shared), (count, 3))
        return [
            Document(number, "\n".join([sentence(generator, 12), *(shared[each] for each in chosen[number])]))
            for number in range(count)
        ]

    numbers = [len(scan(documents(count)).matches) for count in (250, 1000)]
    assert numbers[1] <= 6 * numbers[0]


@pytest.mark.parametrize("find", [scan, pairs])
@pytest.mark.parametrize("level", list(Level))
def test_a_story_copied_many_times_is_no_boilerplate(find: Find, level: Level) -> None:
    """Boilerplate frames different texts; whole copies are found as copies, at every level."""
    generator = np.random.default_rng(5)
    story = f"{sentence(generator, 12)}\n{sentence(generator, 15)}"
    documents = [Document(number, story) for number in range(8)]
    documents += [Document(8 + number, sentence(generator, 15)) for number in range(4)]
    report = find(documents, Config(level=level))
    assert boilerplate_of(report) == []
    assert report.counts.matches["exact"] >= 7
