"""Contract 4: nothing vanishes. Everything read is kept, dropped or quarantined, with a named reason."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dedup import Config, ConfigError, Document, Relation, Report
from dedup.model import DocumentId, Level
from dedup.scanning import pairs, scan
from tests.corpora import corpora, odd_corpora, sentence
from tests.scanning.oracle import tokens

levels = st.sampled_from(Level)
KEPT_REASONS = {"unique", "representative", "short", "empty"}


def assert_accounted(report: Report, documents: list[Document]) -> None:
    counts = report.counts
    assert counts.read == len(documents) + counts.quarantined == counts.kept + counts.dropped + counts.quarantined
    assert [decision.document for decision in report.decisions] == [document.id for document in documents]
    reasons = Counter(decision.reason for decision in report.decisions)
    reasons.update(record.reason for record in report.quarantined)
    assert counts.reasons == reasons
    assert sum(decision.keep for decision in report.decisions) == counts.kept
    assert counts.matches == Counter(str(match.relation) for match in report.matches)
    assert counts.characters == sum(len(document.text) for document in documents)


@given(st.one_of(corpora(), odd_corpora()), levels, st.sampled_from(["first", "last", "longest"]))
@settings(max_examples=20)
def test_each_document_has_one_decision_in_input_order(documents: list[Document], level: Level, keep: str) -> None:
    config = Config(level=level, keep=keep)
    report = scan(documents, config)
    assert_accounted(report, documents)
    for document, decision in zip(documents, report.decisions, strict=True):
        count = len(tokens(document.text))
        if not decision.keep:
            assert decision.reason == decision.relation
            assert decision.representative is not None
            continue
        assert decision.reason in KEPT_REASONS
        assert (decision.representative, decision.relation, decision.resemblance) == (None, None, None)
        assert (decision.reason == "empty") == (count == 0)
        if decision.reason in ("short", "unique"):
            assert (decision.reason == "short") == (count < config.shingle_size)


@given(corpora(), levels)
@settings(max_examples=12)
def test_pairs_drops_nothing(documents: list[Document], level: Level) -> None:
    report = pairs(documents, Config(level=level))
    assert_accounted(report, documents)
    assert report.counts.kept == len(documents)


def test_texts_without_words_are_empty_and_copies_of_nothing() -> None:
    texts = ["", " ", "...", "\n\n", "", "🙂🙂", "-- !", "\0", "\ud800"]
    report = scan([Document(number, text) for number, text in enumerate(texts)])
    assert {decision.reason for decision in report.decisions} == {"empty"}
    assert len(report.matches) == 0


def test_short_texts_can_be_copies_and_are_otherwise_kept_as_short() -> None:
    texts = ["Yes", "yes!", "No", "one two three four", "one two three four five", "ONE two: three, four"]
    report = scan([Document(number, text) for number, text in enumerate(texts)])
    assert [decision.reason for decision in report.decisions] == [
        "representative",
        "exact",
        "short",
        "representative",
        "unique",
        "exact",
    ]


IDS: list[DocumentId] = [1, "1", 0, -7, 10**30, "", "a\nb", 'quote " and \\', "ид-文書", "\ud800", "x" * 100_000, "\0"]


def test_ids_stay_what_they_were() -> None:
    generator = np.random.default_rng(3)
    text = sentence(generator, 30)
    report = scan([Document(each, text) for each in IDS])
    assert [decision.document for decision in report.decisions] == IDS
    assert [type(decision.document) for decision in report.decisions] == [type(each) for each in IDS]
    assert report.clusters[0].representative == IDS[0]
    assert list(report.clusters[0].members) == IDS[1:]
    assert [match.right.document for match in report.matches if match.right] == IDS[1:]
    assert report.counts.repeated_ids == 0


def test_repeated_ids_are_counted_and_each_document_has_its_decision() -> None:
    generator = np.random.default_rng(4)
    ids: list[DocumentId] = ["a", 1, "a", "1", 1, "b", "a"]
    documents = [Document(each, sentence(generator, 20)) for each in ids]
    report = scan(documents)
    assert report.counts.repeated_ids == 3
    assert_accounted(report, documents)


def test_caps_are_counted() -> None:
    generator = np.random.default_rng(5)
    copy = sentence(generator, 20)
    copies = [Document(number, copy) for number in range(8)]
    relations = (Relation.EXACT,)
    capped = pairs(copies, Config(copies_cap=5, level=Level.DOCUMENT, relations=relations))
    assert capped.counts.capped_classes == 1
    assert [match.evidence.copies for match in capped.matches] == [8] * 7
    assert {match.left.document for match in capped.matches} == {0}
    whole = pairs(copies, Config(copies_cap=8, level=Level.DOCUMENT, relations=relations))
    assert whole.counts.capped_classes == 0
    assert len(whole.matches) == 8 * 7 // 2
    assert {match.evidence.copies for match in whole.matches} == {None}


def test_copies_of_many_near_texts_make_pairs_no_faster_than_documents() -> None:
    """Ten texts that match each other: of n copies of each every two would be 50 n² pairs."""
    words = [f"word{number}" for number in range(120)]
    near = [" ".join([*words[:place], "changed", *words[place + 1 :]]) for place in range(0, 120, 12)]
    config = Config(copies_cap=40, level=Level.DOCUMENT, relations=(Relation.EXACT, Relation.NEAR))

    def every(copies: int) -> Report:
        return pairs([Document(number, near[number % 10]) for number in range(10 * copies)], config)

    whole = every(4)
    assert dict(whole.counts.matches) == {"exact": 10 * 6, "near": 45 * 16}
    assert whole.counts.capped_classes == 0
    cut = every(5)
    assert dict(cut.counts.matches) == {"exact": 10 * 10, "near": 45}
    assert cut.counts.capped_classes == 10
    between = [match for match in cut.matches if match.relation is Relation.NEAR]
    assert {match.evidence.copies for match in between} == {5}
    assert {match.right.document for match in between if match.right} == set(range(1, 10))


@pytest.mark.parametrize("sources", [None, 5, b"path", [None], [None, "path"], [5], [("id", "text")]])
def test_what_is_neither_path_nor_document_is_refused(sources: object) -> None:
    with pytest.raises(TypeError, match="give paths or Document objects"):
        scan(sources)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [None, b"bytes", 5])
def test_a_text_that_is_no_string_is_named_by_its_document(text: object) -> None:
    with pytest.raises(TypeError, match="the text of document 'b' is a"):
        scan([Document("a", "one"), Document("b", text)])  # type: ignore[arg-type]


def test_workers_and_memory_are_numbers() -> None:
    for workers in (None, 1.5, "2"):
        with pytest.raises(ConfigError, match="workers is a number of threads"):
            scan([Document(1, "one")], workers=workers)  # type: ignore[arg-type]
    for memory in ("2G", float("nan"), 1e9):
        with pytest.raises(ConfigError, match="memory is a number of bytes"):
            scan([Document(1, "one")], memory=memory)  # type: ignore[arg-type]


def test_paths_and_documents_do_not_mix() -> None:
    with pytest.raises(TypeError, match="paths or Document"):
        scan([Document(1, "one"), "two.txt"])
    with pytest.raises(TypeError, match="paths or Document"):
        scan(["one.txt", Document(2, "two")])


def test_an_iterator_of_documents_is_read_once() -> None:
    report = scan(Document(number, "five words stand in here") for number in range(3))
    assert (report.counts.kept, report.counts.dropped) == (1, 2)


def test_a_finding_of_whole_documents_is_given_once() -> None:
    held = " ".join(f"word{number}" for number in range(20))
    holder = held + " " + " ".join(f"more{number}" for number in range(19))
    documents = [Document(1, held), Document(2, holder), Document(3, held + " end")]
    for find in (scan, pairs):
        matches = list(find(documents, Config(level=Level.BOTH)).matches)
        assert matches
        assert len({(match.relation, match.left, match.right) for match in matches}) == len(matches)


def test_a_template_filled_in_thousands_of_times_is_near_and_not_vetoed() -> None:
    """The background counts one of each family, or the words of the template would weigh nothing."""
    template = " ".join(f"word{number}" for number in range(20))
    report = scan([Document(number, f"{template} number {number}") for number in range(300)])
    assert report.counts.matches == {"near": 299}
    assert report.counts.vetoed == 0
