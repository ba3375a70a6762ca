"""What an index knows of one document."""

import numpy as np

from dedup.deciding import decide
from dedup.index.arrivals import NONE
from dedup.index.decisions import Explanation, make_decision
from dedup.index.evidence import shared_words
from dedup.index.state import State
from dedup.kernels import Kernels
from dedup.model import DocumentId, IdColumn, TextColumn
from dedup.verifying import Verdict


def explanation(state: State, document: DocumentId, rank: int, represents: int, kernels: Kernels) -> Explanation:
    """What became of the document of this rank and why; `represents`: how many living ones were dropped for it."""
    ledger = state.ledger
    ranks = np.array([rank])
    row = state.rows(ranks, kernels)
    representative = int(ledger.representatives[rank])
    dropped = representative != NONE
    (rewording,) = state.anchors.rewordings(state.segments, ranks, kernels)
    reworded = int(rewording["representative"]) != NONE
    other = int(rewording["representative"]) if reworded else representative
    gone = other != NONE and not bool(ledger.alive[other])
    reasons = decide(
        ledger.lengths[ranks].astype(np.int64),
        np.array([representative if dropped else -1]),
        np.array([represents > 0]),
        state.config.shingle_size,
    )
    names = None
    if other != NONE and not gone:
        names = IdColumn(TextColumn.from_bytes(state.ids(np.array([other]), kernels)))
    text, other_text = _text(state, rank, kernels), None if names is None else _text(state, other, kernels)
    anchors: tuple[str, ...] = ()
    if reworded and state.rewrites is not None and text is not None and other_text is not None:
        anchors = shared_words(other_text, text, state.rewrites, kernels)
    return Explanation(
        make_decision(
            document,
            int(reasons[0]),
            int(Verdict.REWRITE if reworded else row["verdict"][0]),
            None if names is None else names[0],
            (rewording["scores"] if reworded else state.scores(ranks, kernels)[0]).tolist(),
            probability=float(rewording["probability"]),
        ),
        float(row["date"][0]),
        represents,
        gone,
        text,
        other_text,
        anchors,
    )


def _text(state: State, rank: int, kernels: Kernels) -> str | None:
    if not state.keeps_text:
        return None
    (_, texts), *_ = state.read(np.array([rank]), kernels)
    return texts.pieces()[0].decode("utf-8", "surrogatepass")
