"""Frames: paragraphs and templated lines that stand in many documents, of a corpus or of one site."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from dedup.kernels import I64, U64, Bool
from dedup.kernels.distinct import distinct

LEAST_ON_SITE = 2
LEAST_LONG_ON_SITE = 3
"""Pages of a site that a long paragraph must stand on: two versions of one story share their paragraphs as well."""


@dataclass(frozen=True, slots=True)
class BoilerplateSet:
    """Paragraphs known as boilerplate, frozen: by their digests (uint64, ascending), on any site and on one alone.

    `on_sites` holds keys of `on_site`. The set says the same of a paragraph whatever else a corpus holds.
    """

    everywhere: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    on_sites: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @classmethod
    def of(cls, everywhere: U64, on_sites: U64) -> "BoilerplateSet":
        """A set of digests and keys in any order."""
        return cls(distinct(everywhere), distinct(on_sites))

    def holds(self, digests: U64, sites: U64) -> Bool:
        """Whether each paragraph is boilerplate on its site; `sites` is 0 where there is none."""
        held: Bool = _among(digests, self.everywhere) | ((sites != 0) & _among(on_site(digests, sites), self.on_sites))
        return held

    @property
    def fingerprint(self) -> str:
        """A hash of the set."""
        digest = hashlib.sha256(self.everywhere.size.to_bytes(8, "little"))
        digest.update(self.everywhere.tobytes())
        digest.update(self.on_sites.tobytes())
        return digest.hexdigest()[:16]


def _among(values: U64, ascending: U64) -> Bool:
    """Which values stand among ascending ones."""
    if ascending.size == 0:
        return np.zeros(values.size, dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), ascending.size - 1)
    found: Bool = ascending[places] == values
    return found


def on_site(digests: U64, sites: U64) -> U64:
    """Keys of paragraphs, or of other hashes, each on its site."""
    return digests ^ sites


def in_many_documents(documents: I64, keys: U64, eligible: Bool, least: I64) -> list[I64]:
    """Places with the same key in as many distinct documents as `least` (by place) says of them, or more.

    All arguments have one entry a paragraph, in the order of the documents. Give only documents that are no
    near-duplicates of each other, so that a story copied fifty times is no frame.
    """
    places = np.flatnonzero(eligible)
    order = places[np.argsort(keys[places], kind="stable")]
    if order.size == 0:
        return []
    ordered, owners = keys[order], documents[order]
    new = np.append(True, ordered[1:] != ordered[:-1])
    begins = np.flatnonzero(new)
    first_of_document = new.copy()
    first_of_document[1:] |= owners[1:] != owners[:-1]
    counts = np.add.reduceat(first_of_document.astype(np.int64), begins)
    ends = np.append(begins[1:], order.size)
    chosen = np.flatnonzero(counts >= np.maximum.reduceat(least[order], begins))
    return [order[begins[each] : ends[each]] for each in chosen.tolist()]


def least_documents(documents: int, absolute: int, share: float, floor: int) -> int:
    """In how many of some documents a paragraph must stand to be a frame: `absolute`, or a share of few documents."""
    return max(floor, min(absolute, int(np.ceil(share * documents))))


def least_on_sites(sites: U64, stories: Bool, absolute: int, share: float) -> I64:
    """For each document on how many pages of its site a paragraph must stand to be a frame, int64 of shape (n,).

    `sites` has one entry a document, 0 where it is of no site; `stories` says which documents count.
    """
    named, site_of = np.unique(sites, return_inverse=True)
    pages = np.bincount(site_of[stories], minlength=named.size)
    wanted = np.minimum(absolute, np.ceil(share * pages).astype(np.int64))
    least: I64 = np.maximum(wanted, LEAST_ON_SITE)[site_of]
    return least
