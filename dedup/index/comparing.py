"""One document held against some of the index, with few arrays: what `dedup.index.judging` does of many."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dedup.index.arrivals import NONE
from dedup.index.parts import Data
from dedup.index.state import State
from dedup.kernels import Kernels, Ragged
from dedup.model import Relation
from dedup.tokenising import codepoint_table
from dedup.verifying import LEAST_CONTAINED_TOKENS, Verdict, score_with_last, verdict_on

_FEW = 4
_TOKENS_AT_ONCE = 1 << 20


class Match(NamedTuple):
    """What a document is dropped for: a rank, and the verdict and the scores, as in `dedup.index.judging.Judged`."""

    representative: int
    verdict: int
    scores: list[float]


def first_match(state: State, text: Data, length: int, candidates: list[int], kernels: Kernels) -> Match | None:
    """The first of some kept documents, ascending by rank, for which one of so many tokens is dropped."""
    config, lengths = state.config, state.ledger.lengths
    for ranks in _blocks(state, candidates):
        tokens = _tokens(state, [*(state.text(rank, kernels) for rank in ranks)], text, kernels)
        exact, scores = score_with_last(tokens, config, state.background, kernels)
        for rank, same, row in zip(ranks, exact.tolist(), scores.tolist(), strict=True):
            verdict = verdict_on(same, row, int(lengths[rank]), length, config, config.shingle_size)
            within = row[2] >= config.containment and length >= LEAST_CONTAINED_TOKENS
            if verdict is Verdict.NEAR or (verdict is Verdict.CONTAINS and within):
                return Match(rank, verdict, row)
    return None


def leader(state: State, text: Data, digest: int, ranks: list[int], kernels: Kernels) -> int:
    """The first of some living documents that has the tokens of another one, and may have it dropped, or -1.

    So may one that was dropped only as long as that is there for which it was. `digest` is that of the other one.
    """
    alive, representatives = state.ledger.alive, state.ledger.representatives
    for rank in ranks:
        representative = int(representatives[rank])
        if (representative == NONE or alive[representative]) and state.digest(rank, kernels) == digest:
            known = state.text(rank, kernels)
            if state.keeps_text and known == text:
                return rank
            tokens = _tokens(state, [known], text, kernels)
            one = np.zeros(1, dtype=np.int64)
            return rank if kernels.equal_rows(tokens, one, one + 1)[0] else -1
    return -1


def match_of_copy(state: State, rank: int, kernels: Kernels) -> Match | None:
    """What an exact copy of a document is dropped for: for what that one was dropped, or else for itself."""
    representative = int(state.ledger.representatives[rank])
    if representative != NONE:
        ranks = np.array([rank])
        return Match(
            representative, int(state.rows(ranks, kernels)["verdict"][0]), state.scores(ranks, kernels)[0].tolist()
        )
    return Match(rank, Verdict.EXACT, [1.0] * 4) if state.config.looks_for(Relation.EXACT) else None


def _blocks(state: State, candidates: list[int]) -> Iterator[list[int]]:
    """Few of them at first, since the first is most often the match, and never more tokens than there is memory for."""
    lengths, most, begin = state.ledger.lengths, _FEW, 0
    while begin < len(candidates):
        end, tokens = begin + 1, int(lengths[candidates[begin]])
        while end < min(begin + most, len(candidates)) and tokens + int(lengths[candidates[end]]) <= _TOKENS_AT_ONCE:
            tokens += int(lengths[candidates[end]])
            end += 1
        yield candidates[begin:end]
        begin, most = end, _FEW * most


def _tokens(state: State, known: list[Data], text: Data, kernels: Kernels) -> Ragged:
    """The token hashes of documents of the index, given by what is stored of them, and behind them those of a text."""
    several = [*known, text] if state.keeps_text else [text]
    offsets = np.zeros(len(several) + 1, dtype=np.int64)
    np.cumsum([len(each) for each in several], out=offsets[1:])
    data = np.frombuffer(b"".join(several), dtype=np.uint8)
    tokens = kernels.hash_tokens(data, offsets[:-1], offsets[1:], *codepoint_table())
    if state.keeps_text:
        return tokens
    sizes = [*(len(each) // 8 for each in known), tokens.values.size]
    values = np.concatenate([np.frombuffer(b"".join(known), dtype=np.uint64), tokens.values])
    return Ragged(values, np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)]))
