"""Comparing one row of tokens with a few others, by the loops that serve many, in one call."""

import numpy as np

from dedup.kernels import F64, I64, U32, U64, Bool, Comparisons, Ragged
from dedup.kernels.compiled_distinct import distinct_rows_loop
from dedup.kernels.compiled_pairs import count_common_loop, dot_common_loop, equal_rows_loop
from dedup.kernels.compiled_rows import count_rows_loop, shingle_loop, weight_of
from dedup.kernels.hashing import WeightTable
from dedup.kernels.jit import Integer, compiled, exported


@compiled
def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0


@exported
def _compare_rows_loop(
    hashes: U64,
    offsets: I64,
    size: Integer,
    entries: U64,
    weights: F64,
    bits: Integer,
    missing: F64,
    shingles: U64,
    shingle_offsets: I64,
    distinct: U64,
    distinct_offsets: I64,
    table: U32,
    counts: I64,
    term_weights: F64,
    every: I64,
    others: I64,
    last: I64,
    longer: I64,
    shorter: I64,
    common: I64,
    norms: F64,
    dots: F64,
    exact: Bool,
    scores: F64,
) -> None:
    """Fill `exact` and `scores`; all between is scratch.

    `shingles`, `distinct`, `counts` and `term_weights` have room for one more than all tokens, `table` as in
    `count_rows_loop`; `every`, `norms` and the offsets for each row, `others` and `last`
    for each but the last one.
    """
    n_rows = offsets.size - 1
    shingle_offsets[0] = 0
    for row in range(n_rows):
        every[row] = row
        length = offsets[row + 1] - offsets[row]
        n_shingles = length - size + 1 if length >= size else min(length, 1)
        shingle_offsets[row + 1] = shingle_offsets[row] + n_shingles
    shingle_loop(hashes, offsets, size, shingles, shingle_offsets)
    distinct_rows_loop(shingles, shingle_offsets, table, distinct, distinct_offsets)
    own = distinct_offsets[n_rows] - distinct_offsets[n_rows - 1]
    for row in range(n_rows - 1):
        others[row], last[row] = row, n_rows - 1
        is_longer = distinct_offsets[row + 1] - distinct_offsets[row] >= own
        longer[row] = row if is_longer else n_rows - 1
        shorter[row] = n_rows - 1 if is_longer else row
        common[row] = 0
    # What was in `common` is the least that counts, and is read before it is written.
    count_common_loop(distinct, distinct_offsets, longer, shorter, common, table, common)
    equal_rows_loop(hashes, offsets, others, last, exact)
    for row in range(n_rows - 1):
        held = distinct_offsets[row + 1] - distinct_offsets[row]
        scores[4 * row] = _share(np.float64(common[row]), np.float64(held + own - common[row]))
        scores[4 * row + 1] = _share(np.float64(common[row]), np.float64(held))
        scores[4 * row + 2] = _share(np.float64(common[row]), np.float64(own))
    # The terms stand where the shingles stood.
    count = count_rows_loop(hashes, offsets, every, table, distinct, counts, distinct_offsets)
    shift = np.uint64(64 - bits)
    for place in range(count):
        term_weights[place] = counts[place] * weight_of(entries, weights, shift, distinct[place], missing[0])
    dot_common_loop(distinct, distinct_offsets, term_weights, every, every, table, norms)
    dot_common_loop(distinct, distinct_offsets, term_weights, longer, shorter, table, dots)
    for row in range(n_rows - 1):
        cosine = _share(dots[row], np.sqrt(norms[longer[row]]) * np.sqrt(norms[shorter[row]]))
        scores[4 * row + 3] = 1.0 if exact[row] else min(cosine, 1.0)


def compare_rows(rows: Ragged, size: int, table: WeightTable, missing: float) -> Comparisons:
    """See `Kernels.compare_rows`."""
    n_rows, room = rows.offsets.size - 1, rows.values.size + 1
    longest = int((rows.offsets[1:] - rows.offsets[:-1]).max())
    count = n_rows - 1
    shingles, distinct = np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.uint64)
    counts, term_weights = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.float64)
    numbers = np.empty((8, n_rows + 1), dtype=np.int64)
    others, last, longer, shorter, common = (numbers[row, :count] for row in range(5))
    norms, dots = np.empty(n_rows, dtype=np.float64), np.empty(count, dtype=np.float64)
    exact, scores = np.empty(count, dtype=np.bool_), np.empty((count, 4), dtype=np.float64)
    _compare_rows_loop(
        rows.values, rows.offsets, size, table.entries, table.entries.view(np.float64), table.bits,
        np.array([missing]), shingles, numbers[6], distinct, numbers[7],
        np.empty(8 * longest + 64, dtype=np.uint32), counts, term_weights, numbers[5, :n_rows],
        others, last, longer, shorter, common, norms, dots, exact, scores.reshape(-1),
    )  # fmt: skip
    return Comparisons(exact, scores)
