"""Admitting one document: what `dedup.index.admitting` does of many, with few arrays, as long as it is of no class.

Most documents that come are like no other. One whose tokens or whose id the index may have is left to the way of many.
"""

import math
import struct
from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.candidates import LEAST_SHARE
from dedup.index.anchored import NO_ANCHORS
from dedup.index.arrivals import NONE, POSTED, ROW, Arrivals
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


def admit_one(state: State, token: bytes, text: bytes, date: float, kernels: Kernels, *, new: bool) -> Alone | None:
    """Decide on a document and put it into the state, or do nothing and give None where its class may be known.

    `token`: the JSON token of the id; `text`: UTF-8. `new`: it is a document like any other, whatever its id.
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
    id_key = state.numbers.ids << 32 | id_hash >> 32
    if not new:
        keys.append(id_key)
    hits, counts = state.find_packed(keys, kernels)
    if any(counts[n_compared:]):
        return None
    representative, verdict, scores = -1, 0, [0.0, 0.0, 0.0, 0.0]
    anchored = NO_ANCHORS
    local = TextColumn(data[len(token) :], offsets[1:] - len(token))
    candidates = _candidates(state, hits, counts, samples, sketches) if hits else None
    if candidates or state.rewrites is not None:
        left = np.array(sorted(candidates or ()), dtype=np.int64)
        result = no_drops(sketches.lengths > 0)
        judge = Judge(local, sketches, state, kernels)
        judge.drop_matching(left, np.zeros_like(left), result)
        anchored = reword(Arriving(local, sketches, state, judge, kernels), result, keep_all=False).anchored
        representative, verdict = int(result.representatives[0]), int(result.verdicts[0])
        scores = result.scores[0].tolist()
    payload, _ = payload_of(local, state.keeps_text, kernels)
    rank = state.ledger.count
    row = _ROW.pack(
        digest, text_hash, id_hash, date, *scores, payload.size, rank, length,
        representative if representative >= 0 else NONE, int(sketches.level_sizes[0]), len(samples), len(token),
        int(sketches.levels[0]), POSTED if length > 0 else 0, verdict,
    )  # fmt: skip
    arrivals = Arrivals(
        np.frombuffer(row, dtype=ROW),
        sketches.keys.reshape(1, -1),
        sketches.samples.values,
        data[: len(token)],
        payload,
        anchored,
    )
    state.add_one(arrivals, [*keys, id_key] if new else keys)
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
