"""Admitting one document: what `dedup.index.admitting` does of many, without the arrays, as long as it is of no class.

Most documents that come are like no other. One whose tokens or whose id the index has is left to the way of many.
"""

from collections import Counter

import numpy as np

from dedup.candidates import LEAST_SHARE
from dedup.index.arrivals import NONE
from dedup.index.judging import Judge, Judged, no_drops
from dedup.index.state import State
from dedup.index.tables import SHIFT
from dedup.kernels import U32, U64, Kernels, Sketches
from dedup.model import TextColumn


def judge_one(
    state: State, texts: TextColumn, sketches: Sketches, id_hash: U64 | None, kernels: Kernels
) -> Judged | None:
    """What becomes of one document, or None where the index may have its tokens or its id.

    `id_hash`, of shape (1,): the hash of its id, or None where the id does not matter.
    """
    config, numbers = state.config, state.numbers
    length = int(sketches.lengths[0])
    samples = sketches.samples.values if length >= config.shingle_size else _NO_KEYS
    keys = [sketches.keys[:, 0], samples] if length >= config.shingle_size else []
    tables = [state.band_tables, np.full(samples.size, numbers.samples, dtype=np.uint8)] if keys else []
    n_banded = numbers.bands if keys else 0
    n_compared = n_banded + samples.size
    if length > 0:
        keys.append((sketches.digests >> SHIFT).astype(np.uint32))
        tables.append(np.array([numbers.exact], dtype=np.uint8))
    if id_hash is not None:
        keys.append((id_hash >> SHIFT).astype(np.uint32))
        tables.append(np.array([numbers.ids], dtype=np.uint8))
    if not keys:
        return no_drops(sketches.lengths > 0)
    hits, counts = state.find(np.concatenate(tables), np.concatenate(keys), kernels)
    if counts[n_compared:].any():
        return None
    result = no_drops(sketches.lengths > 0)
    if hits.size:
        candidates = _candidates(state, hits.tolist(), counts.tolist(), n_banded, samples.tolist(), sketches)
        if candidates:
            left = np.array(sorted(candidates), dtype=np.int64)
            Judge(texts, sketches, state, kernels).drop_matching(left, np.zeros_like(left), result)
    return result


def _candidates(
    state: State, hits: list[int], counts: list[int], n_banded: int, samples: list[int], sketches: Sketches
) -> set[int]:
    """The kept documents that the document is to be compared with, of those in its groups."""
    config, ledger = state.config, state.ledger
    representatives, levels = ledger.representatives, ledger.levels
    level, size = int(sketches.levels[0]), int(sketches.level_sizes[0])
    found: set[int] = set()
    shared: Counter[int] = Counter()
    query, position = -1, 0
    for hit in hits:
        position = position + 1 if hit >> 32 == query else 0
        query, rank = hit >> 32, hit & NONE
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


_NO_KEYS: U32 = np.zeros(0, dtype=np.uint32)
