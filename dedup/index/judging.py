"""Judging documents that arrive, as a batch scan would: what each matches, and what becomes of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.candidates import LEAST_SHARE, exact_classes
from dedup.index.arrivals import NONE
from dedup.index.comparing import score_alone
from dedup.index.linking import band_candidates, sample_candidates
from dedup.index.state import State
from dedup.index.tables import LOW, SHIFT
from dedup.kernels import F64, I64, U8, U64, Bool, Kernels, Ragged, Samples, Sketches
from dedup.kernels.distinct import distinct
from dedup.model import Relation, TextColumn
from dedup.tokenising import codepoint_table, hash_tokens
from dedup.verifying import LEAST_CONTAINED_TOKENS, Scores, Verdict, score_pairs, verdicts

_TOKENS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of n documents that arrive.

    `posted`: whether each is the first of its exact class, so that later ones are compared with it. `representatives`
    (int64): rank of the representative, -1 for kept ones; arrivals have the ranks behind those in the index.
    `verdicts` (int8, 0 for kept ones) and `scores` (float64, (n, 4): resemblance, containment of the representative and
    of the document, cosine; zeros for kept ones) are those of the pair with it.
    """

    posted: Bool
    representatives: I64
    verdicts: NDArray[np.int8]
    scores: F64


def no_drops(posted: Bool) -> Judged:
    """Every document kept, to be filled in."""
    count = posted.size
    return Judged(
        posted,
        np.full(count, -1, dtype=np.int64),
        np.zeros(count, dtype=np.int8),
        np.zeros((count, 4), dtype=np.float64),
    )


class Judge:
    """Judges one batch of documents, none of which is in the index under its id."""

    def __init__(self, texts: TextColumn, sketches: Sketches, state: State, kernels: Kernels) -> None:
        self._texts = texts
        self._sketches = sketches
        self._state = state
        self._config = state.config
        self._kernels = kernels
        self._base = state.ledger.count
        # The first of the exact class of each document that is not the first itself, by rank; -1 for the others.
        self.leaders: I64 = np.full(sketches.lengths.size, -1, dtype=np.int64)

    def judge(self) -> Judged:
        """What becomes of each."""
        sketches, config = self._sketches, self._config
        copy_of = self.leaders = self._copies()
        posted = (copy_of < 0) & (sketches.lengths > 0)
        result = no_drops(posted)
        compared = np.flatnonzero(posted & (sketches.lengths >= config.shingle_size))
        if compared.size:
            self.drop_matching(*self._candidates(compared), result)
        self._drop_copies(np.flatnonzero(copy_of >= 0), copy_of, result)
        return result

    # Exact classes

    def _copies(self) -> I64:
        """The rank of the first document of the exact class of each, in the index or of an arrival; -1 for a first."""
        digests, lengths = self._sketches.digests, self._sketches.lengths
        places = np.arange(digests.size)
        firsts = exact_classes(digests, lengths)
        leaders = np.full(digests.size, -1, dtype=np.int64)
        own = np.flatnonzero((firsts == places) & (lengths > 0))
        leaders[own] = self._leaders(digests[own])
        # Of a class that the index has, each is compared with the one there; of another with the first arrival.
        leader = np.where(leaders[firsts] >= 0, leaders[firsts], np.where(firsts != places, self._base + firsts, -1))
        members = np.flatnonzero(leader >= 0)
        if members.size:
            equal = self._equal(leader[members], members)
            leader[members[~equal]] = -1
        return leader

    def _leaders(self, digests: U64) -> I64:
        """The first document of the index with each digest, of those that may drop another; -1 where there is none."""
        found = np.full(digests.size, -1, dtype=np.int64)
        table = np.full(digests.size, self._state.numbers.exact, dtype=np.uint8)
        hits, _ = self._state.find(table, (digests >> SHIFT).astype(np.uint32), self._kernels)
        if not hits.size:
            return found
        queries, ranks = (hits >> SHIFT).astype(np.int64), (hits & LOW).astype(np.int64)
        same = self._state.rows(ranks, self._kernels)["digest"] == digests[queries]
        same &= self._state.ledger.grounded(ranks)
        queries, ranks = queries[same][::-1], ranks[same][::-1]
        # The last to be written is the first of its class.
        found[queries] = ranks
        return found

    def _equal(self, left: I64, right: I64) -> Bool:
        """Whether documents (ranks) have the tokens of arrivals (places), in order."""
        equal = np.zeros(left.size, dtype=np.bool_)
        lengths = self._sketches.lengths
        for block in _blocks(lengths[right]):
            rows, one, other = self._tokens(left[block], right[block])
            equal[block] = self._kernels.equal_rows(rows, one, other)
        return equal

    def _drop_copies(self, copies: I64, copy_of: I64, result: Judged) -> None:
        """Copies share the representative of the first of their class, or have it as their own."""
        if not copies.size:
            return
        leaders = copy_of[copies]
        stored = leaders < self._base
        in_index, of_index = copies[stored], leaders[stored]
        if of_index.size:
            kept = self._state.ledger.representatives[of_index]
            dropped = np.flatnonzero(kept != NONE)
            result.representatives[in_index[dropped]] = kept[dropped]
            result.verdicts[in_index[dropped]] = self._state.rows(of_index[dropped], self._kernels)["verdict"]
            result.scores[in_index[dropped]] = self._state.scores(of_index[dropped], self._kernels)
        arrived, of_arrivals = copies[~stored], leaders[~stored] - self._base
        for column in (result.representatives, result.verdicts, result.scores):
            column[arrived] = column[of_arrivals]
        if self._config.looks_for(Relation.EXACT):
            own = result.representatives[copies] < 0
            result.representatives[copies[own]] = leaders[own]
            result.verdicts[copies[own]] = Verdict.EXACT
            result.scores[copies[own]] = 1.0

    # Matches

    def drop_matching(self, left: I64, right: I64, result: Judged) -> None:
        """Drop documents for the earliest kept one that they are near to, or lie within.

        Given are pairs of ranks and arrivals, sorted by arrival, then rank.
        """
        if not left.size:
            return
        lengths, config = self._sketches.lengths, self._config
        left_lengths = self.lengths(left)
        scores = self.score(left, right, left_lengths)
        verdict = verdicts(scores, left_lengths, lengths[right], config, config.shingle_size)
        within = (verdict == Verdict.CONTAINS) & (scores.right_containment >= config.containment)
        within &= lengths[right] >= LEAST_CONTAINED_TOKENS
        droppable = np.flatnonzero((verdict == Verdict.NEAR) | within)
        if not droppable.size:
            return
        left, right = left[droppable], right[droppable]
        stored = distinct(left[left < self._base])
        items = np.where(left < self._base, np.searchsorted(stored, left), left - self._base + stored.size)
        chosen = self._kernels.anchor(items, right + stored.size, stored.size + lengths.size)
        taken = chosen[right + stored.size] == items
        pairs, rights = droppable[taken], right[taken]
        result.representatives[rights] = left[taken]
        result.verdicts[rights] = verdict[pairs]
        result.scores[rights] = np.stack([each[pairs] for each in scores[1:]], axis=1)

    def _candidates(self, compared: I64) -> tuple[I64, I64]:
        """Pairs of ranks and arrivals to be verified, sorted by arrival, then rank."""
        config, sketches, state = self._config, self._sketches, self._state
        stored, local = [_NO_PAIRS], [_NO_PAIRS]
        if config.looks_for(Relation.NEAR):
            by_band = band_candidates(sketches.keys[:, compared], compared, state, self._kernels)
            stored.append(by_band[0])
            local.append(by_band[1])
        if config.looks_for(Relation.CONTAINS):
            linked = sample_candidates(take_rows(sketches.samples, compared), compared, state, self._kernels)
            stored.append(self._enough_shared(linked.stored, linked.stored_keys, 0))
            local.append(self._enough_shared(linked.local, linked.local_keys, self._base))
        pairs = [distinct(np.concatenate(stored)), distinct(np.concatenate(local))]
        left = np.concatenate([pairs[0] & LOW, (pairs[1] & LOW) + np.uint64(self._base)]).astype(np.int64)
        right = np.concatenate([each >> SHIFT for each in pairs]).astype(np.int64)
        order = np.argsort(right, kind="stable")
        return left[order], right[order]

    def _enough_shared(self, pairs: U64, keys: U64, base: int) -> U64:
        """The pairs (given once for each key) of whose smaller side enough is shared; the left ones begin at `base`."""
        if not pairs.size:
            return _NO_PAIRS
        levels = self._sketches.levels
        left_levels = self._levels((pairs & LOW).astype(np.int64) + base)
        right_levels = levels[(pairs >> SHIFT).astype(np.int64)]
        lower = np.minimum(left_levels, right_levels).astype(np.uint64)
        # The key is at the level of one of them where it is at the lower one.
        usable = keys & ((np.uint64(1) << lower) - np.uint64(1)) == 0
        ordered = np.sort(pairs[usable])
        new = np.ones(ordered.size, dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
        begins = np.flatnonzero(new)
        counts = np.diff(begins, append=ordered.size)
        found = ordered[begins]
        left, right = (found & LOW).astype(np.int64) + base, (found >> SHIFT).astype(np.int64)
        left_levels, right_levels = self._levels(left), levels[right]
        left_sizes, right_sizes = self._level_sizes(left), self._sketches.level_sizes[right]
        smaller = np.where(
            left_levels == right_levels,
            np.minimum(left_sizes, right_sizes),
            np.where(left_levels < right_levels, left_sizes, right_sizes),
        )
        part, whole = LEAST_SHARE
        enough: U64 = found[whole * counts >= part * smaller]
        return enough

    def _levels(self, ranks: I64) -> U8:
        ledger, base = self._state.ledger, self._base
        if ranks.size and int(ranks[0]) >= base:
            levels: U8 = self._sketches.levels[ranks - base]
            return levels
        return ledger.levels[ranks]

    def _level_sizes(self, ranks: I64) -> I64:
        ledger, base = self._state.ledger, self._base
        if ranks.size and int(ranks[0]) >= base:
            sizes: I64 = self._sketches.level_sizes[ranks - base]
            return sizes
        return ledger.level_sizes[ranks].astype(np.int64)

    def lengths(self, ranks: I64) -> I64:
        """Tokens of documents, given by rank."""
        lengths = np.empty(ranks.size, dtype=np.int64)
        stored = ranks < self._base
        lengths[stored] = self._state.ledger.lengths[ranks[stored]]
        lengths[~stored] = self._sketches.lengths[ranks[~stored] - self._base]
        return lengths

    def score(self, left: I64, right: I64, left_lengths: I64, *, every: bool = False) -> Scores:
        """The scores of pairs of ranks and arrivals, block by block; of pairs that reach no threshold where `every`."""
        if every and self._sketches.lengths.size == 1 and left.size and bool((left < self._base).all()):
            return score_alone(self._state, self._texts.data.data, left.tolist(), self._kernels)
        result = Scores(np.zeros(left.size, dtype=np.bool_), *(np.zeros(left.size) for _ in range(4)))
        for block in _blocks(left_lengths):
            rows, one, other = self._tokens(left[block], right[block])
            scores = score_pairs(rows, one, other, self._config, self._state.background, self._kernels, every=every)
            for target, values in zip(result, scores, strict=True):
                target[block] = values
        return result

    def _tokens(self, left: I64, right: I64) -> tuple[Ragged, I64, I64]:
        """The token hashes of the documents concerned, each once, and the rows of ranks and of arrivals."""
        ranks = distinct(np.concatenate([left, right + self._base]))
        first_local = int(np.searchsorted(ranks, self._base))
        row_of = np.empty(ranks.size, dtype=np.int64)
        several: list[Ragged] = []
        n_rows = 0
        for places, rows in stored_tokens(self._state, ranks[:first_local], self._kernels):
            row_of[places] = n_rows + np.arange(places.size)
            n_rows += places.size
            several.append(rows)
        local = ranks[first_local:] - self._base
        starts, ends = self._texts.offsets[local], self._texts.offsets[local + 1]
        several.append(self._kernels.hash_tokens(self._texts.data, starts, ends, *codepoint_table()))
        row_of[first_local:] = n_rows + np.arange(local.size)
        return (
            join_rows(several),
            row_of[np.searchsorted(ranks, left)],
            row_of[np.searchsorted(ranks, right + self._base)],
        )


def stored_tokens(state: State, ranks: I64, kernels: Kernels) -> list[tuple[I64, Ragged]]:
    """The token hashes of documents in the index: places among `ranks`, and their rows."""
    found = []
    for places, texts in state.read(ranks, kernels):
        if state.keeps_text:
            rows = kernels.hash_tokens(texts.data, texts.starts, texts.ends, *codepoint_table())
        else:
            pieces = texts.pieces()
            offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
            np.cumsum([len(piece) // 8 for piece in pieces], out=offsets[1:])
            rows = Ragged(np.frombuffer(b"".join(pieces), dtype=np.uint64), offsets)
        found.append((places, rows))
    return found


def payload_of(texts: TextColumn, keeps_text: bool, kernels: Kernels) -> tuple[U8, I64]:
    """What is stored of texts, one after the other, and where each begins and ends: bytes, or the token hashes."""
    if keeps_text:
        return texts.data, texts.offsets
    tokens = hash_tokens(texts, kernels)
    return np.ascontiguousarray(tokens.values).view(np.uint8), tokens.offsets * 8


def join_rows(several: list[Ragged]) -> Ragged:
    """Rows one after the other; one or more."""
    if len(several) == 1:
        return several[0]
    sizes = np.concatenate([np.diff(each.offsets) for each in several])
    offsets = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return Ragged(np.concatenate([each.values for each in several]), offsets)


def _blocks(lengths: I64) -> list[slice]:
    """Consecutive pairs, so many at once that they take few tokens, or one."""
    numbers = np.cumsum(lengths) // _TOKENS_AT_ONCE
    if not numbers.size or numbers[-1] == numbers[0]:
        return [slice(0, lengths.size)]
    begins = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])).tolist()
    return [slice(begin, end) for begin, end in zip(begins, [*begins[1:], lengths.size], strict=True)]


def take_rows(samples: Samples, rows: I64) -> Samples:
    """Some rows of samples."""
    if rows.size == samples.offsets.size - 1:
        return samples
    sizes = np.diff(samples.offsets)[rows]
    offsets = np.zeros(rows.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    places = np.repeat(samples.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Samples(samples.values[places], offsets)


_NO_PAIRS: U64 = np.zeros(0, dtype=np.uint64)
