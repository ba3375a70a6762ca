"""Aligned passages between documents of a corpus, with their addresses and the evidence for each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.aligning import Passages, align_texts, find_anchors
from dedup.config import Config
from dedup.kernels import F64, I64, Bool, Kernels, Ragged, Tokens
from dedup.kernels.alignment import UNIT, Terms
from dedup.model import RELATIONS, Relation, TextColumn
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Side
from dedup.tokenising import codepoint_table, tokenise
from dedup.verifying import CODES, Background, Verdict, score_pairs, verdicts

_CLOSING = frozenset(b".!?,;:)]}\"'")


@dataclass(frozen=True, slots=True)
class Aligned:
    """n passages: their spans, `relations` (int8) and `scores` (5, n) as in `Findings`, and which are summaries."""

    left: Side
    right: Side
    relations: NDArray[np.int8]
    scores: F64
    summaries: Bool

    def take(self, rows: I64) -> "Aligned":
        """The passages at these rows."""
        return Aligned(
            self.left.take(rows),
            self.right.take(rows),
            self.relations[rows],
            self.scores[:, rows],
            self.summaries[rows],
        )


class ReadyTexts:
    """Documents of a corpus by rank, tokenised, with their terms; lines of residue are barriers."""

    def __init__(self, corpus: Corpus, ranks: I64) -> None:
        documents = corpus.documents
        self._ranks = ranks
        self._bases = documents.starts[ranks]
        self._column: TextColumn = corpus.store.gather(documents.starts[ranks], documents.ends[ranks])
        self._tokens: Tokens = tokenise(self._column, corpus.kernels)
        self._kernels: Kernels = corpus.kernels
        self.terms: Terms = corpus.kernels.mark_terms(
            self._column.data, self._tokens, self._barred(corpus), *codepoint_table()
        )

    def _barred(self, corpus: Corpus) -> Bool:
        """Which tokens stand in a line of residue."""
        barred = np.zeros(self._tokens.hashes.size, dtype=np.bool_)
        place_of = {int(rank): place for place, rank in enumerate(self._ranks.tolist())}
        for line in corpus.residue:
            place = place_of.get(line.text)
            if place is not None:
                moved = int(self._column.offsets[place] - self._bases[place])
                first, last = np.searchsorted(self._tokens.starts, [line.start + moved, line.end + moved])
                barred[first:last] = True
        return barred

    def align(self, left: int, right: int, config: Config) -> Aligned:
        """The passages of two of the texts, by place, verified; of one and itself where both are the same.

        A passage has the first relation that holds of its spans, and is a `rewrite` where none else does.
        """
        found = align_texts(self.terms, np.array([left]), np.array([right]), self._kernels)
        starts, ends = self._addresses(left, found.places[:, :2]), self._addresses(right, found.places[:, 2:])
        self._close(left, right, starts, ends, found)
        return Aligned(
            Side(np.full(found.pairs.size, self._ranks[left]), starts[:, 0], starts[:, 1]),
            Side(np.full(found.pairs.size, self._ranks[right]), ends[:, 0], ends[:, 1]),
            *self._verify(left, right, found, config),
            found.summaries,
        )

    def _verify(self, left: int, right: int, found: Passages, config: Config) -> tuple[NDArray[np.int8], F64]:
        """Relations and scores of passages."""
        count = found.pairs.size
        first, last = self._tokens.offsets[left], self._tokens.offsets[right]
        starts = np.append(found.places[:, 0] + first, found.places[:, 2] + last)
        ends = np.append(found.places[:, 1] + first, found.places[:, 3] + last)
        rows = [self._tokens.hashes[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        values = np.concatenate([np.zeros(0, dtype=np.uint64), *rows])
        tokens = Ragged(values, np.append(0, np.cumsum(ends - starts)))
        units = np.arange(count)
        scores = score_pairs(tokens, units, units + count, config, Background(), self._kernels, every=True)
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
            found = self._kernels.align_terms(self.terms, np.array([left]), np.array([right]), chosen, offsets)
            weighed[filled] = found.places[:, 4:6] / UNIT
        return weighed

    def anchors(self, left: int, right: int, spans: tuple[Side, Side]) -> list[tuple[str, ...]]:
        """The anchors of each pair of spans, as they stand on the left."""
        tokens = self._tokens
        lengths = tokens.ends - tokens.starts
        data = self._column.data
        found = []
        for places in find_anchors(self.terms, lengths, left, right, self._places(left, right, spans)):
            at = tokens.offsets[left] + places
            ranges = zip(tokens.starts[at].tolist(), tokens.ends[at].tolist(), strict=True)
            words = (data[start:end].tobytes().decode("utf-8", "surrogatepass") for start, end in ranges)
            found.append(tuple(dict.fromkeys(words)))
        return found

    def _addresses(self, text: int, places: I64) -> I64:
        """Addresses of spans, shape (rows, 2), given by tokens of a text."""
        first = self._tokens.offsets[text]
        moved = self._bases[text] - self._column.offsets[text]
        spans = np.stack(
            [self._tokens.starts[first + places[:, 0]], self._tokens.ends[first + places[:, 1] - 1]], axis=1
        )
        moved_spans: I64 = spans + moved
        return moved_spans

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

    def _close(self, left: int, right: int, one: I64, other: I64, found: Passages) -> None:
        """Take in, in place, the punctuation that closes both spans alike."""
        data = self._column.data
        ends = [int(self._column.offsets[text + 1]) for text in (left, right)]
        moved = [int(self._column.offsets[text] - self._bases[text]) for text in (left, right)]
        for row in range(found.pairs.size):
            here, there = int(one[row, 1]) + moved[0], int(other[row, 1]) + moved[1]
            while here < ends[0] and there < ends[1] and data[here] == data[there] and int(data[here]) in _CLOSING:
                here, there = here + 1, there + 1
            one[row, 1], other[row, 1] = here - moved[0], there - moved[1]
