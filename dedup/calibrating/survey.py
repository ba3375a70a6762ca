"""Surveying a corpus: its near pairs at a low threshold, a sample of them by bands, and what became of the planted."""

import hashlib
import heapq
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dedup.calibrating.planting import Planted, Sources, plant
from dedup.config import Config
from dedup.model import Document, DocumentId, Edit, LazyMatches, Level, Match, Quarantined, Relation, Report
from dedup.reading import ReadOptions, find_files, read_batches
from dedup.scanning import Progress, pairs

BAND_WIDTH = 0.05
PairKey = tuple[str, str]
"""The ids of a pair as text, the lesser first."""


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A real near pair of the sample: its place among the matches of the report, its ids, and its band."""

    index: int
    left: DocumentId
    right: DocumentId
    resemblance: float
    band: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What a corpus holds at the thresholds from `thresholds[0]` on; band i lies from threshold i to the next.

    `band_pairs`: real near pairs by band. `exact`: real pairs with the same tokens. `sample`: some pairs of each band,
    band after band. `labelled`, `same`: by band, pairs that labels name, and those that they call the same; `used`:
    those labels. `planted`: of each edit the resemblance of each copy with its source, 0 where it was not found.
    """

    documents: int
    quarantined: Sequence[Quarantined]
    thresholds: tuple[float, ...]
    band_pairs: tuple[int, ...]
    exact: int
    sample: tuple[FoundPair, ...]
    labelled: tuple[int, ...]
    same: tuple[int, ...]
    used: frozenset[PairKey]
    planted: Mapping[Edit, tuple[float, ...]]
    report: Report

    def match(self, pair: FoundPair) -> Match:
        """The finding of a pair of the sample."""
        return self.report.matches[pair.index]


def thresholds_from(lowest: float) -> tuple[float, ...]:
    """The multiples of .05 from the lowest, which comes first, to .95."""
    first = int(lowest / BAND_WIDTH + 1e-9) + 1
    return (lowest, *(round(step * BAND_WIDTH, 2) for step in range(first, 20)))


def survey(
    paths: Sequence[str | os.PathLike[str]],
    config: Config,
    labels: Mapping[PairKey, bool],
    *,
    lowest: float,
    sources: int,
    per_band: int,
    seed: int,
    reading: ReadOptions | None = None,
    workers: int = 1,
    memory: int | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Read a corpus once, plant copies of `sources` of its documents behind it, and find all pairs over `lowest`.

    The same corpus and seed give the same survey. Raises InputError where a path does not exist, and ConfigError where
    the settings do not fit the lowest threshold.
    """
    quarantined: list[Quarantined] = []
    planted: list[Planted] = []
    low = replace(config, threshold=lowest, relations=(Relation.EXACT, Relation.NEAR), level=Level.DOCUMENT)
    chosen = Sources(sources, seed)

    def documents() -> Iterator[Document]:
        for batch in read_batches(find_files(paths).files, reading or ReadOptions(), quarantined.append):
            for place, text in enumerate(batch.texts):
                document = Document(batch.ids[place], text)
                chosen.offer(document)
                yield document
        planted.extend(plant(chosen.chosen(), chosen.free_prefix(), seed))
        yield from (each.document for each in planted)

    report = pairs(documents(), replace(low, keep="first"), workers=workers, memory=memory, progress=progress)
    return _surveyed(report, labels, planted, chosen.seen, quarantined, thresholds_from(lowest), per_band, seed)


def _surveyed(
    report: Report,
    labels: Mapping[PairKey, bool],
    planted: Sequence[Planted],
    documents: int,
    quarantined: Sequence[Quarantined],
    thresholds: tuple[float, ...],
    per_band: int,
    seed: int,
) -> Survey:
    source_of = {each.document.id: each.source for each in planted}
    found: dict[DocumentId, float] = {}
    bands = len(thresholds)
    band_pairs, labelled, same = [0] * bands, [0] * bands, [0] * bands
    samples: list[list[tuple[int, int, FoundPair]]] = [[] for _ in range(bands)]
    used: set[PairKey] = set()
    exact = 0
    for index, relation, left, right, resemblance in _near_pairs(report):
        if right in source_of or left in source_of:
            for copy, other in ((right, left), (left, right)):
                if copy in source_of and other == source_of[copy]:
                    found[copy] = max(found.get(copy, 0.0), resemblance)
            continue
        if relation is Relation.EXACT:
            exact += 1
            continue
        # Rounding must not put a pair exactly at a threshold under it.
        band = max(place for place, low in enumerate(thresholds) if resemblance >= low - 1e-12 or place == 0)
        band_pairs[band] += 1
        key = pair_key(left, right)
        if key in labels and key not in used:
            used.add(key)
            labelled[band] += 1
            same[band] += labels[key]
        entry = (-_rank(key, seed), -index, FoundPair(index, left, right, resemblance, band))
        if len(samples[band]) < per_band:
            heapq.heappush(samples[band], entry)
        elif per_band:
            heapq.heappushpop(samples[band], entry)
    resemblances: dict[Edit, list[float]] = {}
    for each in planted:
        resemblances.setdefault(each.edit, []).append(found.get(each.document.id, 0.0))
    return Survey(
        documents,
        quarantined,
        thresholds,
        tuple(band_pairs),
        exact,
        tuple(entry[2] for some in samples for entry in sorted(some, reverse=True, key=lambda entry: entry[:2])),
        tuple(labelled),
        tuple(same),
        frozenset(used),
        {edit: tuple(values) for edit, values in resemblances.items()},
        report,
    )


def pair_key(left: DocumentId, right: DocumentId) -> PairKey:
    """The key of a pair, whichever side is left."""
    one, other = str(left), str(right)
    return (one, other) if one <= other else (other, one)


def _near_pairs(report: Report) -> Iterator[tuple[int, Relation, DocumentId, DocumentId, float]]:
    """Place, relation, ids and resemblance of every match, all of which have two sides."""
    from dedup.model import RELATIONS

    if not isinstance(report.matches, LazyMatches):
        for index, match in enumerate(report.matches):
            if match.right is not None and match.left.document is not None and match.right.document is not None:
                yield index, match.relation, match.left.document, match.right.document, match.resemblance or 0.0
        return
    index = 0
    for block in report.matches.blocks():
        ids = [block.ids[place] for place in range(len(block.ids))]
        columns = (block.relations, block.left.documents, block.right.documents, block.scores[0])
        for relation, left, right, resemblance in zip(*(column.tolist() for column in columns), strict=True):
            yield index, RELATIONS[relation], ids[left], ids[right], resemblance
            index += 1


def _rank(key: PairKey, seed: int) -> int:
    data = f"{len(key[0])}:{key[0]}{key[1]}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=seed.to_bytes(8, "little")).digest(), "little")
