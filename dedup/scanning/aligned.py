"""Aligned passages between documents of a corpus, with their addresses and the evidence for each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.aligning import Passages, align_texts, find_anchors
from dedup.config import Config
from dedup.kernels import F64, I64, U64, Bool, Kernels, Ragged, Tokens
from dedup.kernels.alignment import UNIT, Aligner
from dedup.kernels.distinct import distinct, is_among
from dedup.kernels.terms import Terms
from dedup.model import RELATIONS, Relation, TextColumn
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Side
from dedup.tokenising import codepoint_table, tokenise
from dedup.verifying import CODES, Background, Verdict, score_pairs, verdicts

_CLOSING = frozenset(b".!?,;:)]}\"'")


@dataclass(frozen=True, slots=True)
class Aligned:
    """n passages of pairs of texts.

    Their spans, `relations` (int8) and `scores` (5, n) as in `Findings`, which are summaries, the place of the pair of
    each among those aligned, and `nats` as in `Passages`.
    """

    left: Side
    right: Side
    relations: NDArray[np.int8]
    scores: F64
    summaries: Bool
    pairs: I64
    nats: F64

    def take(self, rows: I64) -> "Aligned":
        """The passages at these rows."""
        return Aligned(
            self.left.take(rows),
            self.right.take(rows),
            self.relations[rows],
            self.scores[:, rows],
            self.summaries[rows],
            self.pairs[rows],
            self.nats[rows],
        )


def residue_spans(corpus: Corpus) -> Side:
    """The lines of residue, in which no passage lies."""
    lines = [(line.text, line.start, line.end) for line in corpus.residue]
    columns: I64 = np.array(lines, dtype=np.int64).reshape(-1, 3)
    return Side(columns[:, 0], columns[:, 1], columns[:, 2])


COMMON_SHARE, COMMON_DOCUMENTS, LEAST_DOCUMENTS = 0.05, 3, 20
"""Words in more than this share of the background's documents, and in more than so many, are common, if it has the
least number: what two documents share must not be common in a small corpus."""

SUBJECT_SHARE = 0.01
"""Words in no more than this share of the documents, or in `COMMON_DOCUMENTS`, tell what a document is about."""


def common_words(background: Background, share: float = COMMON_SHARE, least_documents: int = LEAST_DOCUMENTS) -> U64:
    """The words in more than a share of a background as bits, in the way that `Kernels.densest_returns` takes them.

    In a background of fewer than `least_documents` no word is common.
    """
    bits = np.zeros(1 << 16, dtype=np.bool_)
    if background.documents >= least_documents:
        often = background.frequencies > max(share * background.documents, COMMON_DOCUMENTS)
        bits[background.terms[often] >> np.uint64(48)] = True
    return np.packbits(bits, bitorder="little").view(np.dtype(np.uint64).newbyteorder("<")).astype(np.uint64)


def is_common(hashes: U64, common: U64) -> Bool:
    """Whether each token is one of the common words."""
    bits = common[hashes >> np.uint64(54)] >> (hashes >> np.uint64(48) & np.uint64(63)) & np.uint64(1)
    found: Bool = bits != 0
    return found


TEMPLATE_SHARE = 0.7
"""The halves of a text that repeats a template have at least this share in common of what it has with another such."""


def _share_in_common(one: U64, other: U64) -> float:
    """Distinct terms in common, as a share of those of the side that has fewer."""
    terms, others = distinct(one), distinct(other)
    common = int(np.count_nonzero(is_among(terms, others)))
    return float(common / max(min(terms.size, others.size), 1))


def _shortened(tokens: Tokens, barrier: Bool) -> tuple[Tokens, Bool]:
    """The tokens, of each run of those that are barred the first alone, and which these are.

    What lies in no passage must not count as the background of those that are sought either: a copy would hide what is
    reworded from its original.
    """
    begins = np.zeros(barrier.size + 1, dtype=np.bool_)
    begins[tokens.offsets] = True
    kept = ~barrier | begins[:-1]
    kept[1:] |= ~barrier[:-1]
    counts = np.append(0, np.cumsum(kept))
    short = Tokens(tokens.hashes[kept], tokens.starts[kept], tokens.ends[kept], counts[tokens.offsets])
    return short, barrier[kept]


def whole_documents(corpus: Corpus, ranks: I64) -> Side:
    """The spans of documents."""
    return Side(ranks, corpus.documents.starts[ranks], corpus.documents.ends[ranks])


class Barred:
    """What lies in no passage: the union of spans, as stretches of addresses that ascend and do not overlap."""

    def __init__(self, spans: Side) -> None:
        order = np.argsort(spans.starts)
        starts, ends = spans.starts[order], spans.ends[order]
        reach = np.maximum.accumulate(ends) if ends.size else ends
        first = np.append(True, starts[1:] > reach[:-1])[: starts.size]
        self._starts = starts[first]
        # The last one is that of no span, for what stands before the first.
        self._ends = np.append(reach[np.append(first[1:], True)[: first.size]], 0)

    def holds(self, addresses: I64) -> Bool:
        """Whether each address is in one of the spans."""
        within: Bool = addresses < self._ends[np.searchsorted(self._starts, addresses, side="right") - 1]
        return within

    def tokens(self, spans: Side, tokens: Tokens, offsets: I64) -> Bool:
        """Which tokens of texts, which are these spans and stand at `offsets`, begin in what is barred."""
        first = np.searchsorted(self._ends[:-1], spans.starts, side="right")
        counts = np.maximum(np.searchsorted(self._starts, spans.ends) - first, 0)
        texts = np.repeat(np.arange(counts.size), counts)
        barred = np.arange(texts.size) + np.repeat(first - np.cumsum(counts) + counts, counts)
        moved = offsets[texts] - spans.starts[texts]
        limits = offsets[texts], offsets[texts + 1]
        # One more from the first token of a stretch on, one less behind its last.
        depth = np.zeros(tokens.hashes.size + 1, dtype=np.int64)
        for addresses, step in ((self._starts[barred], 1), (self._ends[barred], -1)):
            places = np.searchsorted(tokens.starts, np.clip(addresses + moved, *limits))
            np.add.at(depth, places, step)
        within: Bool = np.cumsum(depth[:-1]) > 0
        return within


class ReadyTexts:
    """Spans of documents of a corpus as texts, tokenised, with their terms; what is `barred` lies in no passage."""

    def __init__(self, corpus: Corpus, spans: Side, barred: Barred, background: Background, aligner: Aligner) -> None:
        self._ranks = spans.documents
        self._bases = spans.starts
        self._column: TextColumn = corpus.store.gather(spans.starts, spans.ends)
        tokens = tokenise(self._column, corpus.kernels)
        barrier = barred.tokens(spans, tokens, self._column.offsets)
        self._tokens, barrier = _shortened(tokens, barrier)
        self._lengths: I64 = self._tokens.ends - self._tokens.starts
        self._kernels: Kernels = corpus.kernels
        self._background = background
        self._common = common_words(background)
        # In a small corpus, too, what most documents hold is no subject of two of them.
        self._off_subject = common_words(background, SUBJECT_SHARE, least_documents=0)
        self._aligner = aligner
        self.terms: Terms = corpus.kernels.mark_terms(self._column.data, self._tokens, barrier, *codepoint_table())

    def align(self, left: I64, right: I64, config: Config, *, summarising: bool = True) -> Aligned:
        """The passages of pairs of the texts, by place, verified; within one text where both are the same.

        A passage has the first relation that holds of its spans, and is a `rewrite` where none else does. Summaries
        are looked for where `summarising`.
        """
        found = align_texts(self.terms, left, right, self._aligner, summarising=summarising)
        ours, theirs = left[found.pairs], right[found.pairs]
        one, other = self._addresses(ours, found.places[:, :2]), self._addresses(theirs, found.places[:, 2:])
        self._close(ours, theirs, one, other)
        return Aligned(
            Side(self._ranks[ours], one[:, 0], one[:, 1]),
            Side(self._ranks[theirs], other[:, 0], other[:, 1]),
            *self._verify(ours, theirs, found, config),
            found.summaries,
            found.pairs,
            found.nats,
        )

    def _verify(self, ours: I64, theirs: I64, found: Passages, config: Config) -> tuple[NDArray[np.int8], F64]:
        """Relations and scores of passages of the texts `ours` and `theirs`."""
        count = found.pairs.size
        first, last = self._tokens.offsets[ours], self._tokens.offsets[theirs]
        starts = np.append(found.places[:, 0] + first, found.places[:, 2] + last)
        ends = np.append(found.places[:, 1] + first, found.places[:, 3] + last)
        rows = [self._tokens.hashes[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        values = np.concatenate([np.zeros(0, dtype=np.uint64), *rows])
        tokens = Ragged(values, np.append(0, np.cumsum(ends - starts)))
        units = np.arange(count)
        scores = score_pairs(tokens, units, units + count, config, self._background, self._kernels, every=True)
        lengths = ends - starts
        verdict = verdicts(scores, lengths[:count], lengths[count:], config, 2 * config.shingle_size)
        relations = np.full(count, RELATIONS.index(Relation.REWRITE), dtype=np.int8)
        for code, relation in CODES.items():
            relations[verdict == code] = RELATIONS.index(relation)
        probabilities = np.where(verdict > Verdict.NONE, 1.0, found.probabilities)
        columns = (scores.resemblance, scores.left_containment, scores.right_containment, scores.cosine, probabilities)
        return relations, np.stack(columns)

    def weigh(self, left: int, right: int, spans: tuple[Side, Side]) -> F64:
        """The nats, as in `Passages`, of spans that are known to be passages."""
        places = self._places(left, right, spans)
        weighed = np.zeros((len(places), 2))
        filled = (places[:, 1] > places[:, 0]) & (places[:, 3] > places[:, 2])
        if filled.any():
            chosen = np.ascontiguousarray(places[filled])
            offsets = np.array([0, len(chosen)])
            found = self._aligner.align_terms(self.terms, np.array([left]), np.array([right]), chosen, offsets)
            weighed[filled] = found.places[:, 4:6] / UNIT
        return weighed

    def anchors(self, left: int, right: int, spans: tuple[Side, Side]) -> list[tuple[str, ...]]:
        """The anchors of each pair of spans, as they stand on the left."""
        tokens = self._tokens
        data = self._column.data
        found = []
        for places in find_anchors(
            self.terms, self._lengths, self._common, left, right, self._places(left, right, spans)
        ):
            at = tokens.offsets[left] + places
            ranges = zip(tokens.starts[at].tolist(), tokens.ends[at].tolist(), strict=True)
            words = (data[start:end].tobytes().decode("utf-8", "surrogatepass") for start, end in ranges)
            found.append(tuple(dict.fromkeys(words)))
        return found

    def shared_words(self, one: int, other: int, spans: tuple[Side, Side]) -> int:
        """How many distinct words, neither common nor numbers nor names, spans of two texts have in common.

        A name begins with a capital wherever it stands in either span.
        """
        ((first, last, other_first, other_last),) = self._places(one, other, spans).tolist()
        ours, theirs = self._words(one, first, last), self._words(other, other_first, other_last)
        return sum(ours[stem] or theirs[stem] for stem in ours.keys() & theirs.keys())

    def shared_beside(self, one: int, other: int, spans: tuple[Side, Side]) -> int:
        """How many distinct words that tell a subject two texts have in common outside of spans of them."""
        ((first, last, other_first, other_last),) = self._places(one, other, spans).tolist()
        ours, theirs = self._subject_words(one, first, last), self._subject_words(other, other_first, other_last)
        return int(np.intersect1d(ours, theirs).size)

    def _subject_words(self, text: int, first: int, last: int) -> U64:
        """The terms of a text's words that tell a subject, but for those of a span."""
        begin, end = self._tokens.offsets[text], self._tokens.offsets[text + 1]
        beside = ~is_common(self._tokens.hashes[begin:end], self._off_subject)
        beside[first:last] = False
        return self._stems(text)[beside]

    def _words(self, text: int, first: int, last: int) -> dict[int, bool]:
        """Of the words of a span that are not common, whether each stands there without a capital."""
        tokens = np.arange(first, last) + self._tokens.offsets[text]
        rare = ~is_common(self._tokens.hashes[tokens], self._common)
        starts, ends = self._tokens.starts[tokens[rare]].tolist(), self._tokens.ends[tokens[rare]].tolist()
        found: dict[int, bool] = {}
        for stem, start, end in zip(self._stems(text)[first:last][rare].tolist(), starts, ends, strict=True):
            initial = self._column.data[start:end].tobytes().decode("utf-8", "surrogatepass")[0]
            if not initial.isnumeric():
                found[stem] = found.get(stem, False) or not initial.isupper()
        return found

    def is_template(self, one: int, other: int, spans: tuple[Side, Side]) -> bool:
        """Whether spans of two texts, or of one, say alike what each says over and over, as a table or a list does.

        The halves of each side have then as many terms in common as both sides have.
        """
        ((first, last, other_first, other_last),) = self._places(one, other, spans).tolist()
        left, right = self._stems(one)[first:last], self._stems(other)[other_first:other_last]
        both = _share_in_common(left, right)
        return all(
            _share_in_common(side[: side.size // 2], side[side.size // 2 :]) >= TEMPLATE_SHARE * both
            for side in (left, right)
        )

    def _stems(self, text: int) -> U64:
        """The term of each token of a text."""
        numbers = self.terms.numbers[self.terms.offsets[text] : self.terms.offsets[text + 1]]
        return self.terms.terms[self.terms.term_offsets[text] :][numbers]

    def _addresses(self, texts: I64, places: I64) -> I64:
        """Addresses of spans, shape (rows, 2), given by tokens of texts."""
        first = self._tokens.offsets[texts]
        starts, ends = self._tokens.starts[first + places[:, 0]], self._tokens.ends[first + places[:, 1] - 1]
        moved = self._bases[texts] - self._column.offsets[texts]
        return np.stack([starts + moved, ends + moved], axis=1)

    def _places(self, left: int, right: int, spans: tuple[Side, Side]) -> I64:
        """First token and one after the last of spans on both sides, shape (rows, 4)."""
        columns = []
        for text, side in ((left, spans[0]), (right, spans[1])):
            first, last = self._tokens.offsets[text], self._tokens.offsets[text + 1]
            starts, ends = self._tokens.starts[first:last], self._tokens.ends[first:last]
            moved = self._column.offsets[text] - self._bases[text]
            columns.append(np.searchsorted(starts, side.starts + moved))
            columns.append(np.searchsorted(ends, side.ends + moved, side="right"))
        return np.stack(columns, axis=1)

    def _close(self, ours: I64, theirs: I64, one: I64, other: I64) -> None:
        """Take in, in place, the punctuation that closes both spans alike."""
        data, offsets = self._column.data, self._column.offsets
        for row, (left, right) in enumerate(zip(ours.tolist(), theirs.tolist(), strict=True)):
            moved = [int(offsets[text] - self._bases[text]) for text in (left, right)]
            here, there = int(one[row, 1]) + moved[0], int(other[row, 1]) + moved[1]
            ends = offsets[left + 1], offsets[right + 1]
            while here < ends[0] and there < ends[1] and data[here] == data[there] and int(data[here]) in _CLOSING:
                here, there = here + 1, there + 1
            one[row, 1], other[row, 1] = here - moved[0], there - moved[1]
