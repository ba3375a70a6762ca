"""The seed documents as golden input: what the tool promises to find in five scraped pages, and what not."""

import hashlib
from functools import cache
from pathlib import Path

import pytest

from dedup import Config, Document, Match, Passage, Relation, Report, Span, align, clean
from dedup.model import Level
from dedup.scanning import pairs, scan
from tests.scanning.oracle import tokens
from tests.scanning.snapshot import Find, everything

SEEDS = Path(__file__).parents[2] / "seeds"
PATHS = sorted(SEEDS.glob("*.txt"))
POZIRK, PLUGIN, EPOCH, JOONGANG, DEUTSCHE_WELLE = (path.name for path in PATHS)


@cache
def text_of(name: str) -> str:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return file.read()


def documents() -> list[Document]:
    return [Document(path.name, text_of(path.name), source=str(path)) for path in PATHS]


@cache
def report() -> Report:
    return scan(documents())


def found_in(name: str, relation: Relation) -> list[Match]:
    return [match for match in report().matches if match.left.document == name and match.relation is relation]


def lines(span: Span | None) -> tuple[int, int]:
    assert span is not None
    return span.line, span.end_line


def both_lines(match: Match) -> tuple[tuple[int, int], tuple[int, int]]:
    return lines(match.left), lines(match.right)


def test_the_seeds_are_as_they_were() -> None:
    assert len(PATHS) == 5
    assert [path.name[:3] for path in PATHS] == ["000", "001", "002", "003", "004"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in PATHS)).hexdigest()
    assert digest == "2c29921c77b40ceeb2012b2a2e565b24da8c416f456d17dac81252920138f293"


def test_the_article_pasted_twice_is_one_passage_with_its_rewrite_seam() -> None:
    text = text_of(PLUGIN)
    title, article = found_in(PLUGIN, Relation.EXACT)
    assert both_lines(article) == ((2, 9), (12, 19))
    assert article.right is not None
    left, right = text[article.left.start : article.left.end], text[article.right.start : article.right.end]
    assert left == right == "\n".join(text.split("\n")[1:9])
    assert tokens(left) == tokens(right)
    assert (article.resemblance, article.containment, article.score) == (1.0, (1.0, 1.0), 1.0)
    assert article.evidence.seam == (10, 11)
    assert both_lines(title) == ((1, 1), (10, 10))


def test_lines_10_and_11_are_residue_and_the_title_is_tied_to_line_1() -> None:
    text = text_of(PLUGIN)
    title, content = found_in(PLUGIN, Relation.RESIDUE)
    assert [lines(title.left), lines(content.left)] == [(10, 10), (11, 11)]
    assert [text[each.left.start : each.left.end] for each in (title, content)] == text.split("\n")[9:11]
    assert title.evidence.repeats == Span(PLUGIN, 0, 44, 1, 1)
    assert {title.evidence.kind, content.evidence.kind} == {"instruction"}
    tied = found_in(PLUGIN, Relation.EXACT)[0]
    assert tied.left == title.evidence.repeats
    assert tied.right is not None
    assert text[tied.left.start : tied.left.end] == text[tied.right.start : tied.right.end]


def test_cleaning_leaves_the_title_one_copy_and_nothing_of_lines_10_to_19() -> None:
    original = text_of(PLUGIN).split("\n")
    cleaned = clean(text_of(PLUGIN))
    assert cleaned.text.split("\n") == [*original[:9], *original[19:]]
    assert [(cut.reason, cut.span.line, cut.span.end_line) for cut in cleaned.cuts] == [
        ("residue", 10, 10),
        ("residue", 11, 11),
        ("copy", 12, 19),
    ]
    copy_of = cleaned.cuts[2].copy_of
    assert copy_of is not None
    assert lines(copy_of) == (2, 9)


def test_the_paywall_notice_is_boilerplate_with_its_number_though_each_line_begins_with_another_headline() -> None:
    notice = "The material is available only to POZIRK+"
    marked = [number for number, line in enumerate(text_of(POZIRK).split("\n"), 1) if line.endswith(notice)]
    (match,) = found_in(POZIRK, Relation.BOILERPLATE)
    assert match.evidence.pattern == notice
    assert match.evidence.occurrences == len(marked) == 25
    assert list(match.evidence.lines) == marked
    assert match.right is None
    assert text_of(POZIRK)[match.left.start : match.left.end] == notice
    assert lines(match.left) == (12, 12)


def test_the_headline_and_the_caption_that_repeat_are_found() -> None:
    exact = [both_lines(match) for match in found_in(JOONGANG, Relation.EXACT)]
    assert exact == [((8, 8), (35, 35)), ((11, 11), (13, 13))]
    # Line 1 holds the headline behind a date.
    assert [both_lines(match) for match in found_in(JOONGANG, Relation.NEAR)] == [((1, 1), (8, 8))]


def test_the_link_that_stands_twice_is_found() -> None:
    text = text_of(DEUTSCHE_WELLE)
    (match,) = found_in(DEUTSCHE_WELLE, Relation.EXACT)
    assert both_lines(match) == ((40, 40), (42, 42))
    assert text[match.left.start : match.left.end] == "Belarusian exiles in Ukraine support war effort"


def test_the_sentence_on_line_38_and_its_rewording_on_line_44_are_a_rewrite_with_its_evidence() -> None:
    text = text_of(DEUTSCHE_WELLE)
    (match,) = found_in(DEUTSCHE_WELLE, Relation.REWRITE)
    assert both_lines(match) == ((38, 38), (44, 44))
    assert match.right is not None
    assert text[match.left.start : match.left.end] == text.split("\n")[37]
    assert text.split("\n")[43].startswith(text[match.right.start : match.right.end])
    assert match.resemblance == 0.0
    assert match.score is not None
    assert Config().least_passage_score(between=False) <= match.score < 1.0
    assert {"crackdown", "dissent", "thousands"} <= set(match.evidence.anchors)
    assert match.evidence.log_likelihood is not None
    assert min(match.evidence.log_likelihood) > 20


def test_nothing_else_is_found() -> None:
    assert report().counts.matches == {"exact": 5, "near": 1, "rewrite": 1, "boilerplate": 1, "residue": 2}
    assert [found_in(EPOCH, relation) for relation in Relation] == [[]] * len(Relation)


@pytest.mark.parametrize("find", [scan, pairs])
@pytest.mark.parametrize("threshold", [0.7, 0.5])
def test_different_pages_are_no_match_of_each_other(find: Find, threshold: float) -> None:
    for match in find(documents(), Config(level=Level.BOTH, threshold=threshold)).matches:
        assert match.right is None or match.right.document == match.left.document


def test_the_sentence_on_line_38_and_its_rewording_on_line_44_are_the_only_rewrite() -> None:
    found: list[tuple[str, str, Passage]] = []
    for place, left in enumerate(PATHS):
        found += [(left.name, left.name, each) for each in align(text_of(left.name))]
        for right in PATHS[place + 1 :]:
            found += [(left.name, right.name, each) for each in align(text_of(left.name), text_of(right.name))]
    ((left_name, right_name, rewrite),) = [each for each in found if each[2].relation is Relation.REWRITE]
    assert left_name == right_name == DEUTSCHE_WELLE
    text = text_of(DEUTSCHE_WELLE).split("\n")
    assert (lines(rewrite.left), lines(rewrite.right)) == ((38, 38), (44, 44))
    whole = text_of(DEUTSCHE_WELLE)
    assert whole[rewrite.left.start : rewrite.left.end] == text[37]
    assert text[43].startswith(whole[rewrite.right.start : rewrite.right.end])
    assert {"crackdown", "dissent", "thousands"} <= set(rewrite.anchors)
    assert all(left == right for left, right, _ in found)


def test_all_five_pages_are_kept() -> None:
    assert [(each.document, each.keep, each.reason) for each in report().decisions] == [
        (path.name, True, "unique") for path in PATHS
    ]
    assert (report().counts.read, report().counts.kept) == (5, 5)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kernels", ["numpy", "compiled"])
def test_workers_and_kernels_give_the_same(workers: int, kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", kernels)
    assert everything(scan(documents(), workers=workers)) == everything(report())
