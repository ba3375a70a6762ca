"""`boilerplate = "exclude"`: matches of documents that hold because of their frame alone are vetoed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dedup.config import PAIR_RELATIONS, Config
from dedup.kernels import I64, Bool, Ragged
from dedup.scanning.corpus import Corpus
from dedup.scanning.frames import Frames
from dedup.scanning.matching import Matching
from dedup.tokenising import hash_tokens
from dedup.verifying import Background, Verdict, score_pairs, verdicts

_BLOCK_BYTES = 8 << 20
MOST_EXCLUDED = 0.5


def veto_frames(
    corpus: Corpus, matching: Matching, frames: Frames, config: Config, background: Background
) -> tuple[Matching, int]:
    """The matching of whole documents without the pairs that match by their frame alone, and how many these are.

    Such a pair is near, or one contains the other, and neither holds once the paragraphs of the frozen set are left out
    of both. Where they are more than half of a document, by tokens, they are not left out: the pair stays. Nothing
    becomes a match that was none, and exact copies stay.
    """
    documents, owners = corpus.documents, corpus.paragraph_documents
    framing = frames.framing(corpus, np.ones(len(documents), dtype=np.bool_))
    framed = np.bincount(owners[framing], weights=corpus.paragraphs.lengths[framing], minlength=len(documents))
    some = framed > 0
    small = framed <= MOST_EXCLUDED * documents.lengths
    left, right = matching.left, matching.right
    concerned = (matching.verdict == Verdict.NEAR) | (matching.verdict == Verdict.CONTAINS)
    concerned &= (some[left] | some[right]) & small[left] & small[right]
    stays = np.ones(left.size, dtype=np.bool_)
    every = replace(config, relations=PAIR_RELATIONS)
    sizes = documents.ends - documents.starts
    for block in _blocks(np.flatnonzero(concerned), sizes[left] + sizes[right]):
        ranks, sides = np.unique(np.concatenate([left[block], right[block]]), return_inverse=True)
        rows = _without(corpus, ranks, framing)
        one, other = sides[: block.size], sides[block.size :]
        scores = score_pairs(rows, one, other, every, background, corpus.kernels)
        lengths = np.diff(rows.offsets)
        remaining = verdicts(scores, lengths[one], lengths[other], every, every.shingle_size)
        stays[block] = remaining > Verdict.NONE
    kept = matching._replace(
        left=left[stays],
        right=right[stays],
        verdict=matching.verdict[stays],
        scores=matching.scores.take(stays),
    )
    return kept, int(np.count_nonzero(~stays))


def _blocks(places: I64, sizes: I64) -> Iterator[I64]:
    """Places of pairs, so many at once that their texts are few bytes, or one."""
    numbers = np.cumsum(sizes[places]) // _BLOCK_BYTES
    begins = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: places.size])
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), places.size], strict=False):
        yield places[begin:end]


def _without(corpus: Corpus, ranks: I64, framing: Bool) -> Ragged:
    """The token hashes of documents (ascending ranks) less their boilerplate, a row each."""
    documents, paragraphs = corpus.documents, corpus.paragraphs
    row_of = np.full(len(documents), -1, dtype=np.int64)
    row_of[ranks] = np.arange(ranks.size)
    cut = np.flatnonzero(framing & (row_of[corpus.paragraph_documents] >= 0))
    rows = row_of[corpus.paragraph_documents[cut]]
    # What stays begins with the document and behind each cut, and ends before each cut and with the document.
    starts = np.append(documents.starts[ranks], paragraphs.ends[cut])
    ends = np.append(paragraphs.starts[cut], documents.ends[ranks])
    start_rows, end_rows = np.append(np.arange(ranks.size), rows), np.append(rows, np.arange(ranks.size))
    starts, ends = starts[np.lexsort((starts, start_rows))], ends[np.lexsort((ends, end_rows))]
    tokens = hash_tokens(corpus.store.gather(starts, ends), corpus.kernels)
    pieces = np.append(0, np.cumsum(np.bincount(start_rows, minlength=ranks.size)))
    return Ragged(tokens.values, tokens.offsets[pieces])
