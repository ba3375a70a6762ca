"""Fit the evidence table and the coefficients that confirm rewrites, and write them as the package ships them.

    python -m benchmarks.quality.fit_rewrites --data PATH [--out dedup/verifying/rewrites.json]

The table counts in which state the terms of rewrites are, and those of the candidates of ranks 1 to 3 that are none.
The coefficients are those of a logistic regression (scikit-learn) on the features of all candidates, each set of
rewrites weighing the same, as if one document in twelve had a rewrite: so the least score of the configuration stands
where less than one false pair comes up in 1,000 documents (see `benchmarks.quality.rewrites`).
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.quality.rewrite_pools import SETS, Pool, Truth, by_people, make_pool, truth_of
from dedup.kernels import F64, I64, Bool
from dedup.kernels.rewriting import BINS, STATES, TYPES, EvidenceTable
from dedup.scanning.rewrite_candidates import Proposals, propose
from dedup.scanning.rewriting import all_features, weigh_pairs
from dedup.verifying.rewrites import FEATURES, SCREENING, LogisticModel, RewriteModel, features_of

AGAIN = 0.3
_ROWS = slice(0, 30_000)
_RANKS = 3
_NEGATIVES = 10_000
_MASS = 20_000.0
_ONE_IN = 12
_INVERSE_REGULARISATION = 3.0
_CONFIRMED, _SCREENED_OUT = 0.8, 0.003
LEAST_COSINE, LEAST_MARGIN, LEAST_SHARED, LEAST_ALONE = 0.12, 0.03, 0.10, 0.02


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs proposed in a pool, and what is known of them. `ranks`: the place of each among its document's."""

    pool: Pool
    proposals: Proposals
    truth: Truth
    sets: I64
    ranks: I64
    usable: Bool


def empty_model() -> RewriteModel:
    """What candidates are proposed by before anything is fitted."""
    nothing = LogisticModel(np.zeros(len(FEATURES)), 0.0)
    table = EvidenceTable(np.zeros(2 * TYPES * BINS * STATES), AGAIN)
    return RewriteModel(
        table, nothing, nothing, nothing._replace(coefficients=np.zeros(len(SCREENING))), 0.0,
        LEAST_ALONE, LEAST_COSINE, LEAST_MARGIN, LEAST_SHARED,
    )  # fmt: skip


def find_candidates(pool: Pool) -> Candidates:
    """Propose pairs in a pool."""
    proposals = propose(pool.texts, pool.background, empty_model())
    truth = truth_of(pool, proposals)
    ranks = np.arange(proposals.right.size) - np.searchsorted(proposals.right, proposals.right)
    sides = [pool.sets[pool.texts.ranks[side]] for side in (proposals.left, proposals.right)]
    usable = truth.right | (~truth.doubtful & by_people(pool, proposals))
    return Candidates(pool, proposals, truth, np.maximum(*sides), ranks, usable)


def take(proposals: Proposals, places: I64) -> Proposals:
    """The pairs at these places."""
    return proposals._replace(
        left=proposals.left[places],
        right=proposals.right[places],
        left_units=proposals.left_units[places],
        right_units=proposals.right_units[places],
        cosines=proposals.cosines[places],
        screening=proposals.screening[places],
    )


def fit_table(candidates: Candidates, sets: tuple[int, ...]) -> EvidenceTable:
    """Ln P(state | rewrite) / P(state | none) by side, type and bin, each pair and each set weighing the same."""
    generator = np.random.default_rng(0)
    right = candidates.truth.right & np.isin(candidates.sets, sets)
    none = candidates.usable & ~candidates.truth.right & (candidates.ranks < _RANKS)
    none &= np.isin(candidates.sets, (-1, *sets))
    none &= generator.random(none.size) < _NEGATIVES / max(int(np.count_nonzero(none & (candidates.sets < 0))), 1)
    counts = []
    for chosen in (none, right):
        places = np.flatnonzero(chosen)
        pairs = take(candidates.proposals, places)
        lengths = weigh_pairs(candidates.pool.texts, pairs, candidates.pool.background, empty_model()).lengths
        mass = 1000.0 / np.maximum(lengths.sum(axis=0), 1)
        for number in sets if chosen is right else ():
            of_set = candidates.sets[places] == number
            mass[of_set] *= 1000.0 / max(int(np.count_nonzero(of_set)), 1)
        tallies = weigh_pairs(candidates.pool.texts, pairs, candidates.pool.background, empty_model(), mass).tallies
        counts.append(tallies.reshape(2, TYPES, BINS, STATES) * _MASS / tallies.sum())
    shares = [(each + 1.0) / (each + 1.0).sum(axis=-1, keepdims=True) for each in counts]
    return EvidenceTable(np.round(np.log(shares[1] / shares[0]), 3).reshape(-1), AGAIN)


def measure(candidates: Candidates, places: I64, table: EvidenceTable) -> tuple[I64, F64]:
    """Those of the candidates at these places that are not rejected for sharing little, and all their features."""
    model = replace(empty_model(), table=table)
    pool, pairs = candidates.pool, take(candidates.proposals, places)
    weighed = weigh_pairs(pool.texts, pairs, pool.background, model)
    held = np.flatnonzero(weighed.sums[:, 0, 1] > 0.0)
    features = features_of(weighed.sums[held], weighed.lengths[:, held], pairs.cosines[held])
    return places[held], all_features(pool.texts, pairs, held, features, pool.background, model)


def training_places(candidates: Candidates, sets: tuple[int, ...]) -> I64:
    """The candidates to fit on: all rewrites of the sets, and of the others those of the sets and a quarter of all."""
    generator = np.random.default_rng(1)
    chosen = candidates.usable & np.isin(candidates.sets, (-1, *sets))
    chosen &= candidates.truth.right | (candidates.sets >= 0) | (generator.random(chosen.size) < 0.25)
    return np.flatnonzero(chosen)


def fit_logistic(candidates: Candidates, places: I64, features: F64, names: tuple[str, ...]) -> LogisticModel:
    """A logistic regression over some features."""
    from sklearn.linear_model import LogisticRegression

    columns = features[:, [FEATURES.index(name) for name in names]]
    right = candidates.truth.right[places]
    weights = np.ones(places.size)
    background = ~right & (candidates.sets[places] < 0)
    weights[background] = 4.0
    documents = candidates.pool.texts.ranks.size
    n_sets = len(np.unique(candidates.sets[places][right]))
    for number in np.unique(candidates.sets[places][right]):
        of_set = right & (candidates.sets[places] == number)
        weights[of_set] = documents / _ONE_IN / n_sets / np.count_nonzero(of_set)
    scale = columns.std(axis=0)
    fitted = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=5000).fit(
        columns / scale, right, sample_weight=weights
    )
    return LogisticModel(fitted.coef_[0] / scale, float(fitted.intercept_[0]))


def fit_model(candidates: Candidates, sets: tuple[int, ...]) -> RewriteModel:
    """The whole model from the sets named by their places in `SETS`."""
    table = fit_table(candidates, sets)
    places, features = measure(candidates, training_places(candidates, sets), table)
    alone = fit_logistic(candidates, places, features, FEATURES[:-2])
    margins = fit_logistic(candidates, places, features, FEATURES)
    model = replace(empty_model(), table=table, alone=alone, margins=margins)
    right = candidates.truth.right[places]
    confirmed = places[right & (margins.probability(features) >= _CONFIRMED)]
    screen = fit_screen(candidates, places, right)
    passed = screen.probability(candidates.proposals.screening[confirmed])
    return replace(model, screen=screen, least_screened=float(np.quantile(passed, _SCREENED_OUT)))


def fit_screen(candidates: Candidates, places: I64, right: Bool) -> LogisticModel:
    """A logistic regression on what is known by the anchors alone, both kinds weighing the same."""
    from sklearn.linear_model import LogisticRegression

    columns = candidates.proposals.screening[places]
    scale = columns.std(axis=0)
    fitted = LogisticRegression(class_weight="balanced", max_iter=5000).fit(columns / scale, right)
    return LogisticModel(fitted.coef_[0] / scale, float(fitted.intercept_[0]))


def written(model: RewriteModel, provenance: dict[str, object]) -> str:
    """The model as JSON."""

    def logistic(part: LogisticModel, names: tuple[str, ...] = FEATURES) -> dict[str, float]:
        named = dict(zip(names, np.round(part.coefficients, 4).tolist(), strict=False))
        return {**named, "intercept": round(part.intercept, 4)}

    data = {
        "provenance": provenance,
        "again": model.table.again,
        "least_alone": model.least_alone,
        "least_cosine": model.least_cosine,
        "least_margin": model.least_margin,
        "least_shared": model.least_shared,
        "alone": logistic(model.alone),
        "margins": logistic(model.margins),
        "screen": logistic(model.screen, SCREENING),
        "least_screened": round(model.least_screened, 6),
        "table": model.table.values.reshape(2, TYPES, BINS, STATES).tolist(),
    }
    lines = json.dumps(data, indent=1)
    # One line for the states of a bin.
    import re

    return re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda found: "[" + " ".join(found[1].split()) + "]", lines) + "\n"


def main() -> None:
    """Fit on all sets and write the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("dedup/verifying/rewrites.json"))
    arguments = parser.parse_args()
    candidates = find_candidates(make_pool(arguments.data, _ROWS, seed=1))
    model = fit_model(candidates, tuple(range(len(SETS))))
    provenance: dict[str, object] = {
        "script": "benchmarks/quality/fit_rewrites.py",
        "rewrites": list(SETS),
        "background": "30,000 documents of reviews-and-news",
        "rewrites_counted": int(np.count_nonzero(candidates.truth.right)),
        "prior": "one document in twelve is a rewrite of an earlier one",
    }
    arguments.out.write_text(written(model, provenance), encoding="utf-8")
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
