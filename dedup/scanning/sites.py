"""The site of each document: the host of the URL that is its id."""

import re

import numpy as np

from dedup.kernels import U64
from dedup.model import IdColumn, TextColumn
from dedup.scanning.corpus import Corpus

# Ids are held as JSON tokens. A user and a port are no part of the host, and www. none that tells sites apart.
_HOST = re.compile(rb'"https?://(?:[^/?#"@\\]*@)?(?:www\.)?([^/?#":@\\]+)', re.IGNORECASE)


def sites_of(corpus: Corpus) -> U64:
    """A hash of the site of each document by rank, uint64; 0 where the id is no URL of the Web."""
    hosts = [np.zeros(0, dtype=np.uint64), *(_hosts(ids, corpus) for ids in corpus.ids)]
    sites: U64 = np.concatenate(hosts)[corpus.positions(np.arange(len(corpus.documents)))]
    return sites


def _hosts(ids: IdColumn, corpus: Corpus) -> U64:
    hashes = np.zeros(len(ids), dtype=np.uint64)
    data, offsets = ids.tokens.data, ids.tokens.offsets
    # One search of the whole buffer; what begins elsewhere than a token stands within an id.
    found = [(match.start(), match[1].lower()) for match in _HOST.finditer(np.ascontiguousarray(data).data)]
    if not found:
        return hashes
    starts = np.array([start for start, _ in found], dtype=np.int64)
    places = np.searchsorted(offsets, starts, side="right") - 1
    at_start = offsets[places] == starts
    chosen = [host for (_, host), good in zip(found, at_start.tolist(), strict=True) if good]
    distinct = sorted(set(chosen))
    column = TextColumn.from_bytes(distinct)
    hash_of = dict(zip(distinct, corpus.kernels.digest_texts(column.data, column.offsets).tolist(), strict=True))
    # 0 says that there is no site.
    hashes[places[at_start]] = np.array([hash_of[host] or 1 for host in chosen], dtype=np.uint64)
    return hashes
