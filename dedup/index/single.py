"""Admitting one document: what `dedup.index.admitting` does of many, with few arrays.

One whose id the index may have is left to the way of many, and so is a copy of one that was dropped as a rewrite.
"""

import math
import struct
from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.candidates import LEAST_SHARE
from dedup.index.anchored import NO_ANCHORS
from dedup.index.arrivals import NONE, POSTED, ROW, Arrivals
from dedup.index.comparing import Match, first_match, leader, match_of_copy
from dedup.index.concerned import Arriving
from dedup.index.judging import Judge, no_drops, payload_of
from dedup.index.rewording import reword
from dedup.index.state import State
from dedup.kernels import Kernels, Sketches
from dedup.model import TextColumn
from dedup.tokenising import codepoint_table
from dedup.verifying import Verdict

_ROW = struct.Struct("<QQQddddd QIIIIII BBb5x")
assert _ROW.size == ROW.itemsize  # noqa: S101 - the fields of ROW in their order
_UPPER = 0xFFFFFFFF
_NO_MATCH = Match(-1, Verdict.NONE, [0.0] * 4)


class Alone(NamedTuple):
    """One document that was put into the state, and what became of it.

    `representative` is a rank, or -1 where there is none; `verdict`, `scores`, `probability` as in `DecisionColumns`.
    """

    arrivals: Arrivals
    length: int
    dropped: bool
    representative: int
    verdict: int
    scores: list[float]
    probability: float


def admit_one(state: State, token: bytes, text: bytes, date: float, kernels: Kernels) -> Alone | None:
    """Decide on a document and put it into the state, or do nothing and give None where it is for the way of many.

    `token`: the JSON token of the id; `text`: UTF-8.
    """
    ends = [0, len(token), len(token) + len(text)]
    data = np.frombuffer(token + text, dtype=np.uint8)
    offsets = np.array(ends, dtype=np.int64)
    id_hash, text_hash = kernels.digest_texts(data, offsets).tolist()
    sketches = kernels.sketch(data, offsets[1:2], offsets[2:], *codepoint_table(), state.plan)
    digest, length = int(sketches.digests[0]), int(sketches.lengths[0])
    compared = length >= state.config.shingle_size
    samples = sketches.samples.values.tolist()
    keys = _keys(state, sketches, samples, compared)
    n_compared = len(keys)
    if length > 0:
        keys.append(state.numbers.exact << 32 | digest >> 32)
    keys.append(state.numbers.ids << 32 | id_hash >> 32)
    hits, counts = state.find_packed(keys, kernels)
    if counts[-1]:
        return None
    match: Match | None = None
    posted = length > 0
    if posted and counts[n_compared]:
        first = leader(state, text, digest, [hit & _UPPER for hit in hits if hit >> 32 == n_compared], kernels)
        if first >= 0:
            posted, match = False, match_of_copy(state, first, kernels)
            if match is not None and match.verdict == Verdict.REWRITE:
                return None
    local = TextColumn(data[len(token) :], offsets[1:] - len(token))
    if posted and compared and hits:
        candidates = _candidates(state, hits, counts, samples, sketches)
        match = first_match(state, text, length, sorted(candidates), kernels) if candidates else None
    anchored = NO_ANCHORS
    if posted and match is None and state.rewrites is not None:
        result = no_drops(np.ones(1, dtype=np.bool_))
        judge = Judge(local, sketches, state, kernels)
        anchored = reword(Arriving(local, sketches, state, judge, kernels), result, keep_all=False).anchored
        if result.representatives[0] >= 0:
            match = Match(int(result.representatives[0]), int(result.verdicts[0]), result.scores[0].tolist())
    representative, verdict, scores = match or _NO_MATCH
    payload, _ = payload_of(local, state.keeps_text, kernels)
    rank = state.ledger.count
    row = _ROW.pack(
        digest, text_hash, id_hash, date, *scores, payload.size, rank, length,
        representative if representative >= 0 else NONE, int(sketches.level_sizes[0]), len(samples), len(token),
        int(sketches.levels[0]), POSTED if posted else 0, verdict,
    )  # fmt: skip
    arrivals = Arrivals(
        np.frombuffer(row, dtype=ROW),
        sketches.keys.reshape(1, -1),
        sketches.samples.values,
        data[: len(token)],
        payload,
        anchored,
    )
    state.add_one(arrivals, keys if posted else keys[-1:])
    probability = math.nan
    if anchored.rewordings.size:
        reworded = anchored.rewordings[0]
        representative, scores = int(reworded["representative"]), reworded["scores"].tolist()
        verdict, probability = Verdict.REWRITE, float(reworded["probability"])
    dropped = int(arrivals.rows["representative"][0]) != NONE
    return Alone(arrivals, length, dropped, representative, verdict, scores, probability)


def _keys(state: State, sketches: Sketches, samples: list[int], compared: bool) -> list[int]:
    """Table and key, as one number, of each group that the document is in."""
    if not compared:
        return []
    keys = [band << 32 | key for band, key in enumerate(sketches.keys[:, 0].tolist())]
    base = state.numbers.samples << 32
    return keys + [base | sample for sample in samples]


def _candidates(state: State, hits: list[int], counts: list[int], samples: list[int], sketches: Sketches) -> set[int]:
    """The kept documents that the document is to be compared with, of those in its groups."""
    config, ledger, n_banded = state.config, state.ledger, state.numbers.bands
    n_compared = n_banded + len(samples)
    representatives, levels = ledger.representatives, ledger.levels
    level, size = int(sketches.levels[0]), int(sketches.level_sizes[0])
    found: set[int] = set()
    shared: Counter[int] = Counter()
    query, position = -1, 0
    for hit in hits:
        position = position + 1 if hit >> 32 == query else 0
        query, rank = hit >> 32, hit & _UPPER
        if representatives[rank] != NONE:
            continue
        if query >= n_compared:
            break
        if query < n_banded:
            if counts[query] < config.bucket_cap or position < config.bucket_links:
                found.add(rank)
        elif samples[query - n_banded] & ((1 << min(level, int(levels[rank]))) - 1) == 0:
            shared[rank] += 1
    part, whole = LEAST_SHARE
    for rank, count in shared.items():
        other, other_size = int(levels[rank]), int(ledger.level_sizes[rank])
        smaller = min(size, other_size) if level == other else size if level < other else other_size
        if whole * count >= part * smaller:
            found.add(rank)
    return found
