"""What an index knows of one document."""

import numpy as np

from dedup.deciding import decide
from dedup.index.arrivals import NONE
from dedup.index.decisions import Explanation, make_decision
from dedup.index.state import State
from dedup.kernels import Kernels
from dedup.model import DocumentId, IdColumn, TextColumn


def explanation(state: State, document: DocumentId, rank: int, represents: int, kernels: Kernels) -> Explanation:
    """What became of the document of this rank and why; `represents`: how many living ones were dropped for it."""
    ledger = state.ledger
    ranks = np.array([rank])
    row = state.rows(ranks, kernels)
    representative = int(ledger.representatives[rank])
    dropped = representative != NONE
    gone = dropped and not bool(ledger.alive[representative])
    reasons = decide(
        ledger.lengths[ranks].astype(np.int64),
        np.array([representative if dropped else -1]),
        np.array([represents > 0]),
        state.config.shingle_size,
    )
    names = None
    if dropped and not gone:
        names = IdColumn(TextColumn.from_bytes(state.ids(np.array([representative]), kernels)))
    return Explanation(
        make_decision(
            document,
            int(reasons[0]),
            int(row["verdict"][0]),
            None if names is None else names[0],
            state.scores(ranks, kernels)[0].tolist(),
        ),
        float(row["date"][0]),
        represents,
        gone,
        _text(state, rank, kernels),
        None if names is None else _text(state, representative, kernels),
    )


def _text(state: State, rank: int, kernels: Kernels) -> str | None:
    if not state.keeps_text:
        return None
    (_, texts), *_ = state.read(np.array([rank]), kernels)
    return texts.pieces()[0].decode("utf-8", "surrogatepass")
