"""The anchors of a passage: the rare terms that both sides share, by which a person can see why it is one."""

import numpy as np

from dedup.kernels import I64, U64
from dedup.kernels.terms import Terms

MOST_ANCHORS = 8
RARE_SHARE, RARE_SENTENCES = 8, 3


def find_anchors(texts: Terms, lengths: I64, common: U64, left: int, right: int, places: I64) -> list[I64]:
    """For each passage (rows of `places`, as in `Passages`) the tokens of the left text that are its anchors.

    They are tokens of the passage, counted from the beginning of the text, in its order, of the shared terms that no
    more than one in eight sentences of both texts holds, or three: the rarest of them, and of equally rare ones the
    longest (`lengths`: of all tokens, in bytes). Those of `common` tokens, as in `Kernels.densest_returns`, are none.
    """
    both = [_Side(texts, each) for each in (left, right)]
    found = []
    for first, last, other_first, other_last in places.tolist():
        here, there = both[0].stems[first:last], both[1].stems[other_first:other_last]
        shared, ours, theirs = np.intersect1d(here, there, return_indices=True)
        sentences, total = both[0].sentences[ours + first], int(texts.sentences[left])
        if left != right:
            sentences = sentences + both[1].sentences[theirs + other_first]
            total += int(texts.sentences[right])
        rare = sentences <= max(total // RARE_SHARE, RARE_SENTENCES)
        hashes = texts.hashes[texts.offsets[left] + ours + first]
        rare &= (common[hashes >> np.uint64(54)] >> (hashes >> np.uint64(48) & np.uint64(63)) & np.uint64(1)) == 0
        shared, sentences, tokens = shared[rare], sentences[rare], ours[rare] + first
        sizes = lengths[texts.offsets[left] + tokens]
        order = np.lexsort((shared, -sizes, sentences))[:MOST_ANCHORS]
        found.append(np.sort(tokens[order]))
    return found


class _Side:
    """Of each token of a text the hash of its stem, and how many sentences of the text hold it."""

    def __init__(self, texts: Terms, text: int) -> None:
        numbers = texts.numbers[texts.offsets[text] : texts.offsets[text + 1]]
        terms = slice(int(texts.term_offsets[text]), int(texts.term_offsets[text + 1]))
        self.stems = texts.terms[terms][numbers]
        self.sentences = texts.sentence_counts[terms][numbers].astype(np.int64)
