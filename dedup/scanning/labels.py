"""Labels of single spans over a corpus: boilerplate and residue, and the titles that residue repeats."""

from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, Bool
from dedup.kernels.distinct import distinct, is_among
from dedup.labelling import Repetition, common_beginning, common_ending, repeated_lines, templated_lines
from dedup.model import Evidence, Relation, Span
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Findings, Places, Side, of_pairs, of_spans, places_of
from dedup.scanning.frames import TEXTS_COMPARED, texts_of
from dedup.scanning.matching import UnitPairs, exact_scores
from dedup.tokenising import hash_tokens
from dedup.verifying import Verdict

MOST_LINES = 1000
LEAST_QUOTED_TOKENS = 2


class Boilerplate(NamedTuple):
    """Findings of boilerplate, which paragraphs repeat in their document, and which of it are lines of a template."""

    findings: Findings
    repeated: Bool
    templated: Bool


def label_boilerplate(
    corpus: Corpus, eligible: Bool, frames: list[Repetition], framing: Bool, config: Config
) -> Boilerplate:
    """Report what frames many documents, and find lines that repeat within a document, and templated lines.

    `eligible` says which paragraphs are looked at, `framing` which of them are those of `frames`.
    """
    documents, paragraphs = corpus.paragraph_documents, corpus.paragraphs
    repeated, templated = np.zeros((2, documents.size), dtype=np.bool_)
    found = [(repetition, True) for repetition in frames]
    free = np.where(eligible & ~framing, paragraphs.lengths, 0)
    for repetition in repeated_lines(documents, paragraphs.digests, free, config.repeated_lines):
        repeated[repetition.members] = True
        found.append((repetition, False))
    open_lines = (free >= config.shingle_size) & ~repeated
    ending = templated_lines(
        documents, paragraphs.digests, paragraphs.lasts, open_lines, config.repeated_lines, "ending"
    )
    for repetition in ending:
        open_lines[repetition.members] = False
        templated[repetition.members] = True
        found.append((repetition, False))
    beginning = templated_lines(
        documents, paragraphs.digests, paragraphs.firsts, open_lines, config.repeated_lines, "beginning"
    )
    for repetition in beginning:
        templated[repetition.members] = True
        found.append((repetition, False))
    return Boilerplate(_boilerplate_findings(corpus, found), repeated, templated)


def _boilerplate_findings(corpus: Corpus, found: list[tuple[Repetition, bool]]) -> Findings:
    patterns = [_pattern(corpus, repetition, is_frame) for repetition, is_frame in found]
    shown = [
        repetition.members[corpus.paragraph_documents[repetition.members] == document][:MOST_LINES]
        for (repetition, _), (document, *_) in zip(found, patterns, strict=True)
    ]
    # The lines of all at once: a crawl of many sites has very many frames.
    bounds = np.cumsum([0, *map(len, shown)]).tolist()
    lines = _places(corpus, np.concatenate([np.zeros(0, dtype=np.int64), *shown])).lines.tolist()
    spans, evidence = [], []
    for place, ((repetition, is_frame), (document, start, end, pattern)) in enumerate(
        zip(found, patterns, strict=True)
    ):
        members = repetition.members
        spans.append((document, start, end))
        evidence.append(
            Evidence(
                pattern=pattern,
                occurrences=int(members.size),
                documents=int(distinct(corpus.paragraph_documents[members]).size) if is_frame else None,
                lines=tuple(lines[bounds[place] : bounds[place + 1]]),
            )
        )
    return of_spans(Relation.BOILERPLATE, _side(spans), 1.0, evidence)


def _pattern(corpus: Corpus, repetition: Repetition, is_frame: bool) -> tuple[int, int, int, str]:
    """Document, address and text of what is repeated, where it stands first."""
    paragraphs = corpus.paragraphs
    first = int(repetition.members[0])
    document, start, end = (
        int(corpus.paragraph_documents[first]),
        int(paragraphs.starts[first]),
        int(paragraphs.ends[first]),
    )
    line = corpus.store.text(start, end)
    if repetition.part == "line":
        return document, start, end, line
    texts = texts_of(corpus, repetition.members[:TEXTS_COMPARED] if is_frame else repetition.members)
    # Lines that agree in their tokens but not in their characters leave no common text: the line stands for itself.
    if repetition.part == "ending":
        pattern = common_ending(texts) or line
        return document, end - len(pattern.encode("utf-8", "surrogatepass")), end, pattern
    pattern = common_beginning(texts) or line
    return document, start, start + len(pattern.encode("utf-8", "surrogatepass")), pattern


def label_residue(corpus: Corpus, config: Config) -> list[Findings]:
    """Findings of residue, and of paragraphs whose words an instruction quotes (a title after "rewrite this title")."""
    lines = corpus.residue
    if not lines:
        return []
    repeats = _quoted_paragraphs(corpus)
    quoting = sorted(repeats)
    paragraph = np.array([repeats[place] for place in quoting], dtype=np.int64)
    titles = Side(
        corpus.paragraph_documents[paragraph], corpus.paragraphs.starts[paragraph], corpus.paragraphs.ends[paragraph]
    )
    (title_places,) = places_of(corpus, titles)
    span_of = {
        place: Span(
            corpus.document_id(lines[place].text),
            int(title_places.starts[index]),
            int(title_places.ends[index]),
            int(title_places.lines[index]),
            int(title_places.end_lines[index]),
        )
        for index, place in enumerate(quoting)
    }
    found = []
    if config.looks_for(Relation.RESIDUE):
        evidence = [
            Evidence(kind=line.kind, rule=line.rule, weight=line.weight, repeats=span_of.get(place))
            for place, line in enumerate(lines)
        ]
        spans = _side([(line.text, line.start, line.end) for line in lines])
        found.append(of_spans(Relation.RESIDUE, spans, np.nan, evidence))
    if config.looks_for(Relation.EXACT) and config.level.paragraphs and quoting:
        quoted = _side([(lines[place].text, lines[place].quoted_start, lines[place].quoted_end) for place in quoting])
        count = len(quoting)
        pairs = UnitPairs(
            paragraph,
            paragraph,
            np.full(count, Verdict.EXACT, dtype=np.int8),
            exact_scores(count),
            np.zeros(count, dtype=np.int64),
        )
        found.append(_earlier_first(of_pairs(pairs, titles, quoted)))
    return found


def _quoted_paragraphs(corpus: Corpus) -> dict[int, int]:
    """For each line of residue that quotes a paragraph of its own document word for word, the first such paragraph."""
    quoting = [place for place, line in enumerate(corpus.residue) if line.quoted_end > line.quoted_start]
    if not quoting:
        return {}
    spans = [(corpus.residue[place].quoted_start, corpus.residue[place].quoted_end) for place in quoting]
    starts, ends = (np.array(column, dtype=np.int64) for column in zip(*spans, strict=True))
    quoted = hash_tokens(corpus.store.gather(starts, ends), corpus.kernels)
    digests = corpus.kernels.digest(*quoted)
    documents, paragraphs = corpus.paragraph_documents, corpus.paragraphs
    first_of: dict[tuple[int, int], int] = {}
    for paragraph in np.flatnonzero(is_among(paragraphs.digests, distinct(digests)) & ~corpus.barrier).tolist():
        first_of.setdefault((int(documents[paragraph]), int(paragraphs.digests[paragraph])), paragraph)
    candidates = np.array(
        [
            first_of.get((corpus.residue[place].text, digest), -1)
            for place, digest in zip(quoting, digests.tolist(), strict=True)
        ],
        dtype=np.int64,
    )
    found = np.flatnonzero((candidates >= 0) & (np.diff(quoted.offsets) >= LEAST_QUOTED_TOKENS))
    chosen = candidates[found]
    texts = corpus.store.gather(
        np.append(starts[found], paragraphs.starts[chosen]),
        np.append(ends[found], paragraphs.ends[chosen]),
    )
    equal = corpus.kernels.equal_rows(
        hash_tokens(texts, corpus.kernels), np.arange(found.size), np.arange(found.size) + found.size
    )
    return {quoting[index]: int(candidates[index]) for index in found[equal].tolist()}


def _earlier_first(findings: Findings) -> Findings:
    """The findings with the earlier span on the left; both are of the same document."""
    swap = findings.left.starts > findings.right.starts
    left = Side(
        findings.left.documents,
        np.where(swap, findings.right.starts, findings.left.starts),
        np.where(swap, findings.right.ends, findings.left.ends),
    )
    right = Side(
        findings.right.documents,
        np.where(swap, findings.left.starts, findings.right.starts),
        np.where(swap, findings.left.ends, findings.right.ends),
    )
    return Findings(findings.relations, left, right, findings.scores, findings.copies, findings.evidence)


def _side(spans: list[tuple[int, int, int]]) -> Side:
    columns: I64 = np.array(spans, dtype=np.int64).reshape(-1, 3)
    return Side(columns[:, 0], columns[:, 1], columns[:, 2])


def _places(corpus: Corpus, paragraphs: I64) -> Places:
    side = Side(
        corpus.paragraph_documents[paragraphs],
        corpus.paragraphs.starts[paragraphs],
        corpus.paragraphs.ends[paragraphs],
    )
    return places_of(corpus, side)[0]
