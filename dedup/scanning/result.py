"""The report: decisions, clusters and counts from the columns of a scan."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from dedup.config import Config
from dedup.deciding import Reason, decide
from dedup.model import Cluster, Counts, Decision, LazySequence, Quarantined, Report
from dedup.scanning.corpus import Corpus
from dedup.scanning.documents import Outcome
from dedup.scanning.findings import RELATIONS, Findings, excerpt_of, matches_of
from dedup.scanning.matching import Matching
from dedup.verifying import CODES, Background, Verdict


def make_report(
    corpus: Corpus,
    findings: Findings,
    outcome: Outcome,
    quarantined: Sequence[Quarantined],
    matchings: Sequence[Matching],
    capped_classes: int,
    skipped_files: int,
    config: Config,
    background: Background,
) -> Report:
    """Everything that `dedup.scan` gives back."""
    count = len(corpus.documents)
    kept = outcome.kept
    represents = np.zeros(count, dtype=np.bool_)
    represents[outcome.representatives[~kept]] = True
    reasons = decide(corpus.documents.sketches.lengths, outcome.representatives, represents, config.shingle_size)
    counts = Counts(
        read=count + len(quarantined),
        kept=int(np.count_nonzero(kept)),
        dropped=int(np.count_nonzero(~kept)),
        quarantined=len(quarantined),
        paragraphs=len(corpus.paragraphs),
        characters=corpus.store.n_characters(),
        reasons=_count_reasons(reasons, outcome, quarantined),
        matches=_count_matches(findings),
        vetoed=sum(each.vetoed for each in matchings),
        capped_buckets=sum(each.capped_buckets for each in matchings),
        capped_postings=sum(each.capped_postings for each in matchings),
        capped_classes=capped_classes,
        skipped_files=skipped_files,
        repeated_ids=_repeated_ids(corpus),
    )
    return Report(
        matches_of(corpus, findings),
        _clusters(corpus, outcome),
        _decisions(corpus, outcome, reasons),
        quarantined,
        counts,
        lambda index: excerpt_of(corpus, findings, index),
        config.fingerprint,
        background.fingerprint,
    )


def _decisions(corpus: Corpus, outcome: Outcome, reasons: list[Reason | None]) -> Sequence[Decision]:
    ranks = np.empty_like(corpus.positions)
    ranks[corpus.positions] = np.arange(ranks.size)

    def decision(position: int) -> Decision:
        rank = int(ranks[position])
        document = corpus.document_id(rank)
        reason = reasons[rank]
        if reason is not None:
            return Decision(document, keep=True, reason=str(reason))
        relation = CODES[Verdict(outcome.verdicts[rank])]
        _, resemblance, left, right, cosine = (column[rank].item() for column in outcome.scores)
        return Decision(
            document,
            keep=False,
            reason=str(relation),
            representative=corpus.document_id(int(outcome.representatives[rank])),
            relation=relation,
            resemblance=resemblance,
            containment=(left, right),
            cosine=cosine,
        )

    return LazySequence(len(corpus.documents), decision)


def _clusters(corpus: Corpus, outcome: Outcome) -> Sequence[Cluster]:
    dropped = np.flatnonzero(~outcome.kept)
    order = dropped[np.argsort(outcome.representatives[dropped], kind="stable")]
    representatives, begins = np.unique(outcome.representatives[order], return_index=True)
    bounds = np.append(begins, order.size)

    def cluster(index: int) -> Cluster:
        members = order[bounds[index] : bounds[index + 1]].tolist()
        return Cluster(
            corpus.document_id(int(representatives[index])), tuple(corpus.document_id(rank) for rank in members)
        )

    return LazySequence(representatives.size, cluster)


def _count_reasons(
    reasons: list[Reason | None], outcome: Outcome, quarantined: Sequence[Quarantined]
) -> dict[str, int]:
    counts = Counter(str(reason) for reason in reasons if reason is not None)
    for code, number in Counter(outcome.verdicts[~outcome.kept].tolist()).items():
        counts[str(CODES[Verdict(code)])] += number
    counts.update(record.reason for record in quarantined)
    return dict(sorted(counts.items()))


def _count_matches(findings: Findings) -> dict[str, int]:
    numbers = np.bincount(findings.relations, minlength=len(RELATIONS)).tolist()
    return {str(relation): number for relation, number in zip(RELATIONS, numbers, strict=True) if number}


def _repeated_ids(corpus: Corpus) -> int:
    """How many documents have an id that an earlier one has (by a 64-bit hash of the id)."""
    hashes = [
        corpus.kernels.digest(column.tokens.data.astype(np.uint64), column.tokens.offsets) for column in corpus.ids
    ]
    every = np.concatenate([np.zeros(0, dtype=np.uint64), *hashes])
    return int(every.size - np.unique(every).size)
