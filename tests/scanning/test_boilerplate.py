"""Boilerplate over a corpus: of many documents, of one site, templated; and matches that rest on it alone."""

import random
from dataclasses import replace

import pytest

from dedup.config import ALL_RELATIONS, PAIR_RELATIONS, Config
from dedup.model import Document, Level, Relation, Report
from dedup.scanning import pairs, scan

WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("al", "en", "ir", "os", "um", "ax", "ey", "oth")]


def sentence(seed: object, length: int = 12) -> str:
    drawn = random.Random(repr(seed))  # noqa: S311
    return " ".join(drawn.choice(WORDS) + str(drawn.randrange(30)) for _ in range(length))


def body(seed: object, paragraphs: int = 4, length: int = 30) -> list[str]:
    return [sentence((seed, place), length) for place in range(paragraphs)]


def page(site: str, number: int, *lines: str) -> Document:
    return Document(f"https://{site}/{number}.html", "\n\n".join(lines))


def frames_of(report: Report) -> dict[str, tuple[int | None, int | None]]:
    """Pattern of each finding of boilerplate, with its number of documents and of occurrences."""
    return {
        match.evidence.pattern or "": (match.evidence.documents, match.evidence.occurrences)
        for match in report.matches
        if match.relation is Relation.BOILERPLATE
    }


MENU, NOTICE = sentence("menu", 6), sentence("notice", 25)


def test_short_lines_of_two_pages_of_a_site_and_long_ones_of_three_are_its_frame() -> None:
    two = [page("a.org", number, MENU, *body(number), NOTICE) for number in range(2)]
    assert frames_of(scan(two)) == {MENU: (2, 2)}
    three = [page("a.org", number, MENU, *body(number), NOTICE) for number in range(3)]
    assert frames_of(scan(three)) == {MENU: (3, 3), NOTICE: (3, 3)}


def test_what_two_sites_share_is_no_frame_of_either() -> None:
    report = scan([page("a.org", 0, MENU, *body(0)), page("b.org", 0, MENU, *body(1))])
    assert frames_of(report) == {}
    assert [match.relation for match in report.matches] == [Relation.EXACT]


def test_a_host_is_a_site_whatever_its_port_user_case_and_www() -> None:
    ids = ["https://www.a.org/x", "http://A.org:8080", "https://user:key@a.org?q"]
    documents = [Document(name, "\n\n".join([MENU, *body(name)])) for name in ids]
    assert frames_of(scan(documents)) == {MENU: (3, 3)}


@pytest.mark.parametrize("name", ["a.org/{}", "x{}", 'say "https://a.org/{}', '"https://a.org/{}', "ftp://a.org/{}"])
def test_ids_that_are_no_urls_of_the_web_are_of_no_site(name: str) -> None:
    documents = [Document(name.format(number), "\n\n".join([MENU, *body(number)])) for number in range(4)]
    assert frames_of(scan(documents)) == {}


def test_two_versions_of_a_story_on_one_site_are_one_page() -> None:
    story = body("story", 6)
    versions = [page("a.org", number, *story, sentence(number, 8)) for number in range(2)]
    report = scan(versions)
    assert frames_of(report) == {}
    assert report.counts.dropped == 1


def test_a_page_longer_than_its_share_of_frame_keeps_what_stands_on_few_pages() -> None:
    """Of ten pages three make a frame."""
    documents = [page("a.org", number, *body(number), *([MENU] if number < 2 else [])) for number in range(10)]
    assert frames_of(scan(documents)) == {}
    documents = [page("a.org", number, *body(number), *([MENU] if number < 3 else [])) for number in range(10)]
    assert frames_of(scan(documents)) == {MENU: (3, 3)}


PAYWALL = "The material is available only to subscribers of the paper"


def test_a_notice_with_another_headline_each_time_is_one_template_of_a_site() -> None:
    documents = [
        page("a.org", number, f"{sentence(('headline', number), 5)} {PAYWALL}", *body(number)) for number in range(4)
    ]
    assert frames_of(scan(documents)) == {PAYWALL: (4, 4)}
    elsewhere = [replace(document, id=number) for number, document in enumerate(documents)]
    assert frames_of(scan(elsewhere)) == {}


@pytest.mark.parametrize("ending", [True, False])
def test_a_template_of_many_documents_needs_no_site(ending: bool) -> None:
    headlines = [sentence(("headline", number), 5) for number in range(8)]
    lines = [f"{headline} {PAYWALL}" if ending else f"{PAYWALL} {headline}" for headline in headlines]
    documents = [Document(number, "\n\n".join([line, *body(number)])) for number, line in enumerate(lines)]
    assert frames_of(scan(documents)) == {PAYWALL: (8, 8)}


def test_words_that_begin_many_a_line_are_no_template() -> None:
    lines = [f"This is one of the {sentence(number, 12)}" for number in range(20)]
    documents = [Document(number, "\n\n".join([line, *body(number)])) for number, line in enumerate(lines)]
    assert frames_of(scan(documents)) == {}


def alike(shared: int, own: int) -> list[Document]:
    """Pages of a site whose frame is ten short lines: two that share some of their body besides, and six others."""
    frame = [sentence(("frame", place), 10) for place in range(10)]
    common = body("common", shared, 10)
    two = [page("a.org", number, *frame[:5], *common, *body(number, own, 10), *frame[5:]) for number in range(2)]
    others = [page("a.org", 10 + number, *frame, *body(("other", number), 12, 10)) for number in range(6)]
    return [*two, *others]


EXCLUDING = Config(threshold=0.45, cosine=0.0, boilerplate="exclude")


def test_pages_alike_by_their_frame_are_no_match_where_it_is_excluded() -> None:
    # Of the lines of both 14 in 26 are the same, and without the frame 4 in 16.
    documents = alike(shared=4, own=6)
    including = scan(documents, replace(EXCLUDING, boilerplate="include"))
    assert (including.counts.dropped, including.counts.vetoed_boilerplate) == (1, 0)
    excluding = scan(documents, EXCLUDING)
    assert (excluding.counts.dropped, excluding.counts.vetoed_boilerplate) == (0, 1)
    assert excluding.counts.read == excluding.counts.kept
    assert excluding.config != including.config


def test_pages_alike_without_their_frame_stay_a_match_with_the_resemblance_of_the_whole() -> None:
    documents = alike(shared=9, own=1)
    including, excluding = (
        pairs(documents, replace(EXCLUDING, boilerplate=choice, level=Level.DOCUMENT, relations=PAIR_RELATIONS))
        for choice in ("include", "exclude")
    )
    assert excluding.counts.vetoed_boilerplate == 0
    assert list(excluding.matches) == list(including.matches)
    (match,) = excluding.matches
    assert match.resemblance is not None
    assert match.resemblance > 0.75


def test_more_than_half_of_a_document_is_never_left_out() -> None:
    documents = alike(shared=0, own=2)
    including = scan(documents, replace(EXCLUDING, boilerplate="include"))
    excluding = scan(documents, EXCLUDING)
    assert including.counts.dropped == excluding.counts.dropped == 1
    assert excluding.counts.vetoed_boilerplate == 0


def test_exact_copies_stay_whatever_they_are_made_of() -> None:
    frame = [sentence(("frame", place), 10) for place in range(10)]
    documents = [page("a.org", number, *frame, *body(number)) for number in range(5)]
    documents.append(replace(documents[0], id="https://a.org/copy"))
    report = scan(documents, EXCLUDING)
    assert (report.counts.reasons["exact"], report.counts.vetoed_boilerplate) == (1, 0)


def test_a_document_held_by_another_for_its_frame_alone_is_not_contained() -> None:
    frame = [sentence(("frame", place), 12) for place in range(16)]
    others = [page("a.org", number, *frame, *body(number, 30)) for number in range(6)]
    # Nearly half is frame, and of the rest three fifths stand in the first page.
    held = page("a.org", 99, *frame, *body(0, 30)[:4], sentence("own", 80))
    config = Config(containment=0.7)
    assert scan([*others, held], config).counts.matches["contains"] == 1
    excluding = scan([*others, held], replace(config, boilerplate="exclude"))
    assert "contains" not in excluding.counts.matches
    assert excluding.counts.vetoed_boilerplate == 1


@pytest.mark.parametrize("relations", [ALL_RELATIONS, (Relation.NEAR,), (Relation.NEAR, Relation.CONTAINS)])
@pytest.mark.parametrize("level", [Level.DOCUMENT, Level.BOTH])
def test_a_veto_takes_pairs_away_and_adds_none(relations: tuple[Relation, ...], level: Level) -> None:
    documents = [*alike(shared=4, own=6), *alike(shared=8, own=2)[:1]]
    config = replace(EXCLUDING, relations=relations, level=level)

    def of_documents(choice: str) -> set[tuple[object, object]]:
        report = pairs(documents, replace(config, boilerplate=choice, level=Level.DOCUMENT))
        return {(match.left.document, match.right.document) for match in report.matches if match.right is not None}

    assert of_documents("exclude") < of_documents("include")
    one, two = scan(documents, config), scan(documents, config, workers=3)
    assert list(one.matches) == list(two.matches)
    assert one.counts == two.counts


def test_with_an_excluded_frame_passages_are_looked_for_elsewhere() -> None:
    documents = [page("a.org", number, MENU, *body(number), sentence("shared", 40)) for number in range(2)]
    config = Config(relations=(Relation.EXACT,), level=Level.PARAGRAPH)
    assert len(pairs(documents, config).matches) == 2
    (match,) = pairs(documents, replace(config, boilerplate="exclude")).matches
    assert match.left.end - match.left.start == len(sentence("shared", 40))
