"""Which documents that arrive are new, which were here before, and which take the place of an earlier text."""

from typing import NamedTuple

import numpy as np

from dedup.index.state import State
from dedup.index.tables import LOW, SHIFT
from dedup.kernels import I64, U64, Bool, Kernels
from dedup.model import IdColumn


class Resolved(NamedTuple):
    """What n documents are to the index.

    `again` (int64): the document that each repeats, with the same id and the same bytes, else -1. `replaces` (int64):
    the document whose id each has with other bytes, else -1. Both are ranks of the index, or 2**32 and the place of an
    arrival.
    """

    again: I64
    replaces: I64


ARRIVAL = 1 << 32


def resolve(ids: IdColumn, id_hashes: U64, text_hashes: U64, state: State, kernels: Kernels) -> Resolved:
    """Look ids up in the index, and among the documents themselves."""
    holders, holder_hashes = find_ids(ids, id_hashes, state, kernels)
    same = (holders >= 0) & (holder_hashes == text_hashes)
    resolved = Resolved(np.where(same, holders, -1), np.where(same, -1, holders))
    for places in _repeated(id_hashes):
        _follow(ids, places, text_hashes, holders, holder_hashes, resolved)
    return resolved


def find_ids(ids: IdColumn, id_hashes: U64, state: State, kernels: Kernels) -> tuple[I64, U64]:
    """The last living document with each id, or -1, and the hash of its text."""
    holders, hashes = np.full(len(ids), -1, dtype=np.int64), np.zeros(len(ids), dtype=np.uint64)
    queries, ranks, rows_hashes = documents_with(ids, id_hashes, state, kernels)
    # They ascend: the last one written is the last one admitted.
    holders[queries], hashes[queries] = ranks, rows_hashes
    return holders, hashes


def documents_with(ids: IdColumn, id_hashes: U64, state: State, kernels: Kernels) -> tuple[I64, I64, U64]:
    """All living documents with the ids given: the place of the id, the rank, and the hash of the text."""
    tables = np.full(len(ids), state.numbers.ids, dtype=np.uint8)
    hits, _ = state.find(tables, (id_hashes >> SHIFT).astype(np.uint32), kernels)
    queries, ranks = (hits >> SHIFT).astype(np.int64), (hits & LOW).astype(np.int64)
    if not hits.size:
        return queries, ranks, np.zeros(0, dtype=np.uint64)
    rows = state.rows(ranks, kernels)
    alike = np.flatnonzero(rows["id_hash"] == id_hashes[queries])
    tokens = state.ids(ranks[alike], kernels)
    same = [ids.tokens.raw(query) == token for query, token in zip(queries[alike].tolist(), tokens, strict=True)]
    chosen = alike[np.array(same, dtype=np.bool_)]
    return queries[chosen], ranks[chosen], rows["text_hash"][chosen]


def _repeated(id_hashes: U64) -> list[list[int]]:
    """The places, ascending, of each hash that is there more than once."""
    if id_hashes.size < 2:
        return []
    order = np.argsort(id_hashes, kind="stable")
    ordered = id_hashes[order]
    new: Bool = np.append(True, ordered[1:] != ordered[:-1])
    begins = np.flatnonzero(new)
    sizes = np.diff(begins, append=ordered.size)
    several = np.flatnonzero(sizes > 1)
    return [order[begins[group] : begins[group] + sizes[group]].tolist() for group in several.tolist()]


def _follow(
    ids: IdColumn, places: list[int], text_hashes: U64, holders: I64, holder_hashes: U64, resolved: Resolved
) -> None:
    """Go through arrivals whose ids have the same hash, one by one: each may repeat or replace the one before."""
    latest: dict[bytes, tuple[int, int]] = {}
    for place in places:
        token = ids.tokens.raw(place)
        holder, holder_hash = latest.get(token, (int(holders[place]), int(holder_hashes[place])))
        text_hash = int(text_hashes[place])
        if holder >= 0 and holder_hash == text_hash:
            resolved.again[place], resolved.replaces[place] = holder, -1
            continue
        resolved.again[place], resolved.replaces[place] = -1, holder
        latest[token] = (ARRIVAL + place, text_hash)
