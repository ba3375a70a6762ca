"""Fitting a background on what is in an index, as a batch scan fits it on its corpus."""

import numpy as np

from dedup.index.judging import join_rows, stored_tokens
from dedup.index.state import State
from dedup.kernels import I64, Kernels, Ragged
from dedup.scanning.fitting import first_of_families, sample_of
from dedup.sketching import band_permutations
from dedup.verifying import Background, fit_background


def fit_to_index(state: State, kernels: Kernels) -> Background:
    """The document frequencies of the sample that a scan of the living documents would take."""
    digests, ranks = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for part in state.parts:
        rows = part.rows(np.arange(part.ranks.size), kernels)
        living = state.ledger.alive[part.ranks]
        digests.append(rows["digest"][living])
        ranks.append(part.ranks[living].astype(np.int64))
    documents = np.concatenate(ranks)
    lengths = state.ledger.lengths[documents].astype(np.int64)
    tokens = _tokens(state, documents[sample_of(np.concatenate(digests), lengths)], kernels)
    bands, rows_of_band = state.config.banding
    shingles = kernels.shingle(*tokens, state.config.shingle_size)
    signatures = kernels.minhash(*shingles, *band_permutations(state.config))
    first = first_of_families(kernels.band_keys(signatures, bands, rows_of_band), tokens.offsets.size - 1)
    chosen = np.repeat(first, np.diff(tokens.offsets))
    offsets = np.zeros(int(np.count_nonzero(first)) + 1, dtype=np.int64)
    np.cumsum(np.diff(tokens.offsets)[first], out=offsets[1:])
    return fit_background(Ragged(tokens.values[chosen], offsets), kernels)


def _tokens(state: State, ranks: I64, kernels: Kernels) -> Ragged:
    """The token hashes of documents, a row each in this order."""
    found = stored_tokens(state, ranks, kernels)
    if not found:
        return Ragged(np.zeros(0, dtype=np.uint64), np.zeros(1, dtype=np.int64))
    rows = join_rows([rows for _, rows in found])
    row_of = np.empty(ranks.size, dtype=np.int64)
    row_of[np.concatenate([places for places, _ in found])] = np.arange(ranks.size)
    sizes = np.diff(rows.offsets)[row_of]
    offsets = np.zeros(ranks.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    places = np.repeat(rows.offsets[row_of] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Ragged(rows.values[places], offsets)
