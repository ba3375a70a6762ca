"""Scoring pairs of text ranges: read again from the store, block by block, for candidates alone."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, Bool, Kernels, Ragged
from dedup.kernels.distinct import distinct
from dedup.scanning.progress import Progress
from dedup.scanning.store import TextStore
from dedup.scanning.threads import Threads
from dedup.tokenising import codepoint_table
from dedup.verifying import Background, Scores, no_scores, score_pairs

_BLOCK_BYTES = 2 << 20
_BLOCK_PAIRS = 1 << 17


class Scorer(NamedTuple):
    """Scores pairs of ranges of the texts in a store; the background may be still in the making."""

    store: TextStore
    config: Config
    background: "Future[Background]"
    kernels: Kernels
    threads: Threads
    progress: Progress

    def score(self, starts: I64, ends: I64, left: I64, right: I64, *, every: bool = False) -> Scores:
        """Scores of the pairs (`left[i]`, `right[i]`) of ranges; `starts` and `ends` are addresses.

        `every`: also of pairs that reach no threshold, as in `score_pairs`.
        """
        blocks = list(_blocks(ends - starts, left, right, self.kernels))
        result = no_scores(left.size)
        background = self.background.result()

        def score_block(block: I64) -> Scores:
            rows, rows_left, rows_right = self._hash(starts, ends, left[block], right[block])
            return score_pairs(rows, rows_left, rows_right, self.config, background, self.kernels, every=every)

        for block, scores in zip(blocks, self.threads.map(score_block, blocks), strict=True):
            for target, values in zip(result, scores, strict=True):
                target[block] = values
            self.progress.advance(block.size)
        return result

    def equal(self, starts: I64, ends: I64, left: I64, right: I64) -> Bool:
        """Whether the ranges of each pair have the same tokens, in order. Those of the same bytes have."""
        result = self.store.same(starts[left], ends[left], starts[right], ends[right], self.kernels)
        others = np.flatnonzero(~result)
        blocks = [others[block] for block in _blocks(ends - starts, left[others], right[others], self.kernels)]

        def compare(block: I64) -> Bool:
            rows, rows_left, rows_right = self._hash(starts, ends, left[block], right[block])
            return self.kernels.equal_rows(rows, rows_left, rows_right)

        for block, equal in zip(blocks, self.threads.map(compare, blocks), strict=True):
            result[block] = equal
        return result

    def _hash(self, starts: I64, ends: I64, left: I64, right: I64) -> tuple[Ragged, I64, I64]:
        """The token hashes of the ranges concerned, each once, and the rows of both sides."""
        sides = np.concatenate([left, right])
        units = distinct(sides)
        rows, row_of = hash_ranges(self.store, starts[units], ends[units], self.kernels)
        sides = row_of[np.searchsorted(units, sides)]
        return rows, sides[: left.size], sides[left.size :]


def hash_ranges(store: TextStore, starts: I64, ends: I64, kernels: Kernels) -> tuple[Ragged, I64]:
    """The token hashes of ranges of the texts in a store, read where they stand, and the row of each range."""
    table = codepoint_table()
    row_of = np.empty(starts.size, dtype=np.int64)
    values, offsets = [np.zeros(0, dtype=np.uint64)], [np.zeros(1, dtype=np.int64)]
    n_rows = n_values = 0
    for part in store.parts(starts, ends):
        rows = kernels.hash_tokens(part.data, part.starts, part.ends, *table)
        row_of[part.places] = n_rows + np.arange(part.places.size)
        values.append(rows.values)
        offsets.append(rows.offsets[1:] + n_values)
        n_rows += part.places.size
        n_values += rows.values.size
    # One part, as most often, is not copied.
    return Ragged(values[-1] if len(values) == 2 else np.concatenate(values), np.concatenate(offsets)), row_of


def _blocks(sizes: I64, left: I64, right: I64, kernels: Kernels) -> Iterator[I64]:
    """Places of pairs, so grouped that a block reads few bytes, most texts are read once, and a long one seldom.

    Pairs that hang together stand together, and in these those with the same longer side.
    """
    if left.size == 0:
        return
    longer = np.where(sizes[left] >= sizes[right], left, right)
    other = np.where(sizes[left] >= sizes[right], right, left)
    # Ranks are below 2**32.
    order = np.argsort(kernels.components(left, right, sizes.size)[left] << 32 | longer)
    first = np.ones(order.size, dtype=np.bool_)
    first[1:] = longer[order][1:] != longer[order][:-1]
    cost = np.cumsum(sizes[other[order]] + np.where(first, sizes[longer[order]], 0))
    number = np.maximum(cost // _BLOCK_BYTES, np.arange(order.size) // _BLOCK_PAIRS)
    begins = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), order.size], strict=True):
        yield order[begin:end]
