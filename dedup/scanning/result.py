"""The report: decisions, clusters and counts from the columns of a scan."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.config import Config
from dedup.deciding import DROPPED, REASONS, decide
from dedup.model import RELATIONS, Cluster, Counts, Decision, LazySequence, Quarantined, Report
from dedup.scanning.corpus import Corpus
from dedup.scanning.documents import Outcome
from dedup.scanning.findings import Findings, excerpt_of, matches_of
from dedup.scanning.matching import Matching
from dedup.verifying import CODES, Verdict


def make_report(
    corpus: Corpus,
    findings: Findings,
    outcome: Outcome,
    quarantined: Sequence[Quarantined],
    matchings: Sequence[Matching],
    vetoed_boilerplate: int,
    capped_classes: int,
    skipped_files: int,
    config: Config,
    background: str,
) -> Report:
    """Everything that `dedup.scan` gives back."""
    count = len(corpus.documents)
    kept = outcome.kept
    represents = np.zeros(count, dtype=np.bool_)
    represents[outcome.representatives[~kept]] = True
    reasons = decide(corpus.documents.lengths, outcome.representatives, represents, config.shingle_size)
    counts = Counts(
        read=count + len(quarantined),
        kept=int(np.count_nonzero(kept)),
        dropped=int(np.count_nonzero(~kept)),
        quarantined=len(quarantined),
        paragraphs=len(corpus.paragraphs),
        count_characters=lambda: corpus.store.count_characters(corpus.kernels),
        reasons=_count_reasons(reasons, outcome, quarantined),
        matches=_count_matches(findings),
        vetoed=sum(each.vetoed for each in matchings),
        vetoed_boilerplate=vetoed_boilerplate,
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
        background,
    )


def _decisions(corpus: Corpus, outcome: Outcome, reasons: NDArray[np.int8]) -> Sequence[Decision]:
    ranks = cache(corpus.ranks)

    def decision(position: int) -> Decision:
        rank = int(ranks()[position])
        document = corpus.document_id(rank)
        reason = int(reasons[rank])
        if reason != DROPPED:
            return Decision(document, keep=True, reason=str(REASONS[reason]))
        dropped = np.array([rank])
        relation = CODES[Verdict(outcome.verdicts(dropped)[0])]
        _, resemblance, left, right, cosine = (column[0].item() for column in outcome.scores(dropped))
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
    # Ranks take far fewer than 32 bits, and plain numbers are sorted many times faster than places.
    keys = np.sort(outcome.representatives[dropped] << 32 | dropped)
    order, owners = keys & 0xFFFFFFFF, keys >> 32
    begins = np.flatnonzero(np.append(True, owners[1:] != owners[:-1])[: owners.size])
    representatives, bounds = owners[begins], np.append(begins, order.size)

    def cluster(index: int) -> Cluster:
        members = order[bounds[index] : bounds[index + 1]].tolist()
        return Cluster(
            corpus.document_id(int(representatives[index])), tuple(corpus.document_id(rank) for rank in members)
        )

    return LazySequence(representatives.size, cluster)


def _count_reasons(reasons: NDArray[np.int8], outcome: Outcome, quarantined: Sequence[Quarantined]) -> dict[str, int]:
    counts = Counter(record.reason for record in quarantined)
    for code, number in _occurring(reasons[reasons != DROPPED]):
        counts[str(REASONS[code])] += number
    for code, number in _occurring(outcome.verdicts(np.flatnonzero(~outcome.kept))):
        counts[str(CODES[Verdict(code)])] += number
    return dict(sorted(counts.items()))


def _occurring(codes: NDArray[np.int8]) -> list[tuple[int, int]]:
    """The codes, none of them negative, that occur, each with its number."""
    return [(code, number) for code, number in enumerate(np.bincount(codes).tolist()) if number]


def _count_matches(findings: Findings) -> dict[str, int]:
    numbers = np.bincount(findings.relations, minlength=len(RELATIONS)).tolist()
    return {str(relation): number for relation, number in zip(RELATIONS, numbers, strict=True) if number}


def _repeated_ids(corpus: Corpus) -> int:
    """How many documents have an id that an earlier one has (by a 64-bit hash of the id)."""
    hashes = [corpus.kernels.digest_texts(column.tokens.data, column.tokens.offsets) for column in corpus.ids]
    every = np.concatenate([np.zeros(0, dtype=np.uint64), *hashes])
    every.sort()
    return int(np.count_nonzero(every[1:] == every[:-1]))
