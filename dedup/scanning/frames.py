"""The frames of a corpus: paragraphs and templated lines of many documents, on any site or on one."""

from typing import Literal, NamedTuple

import numpy as np

from dedup.config import Config
from dedup.kernels import I64, U64, Bool
from dedup.labelling import (
    LEAST_LONG_ON_SITE,
    BoilerplateSet,
    Repetition,
    common_beginning,
    common_ending,
    in_many_documents,
    least_documents,
    least_on_sites,
    on_site,
)
from dedup.scanning.corpus import Corpus
from dedup.scanning.sites import sites_of

LONG_SHINGLES = 3
"""A paragraph of so many times `shingle_size` tokens is long."""

MOST_TEMPLATE_SHINGLES = 4
"""A templated line of many documents has at most so many times `shingle_size` tokens."""

TEXTS_COMPARED = 1000
LEAST_COMMON_SHARE = 0.5
"""A templated line is at least half the same each time; "this is one of the" begins many a line and is no template."""


class Frames(NamedTuple):
    """What frames documents: where it was found, the set of it, and the site of each document (uint64, 0 for none)."""

    repetitions: list[Repetition]
    known: BoilerplateSet
    sites: U64

    def framing(self, corpus: Corpus, documents: Bool) -> Bool:
        """Which paragraphs of these documents are boilerplate; those that touch residue are not."""
        owners, paragraphs = corpus.paragraph_documents, corpus.paragraphs
        framing: Bool = np.zeros(owners.size, dtype=np.bool_)
        places = np.flatnonzero(documents[owners] & ~corpus.barrier & (paragraphs.lengths > 0))
        framing[places] = self.known.holds(paragraphs.digests[places], self.sites[owners[places]])
        return framing


def find_frames(corpus: Corpus, stories: Bool, config: Config) -> Frames:
    """Find what frames the documents of a corpus.

    `stories` says which documents count: no two near-duplicates of each other, or a story copied often would be a
    frame. Paragraphs are frames that stand in many of them, by `config`, or on some pages of one site; then lines with
    the same first or last shingle and a varying part, if at least half of them is the same.
    """
    documents, paragraphs = corpus.paragraph_documents, corpus.paragraphs
    sites = sites_of(corpus)
    page_sites = sites[documents]
    free = stories[documents] & ~corpus.barrier & (paragraphs.lengths > 0)
    number = int(np.count_nonzero(stories))
    least = least_documents(number, config.boilerplate_documents, config.boilerplate_share, config.repeated_lines)
    everywhere = np.full(documents.size, least, dtype=np.int64)
    by_site = least_on_sites(sites, stories, config.boilerplate_documents, config.boilerplate_share)[documents]
    long = paragraphs.lengths >= LONG_SHINGLES * config.shingle_size
    several = np.where(long, np.maximum(by_site, LEAST_LONG_ON_SITE), by_site)

    found: list[Repetition] = []
    digests: list[U64] = []
    site_keys: list[U64] = []

    def take(members: I64, part: Literal["line", "beginning", "ending"], on_one_site: bool) -> None:
        found.append(Repetition(members, part))
        free[members] = False
        mine = paragraphs.digests[members]
        (site_keys if on_one_site else digests).append(on_site(mine, page_sites[members]) if on_one_site else mine)

    for members in in_many_documents(documents, paragraphs.digests, free, everywhere):
        take(members, "line", on_one_site=False)
    on_sites = page_sites != 0
    keys = on_site(paragraphs.digests, page_sites)
    for members in in_many_documents(documents, keys, free & on_sites, several):
        take(members, "line", on_one_site=True)

    size = config.shingle_size
    short = (paragraphs.lengths >= size) & (paragraphs.lengths <= MOST_TEMPLATE_SHINGLES * size)
    at_least = np.maximum(by_site, LEAST_LONG_ON_SITE)
    edges: tuple[tuple[U64, Literal["beginning", "ending"]], ...] = (
        (paragraphs.lasts, "ending"),
        (paragraphs.firsts, "beginning"),
    )
    for hashes, part in edges:
        for members in in_many_documents(documents, hashes, free & short, everywhere):
            if _is_template(corpus, members, part):
                take(members, part, on_one_site=False)
        for members in in_many_documents(documents, on_site(hashes, page_sites), free & short & on_sites, at_least):
            if _is_template(corpus, members, part):
                take(members, part, on_one_site=True)
    nothing = np.zeros(0, dtype=np.uint64)
    known = BoilerplateSet.of(np.concatenate([nothing, *digests]), np.concatenate([nothing, *site_keys]))
    return Frames(found, known, sites)


def _is_template(corpus: Corpus, members: I64, part: Literal["beginning", "ending"]) -> bool:
    """Whether lines differ, and what they have in common at one end is the larger part of them."""
    digests = corpus.paragraphs.digests[members]
    if (digests == digests[0]).all():
        return False
    texts = texts_of(corpus, members[:TEXTS_COMPARED])
    common = common_ending(texts) if part == "ending" else common_beginning(texts)
    return len(common) * len(texts) >= LEAST_COMMON_SHARE * sum(map(len, texts))


def texts_of(corpus: Corpus, paragraphs: I64) -> list[str]:
    """The texts of paragraphs."""
    return list(corpus.store.gather(corpus.paragraphs.starts[paragraphs], corpus.paragraphs.ends[paragraphs]))
