"""One validated configuration, with a fingerprint of what decides the verdict on a pair."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields

from dedup.errors import ConfigError
from dedup.model import Level, Relation

PAIR_RELATIONS = (Relation.EXACT, Relation.NEAR, Relation.CONTAINS)
"""The relations that `pairs` looks for unless told otherwise."""

ALL_RELATIONS = (*PAIR_RELATIONS, Relation.REWRITE, Relation.BOILERPLATE, Relation.RESIDUE)
"""The relations that `scan` looks for unless told otherwise: all that this version finds."""

KEEP_POLICIES = ("first", "last", "longest", "newest", "source:GLOB[,GLOB...]")

BOILERPLATE = ("include", "exclude")

PERMUTATIONS = ("stepped", "datasketch")

LEAST_WITHIN, LEAST_BETWEEN = 0.35, 0.65
"""The least probability of a reworded passage by default, within a document and between two: between documents there
are many times as many pairs of passages, and of those under it most are one plot or event told by two people."""

_MOST = {"num_perm": 2**16, "seed": 2**32 - 1}
_MOST_OTHERWISE = 2**31 - 1
"""Over any corpus, and far from where sums and products of it no longer fit 64 bits."""

_NOT_IN_FINGERPRINT = frozenset({"relations", "level", "keep"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting that changes a result. The defaults suit news, forums and web pages.

    Verdicts: `shingle_size` tokens make a shingle; `threshold` is the least resemblance of `near`, `cosine` the
    least TF-IDF cosine that confirms it; `containment` is the least containment of `contains`; `min_score` the least
    probability of `rewrite` for whole documents, `min_passage_score` that for passages (by default 0.35 within a
    document and 0.65 between two).

    Candidates: `num_perm` permutations from `seed` make a signature, cut into bands such that a pair exactly at the
    threshold becomes a candidate with probability `recall` or more. `permutations`: `stepped`, or `datasketch`, by
    which the buckets of an index are found by the MinHashes of datasketch too, and which takes a third longer. One
    shingle in `containment_sample` (a power of two) is indexed for `contains`.

    Caps, each taking the first in input order and counted when reached: in a bucket of more than `bucket_cap` members
    each further one is compared with the first `bucket_links`; a sampled shingle proposes its first `posting_cap`
    units; of an exact class of more than `copies_cap` members only the pairs with the representative are given, and
    where they are that many together with those of the texts that match them, it is in pairs with others by its
    representative alone.

    Labels: a line repeated `repeated_lines` times in a document is boilerplate; so is a paragraph in
    `boilerplate_documents` distinct documents, or in a share of `boilerplate_share` of them in a small corpus
    (and at least `repeated_lines`), or on the same share of the pages of one site (the host of the URL that is their
    id: at least two, or three for a long paragraph). `boilerplate`: `include`, or `exclude`, by which two documents
    whose match rests on such paragraphs alone are none, unless more than half of one of them is boilerplate.

    Selection: `relations` to look for, `level`, and the `keep` policy: `first`, `last`, `longest`, `newest`,
    `source:GLOB[,GLOB...]`. These do not change the verdict on a pair and are not in the fingerprint.
    """

    shingle_size: int = 5
    threshold: float = 0.7
    cosine: float = 0.5
    containment: float = 0.9
    min_score: float = 0.8
    min_passage_score: float | None = None
    num_perm: int = 128
    seed: int = 1
    permutations: str = "stepped"
    recall: float = 0.92
    containment_sample: int = 8
    bucket_cap: int = 256
    bucket_links: int = 16
    posting_cap: int = 16
    copies_cap: int = 1000
    repeated_lines: int = 5
    boilerplate_documents: int = 100
    boilerplate_share: float = 0.3
    boilerplate: str = "include"
    relations: tuple[Relation, ...] = ALL_RELATIONS
    level: Level = Level.BOTH
    keep: str = "first"

    def __post_init__(self) -> None:
        for name in (
            "threshold",
            "cosine",
            "containment",
            "min_score",
            "min_passage_score",
            "recall",
            "boilerplate_share",
        ):
            value = getattr(self, name)
            if value is None and name == "min_passage_score":
                continue
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 <= value <= 1.0:
                raise ConfigError(f"{name} is a share between 0 and 1, not {value!r}")
            # Equal configurations have the same fingerprint, however their numbers are written.
            object.__setattr__(self, name, float(value))
        if self.threshold == 0.0:
            raise ConfigError("threshold 0 would make every pair of texts a duplicate; choose one such as 0.7")
        if self.recall == 1.0:
            raise ConfigError("recall 1 needs every pair compared; choose one below 1, such as 0.99")
        lower_bounds = {
            "shingle_size": 1,
            "num_perm": 16,
            "seed": 0,
            "containment_sample": 1,
            "bucket_cap": 1,
            "bucket_links": 1,
            "posting_cap": 1,
            "copies_cap": 2,
            "repeated_lines": 2,
            "boilerplate_documents": 2,
        }
        for name, least in lower_bounds.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigError(f"{name} is an integer of at least {least}, not {value!r}")
            most = _MOST.get(name, _MOST_OTHERWISE)
            if value > most:
                raise ConfigError(f"{name} is an integer of at most {most}, not {value}")
        if self.containment_sample & (self.containment_sample - 1) or self.containment_sample > 2**16:
            raise ConfigError(
                f"containment_sample is a power of two up to 65536, such as 8, not {self.containment_sample}"
            )
        reachable = 1.0 - (1.0 - self.threshold) ** self.num_perm
        if reachable < self.recall:
            raise ConfigError(
                f"{self.num_perm} permutations reach a recall of {reachable:.2f} at the threshold {self.threshold}, "
                f"not {self.recall}: raise num_perm or threshold, or lower recall"
            )
        if self.permutations not in PERMUTATIONS:
            raise ConfigError(f"permutations is one of {', '.join(PERMUTATIONS)}, not {self.permutations!r}")
        if self.boilerplate not in BOILERPLATE:
            raise ConfigError(f"boilerplate is one of {', '.join(BOILERPLATE)}, not {self.boilerplate!r}")
        if not isinstance(self.keep, str):
            raise ConfigError(f"keep is a policy such as 'longest', not {self.keep!r}")
        if isinstance(self.relations, str) or not isinstance(self.relations, Iterable):
            raise ConfigError(f"relations are several, such as ('exact', 'near'), not {self.relations!r}")
        try:
            object.__setattr__(self, "relations", tuple(Relation(each) for each in self.relations))
            object.__setattr__(self, "level", Level(self.level))
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if not self.relations:
            raise ConfigError("no relation to look for: name at least one of " + ", ".join(ALL_RELATIONS))
        if self.keep not in KEEP_POLICIES[:4] and not self.keep.removeprefix("source:").strip(", "):
            raise ConfigError(f"keep policy {self.keep!r} names no source; write source:GLOB[,GLOB...]")
        if self.keep not in KEEP_POLICIES[:4] and not self.keep.startswith("source:"):
            raise ConfigError(f"unknown keep policy {self.keep!r}; choose one of " + ", ".join(KEEP_POLICIES))

    def looks_for(self, *relations: Relation) -> bool:
        """Whether any of the relations is asked for."""
        return any(relation in self.relations for relation in relations)

    def least_passage_score(self, *, between: bool) -> float:
        """The least probability of a reworded passage, of those `between` two documents or of those within one."""
        if self.min_passage_score is not None:
            return self.min_passage_score
        return LEAST_BETWEEN if between else LEAST_WITHIN

    @property
    def finds_frames(self) -> bool:
        """Whether the paragraphs of frames are sought: to report them, or to leave them out."""
        rewording = self.level.paragraphs and self.looks_for(Relation.REWRITE)
        return rewording or self.boilerplate == "exclude" or self.looks_for(Relation.BOILERPLATE)

    @property
    def banding(self) -> tuple[int, int]:
        """`(bands, rows)`: as many rows as leave the probability of a candidate at the threshold at `recall`.

        A pair of resemblance t shares a band of r rows with probability t**r, and one of b bands with
        1 - (1 - t**r)**b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4). More rows mean fewer
        candidates that fail.
        """
        best = (self.num_perm, 1)
        for rows in range(1, self.num_perm + 1):
            bands = self.num_perm // rows
            if 1.0 - (1.0 - self.threshold**rows) ** bands >= self.recall:
                best = (bands, rows)
        return best

    @property
    def fingerprint(self) -> str:
        """A hash of every setting that decides the verdict on a pair or which pairs are candidates."""
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_IN_FINGERPRINT}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
