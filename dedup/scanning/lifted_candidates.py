"""Which documents of a corpus may hold a passage of another in other words, and where: read three times, by blocks."""

from typing import NamedTuple

import numpy as np

from dedup.candidates.lifted import (
    MOST_CANDIDATES,
    Line,
    build_index,
    count_over_cap,
    known_units,
    lay_out,
    least_weight,
    make_counters,
)
from dedup.kernels import I64, U64, Bool, Ragged
from dedup.kernels.bigrams import UNIT_BITS, Meetings, Stretches
from dedup.scanning.corpus import Corpus
from dedup.scanning.findings import Side
from dedup.scanning.reworded import blocks_of
from dedup.scanning.scoring import Scorer, hash_ranges

LEAST_TOKENS = 12
"""A document of fewer tokens holds no passage."""

_PARTS = 8

_LONGEST = 1 << 14
"""Bytes of a paragraph over which it is taken in pieces: where a token stands in one is told by its number alone. No
more of what is shared is aligned either."""

_WHOLE = 1 << 11
"""Bytes up to which a document is aligned whole."""

_MARGIN = 1 << 9
"""Of a longer one what is shared is aligned, and so many bytes before and behind it."""


class Excerpts(NamedTuple):
    """Pairs of parts of documents, and the number of caps that cut something off; `left` has the lower rank."""

    left: Side
    right: Side
    capped: int


class _Rows(NamedTuple):
    """Pieces of paragraphs: addresses, places on the line, and those of document i at `offsets[i]` and up."""

    starts: I64
    ends: I64
    places: I64
    offsets: I64


def find_excerpts(corpus: Corpus, kept: Bool, looked_at: Bool, scorer: Scorer, common: U64) -> Excerpts:
    """Excerpts of documents that are kept with enough skip-bigrams in common, in paragraphs that are `looked_at`."""
    documents = corpus.documents
    counts = np.bincount(corpus.paragraph_documents[looked_at], minlength=len(documents))
    ranks = np.flatnonzero(kept & (counts > 0) & (documents.lengths >= LEAST_TOKENS))
    line = lay_out(documents.digests[ranks], documents.ends[ranks] - documents.starts[ranks])
    rows = _rows(corpus, ranks, looked_at, line)
    blocks = list(blocks_of(documents.ends[ranks] - documents.starts[ranks]))
    kernels, threads = corpus.kernels, scorer.threads
    scorer.progress.start("lifted passages", 3 * ranks.size)
    counters = make_counters(int(corpus.paragraphs.lengths[looked_at].sum()))

    def stretches_of(block: I64) -> Stretches:
        return _stretches(corpus, rows, block)

    for block, stretches in zip(blocks, threads.map(stretches_of, blocks), strict=True):
        kernels.count_bigrams(stretches, common, counters)
        scorer.progress.advance(block.size)

    def post(block: I64) -> U64:
        return kernels.post_bigrams(_stretches(corpus, rows, block), common, counters)

    words = []
    for block, posted in zip(blocks, threads.map(post, blocks), strict=True):
        words.append(posted)
        scorer.progress.advance(block.size)
    index = build_index(words, ranks.size)
    words.clear()
    least = least_weight(index)

    def meet(part: list[I64]) -> tuple[list[Meetings], int]:
        known = known_units(line)
        met, cut = [], 0
        for block in part:
            stretches = _stretches(corpus, rows, block)
            offsets = rows.offsets[block[0] : block[-1] + 2] - rows.offsets[block[0]]
            found, more = kernels.meet_bigrams(
                stretches, offsets, line.firsts[block], common, counters, index, least, MOST_CANDIDATES, known
            )
            met.append(found._replace(documents=found.documents + block[0]))
            cut += more
        return met, cut

    parts = [blocks[first::_PARTS] for first in range(min(_PARTS, len(blocks)))]
    several: list[Meetings] = []
    capped = count_over_cap(counters)
    for part, (met, cut) in zip(parts, threads.map(meet, parts), strict=True):
        several += met
        capped += cut
        scorer.progress.advance(sum(block.size for block in part))
    return _excerpts(corpus, ranks, line, several, capped)


def _rows(corpus: Corpus, ranks: I64, looked_at: Bool, line: Line) -> _Rows:
    """The paragraphs that are looked at, in pieces."""
    place_of = np.full(len(corpus.documents), -1, dtype=np.int64)
    place_of[ranks] = np.arange(ranks.size)
    chosen = np.flatnonzero(looked_at & (place_of[corpus.paragraph_documents] >= 0))
    starts, ends = corpus.paragraphs.starts[chosen], corpus.paragraphs.ends[chosen]
    owners = place_of[corpus.paragraph_documents[chosen]]
    long = np.flatnonzero(ends - starts > _LONGEST)
    cuts = [_cuts(corpus, start, end) for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)]
    cut = np.repeat(long, [len(each) for each in cuts])
    every = np.array([address for each in cuts for address in each], dtype=np.int64)
    starts, ends = np.insert(starts, cut + 1, every), np.insert(ends, cut, every)
    owners = np.insert(owners, cut, owners[cut])
    places = (line.firsts[owners] << UNIT_BITS) + starts - corpus.documents.starts[ranks[owners]]
    return _Rows(starts, ends, places, np.searchsorted(owners, np.arange(ranks.size + 1)))


def _cuts(corpus: Corpus, start: int, end: int) -> list[int]:
    """Addresses at which a long paragraph is cut, at a space where there is one."""
    wanted = range(start + _LONGEST, end - _LONGEST // 2, _LONGEST)
    return [_boundary(corpus, address, min(address + 256, end)) for address in wanted]


def _boundary(corpus: Corpus, start: int, end: int) -> int:
    """The address of the first space between two addresses, or else of the first character that begins there."""
    text = corpus.store.read(start, end)
    space = text.find(b" ")
    if space >= 0:
        return start + space
    return start + next((place for place, byte in enumerate(text) if byte & 0xC0 != 0x80), 0)


def _stretches(corpus: Corpus, rows: _Rows, block: I64) -> Stretches:
    """The tokens of consecutive documents."""
    chosen = slice(int(rows.offsets[block[0]]), int(rows.offsets[block[-1] + 1]))
    starts, ends = rows.starts[chosen], rows.ends[chosen]
    tokens, row_of = hash_ranges(corpus.store, starts, ends, corpus.kernels)
    if not np.array_equal(row_of, np.arange(row_of.size)):
        # What stands in several buffers, or was ranked anew, comes in another order.
        sizes = np.diff(tokens.offsets)[row_of]
        offsets = np.append(0, np.cumsum(sizes))
        source = np.repeat(tokens.offsets[row_of] - offsets[:-1], sizes) + np.arange(offsets[-1])
        tokens = Ragged(tokens.values[source], offsets)
    return Stretches(tokens.values, tokens.offsets, rows.places[chosen], ends - starts)


def _excerpts(corpus: Corpus, ranks: I64, line: Line, several: list[Meetings], capped: int) -> Excerpts:
    """The excerpts of meetings, each pair once, in the order of the right document and the left."""
    none = np.zeros(0, dtype=np.int64)
    met = Meetings(*(np.concatenate([none, *(each[column] for each in several)]) for column in range(5)))
    owners = line.owners(met.units)
    sides = []
    for places, firsts, lasts in (
        (owners, met.units - 1 << UNIT_BITS, met.units + 2 << UNIT_BITS),
        (met.documents, met.firsts, np.minimum(met.lasts, met.firsts + _LONGEST)),
    ):
        origins = line.firsts[places] << UNIT_BITS
        sides.append(_around(corpus, ranks[places], firsts - origins, lasts - origins))
    there, here = (np.stack([side.documents, side.starts, side.ends]) for side in sides)
    swapped = there[0] > here[0]
    left, right = np.where(swapped, here, there), np.where(swapped, there, here)
    rows = np.ascontiguousarray(np.unique(np.concatenate([right, left]), axis=1))
    return Excerpts(Side(*rows[3:]), Side(*rows[:3]), capped)


def _around(corpus: Corpus, ranks: I64, firsts: I64, lasts: I64) -> Side:
    """A part of each document with a margin, by bytes from its beginning; all of it where it is short."""
    begins, ends = corpus.documents.starts[ranks], corpus.documents.ends[ranks]
    whole = ends - begins <= _WHOLE
    starts = np.where(whole, begins, np.maximum(begins + firsts - _MARGIN, begins))
    stops = np.where(whole, ends, np.minimum(begins + lasts + _MARGIN, ends))
    for addresses, bounds in ((starts, begins), (stops, ends)):
        for place in np.flatnonzero(addresses != bounds).tolist():
            address = int(addresses[place])
            addresses[place] = _boundary(corpus, address, min(address + 256, int(ends[place])))
    return Side(ranks, starts, stops)
