"""Aligning pairs of texts, given by their terms: candidates for passages, with the evidence for each."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.compiled_evidence import find_runs, weigh_overlap
from dedup.kernels.compiled_refinement import UNIT, refine
from dedup.kernels.compiled_seeds import SKIPS, cluster, find_points, join_terms, number_bigrams
from dedup.kernels.compiled_summary import find_summary
from dedup.kernels.compiled_terms import STEM_LETTERS, mark_loop, number_terms_loop
from dedup.kernels.jit import Integer, compiled, exported

N_PLACES = 6
N_FEATURES = 13
N_SUMMARY, N_SUMMARY_FEATURES = 4, 9
LEAST_SUM = 8.0


@compiled
def _novel(keys: U64, mask: np.uint64, rectangle: I64, kind: Integer) -> bool:
    """Whether a rectangle of a kind is not in the set; it is afterwards."""
    key = np.uint64(rectangle[0]) << np.uint64(1) | np.uint64(kind)
    for side in range(1, 4):
        key = (key ^ (key >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(rectangle[side])
    key = ((key ^ (key >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
    slot = key >> np.uint64(30) & mask
    while keys[slot] != np.uint64(0):
        if keys[slot] == key:
            return False
        slot = (slot + np.uint64(1)) & mask
    keys[slot] = key
    return True


@compiled
def weigh_terms(count: Integer, left_sentences: U32, right_sentences: U32, total: Integer, weights: F64) -> None:
    """ln(sentences in both texts / those that hold the term)."""
    for term in range(count):
        holding = np.int64(left_sentences[term]) + np.int64(right_sentences[term])
        weights[term] = np.log(total / holding)


@exported
def align_loop(
    numbers: U32, breaks: U8, offsets: I64, terms: U64, term_offsets: I64, term_counts: U32, term_sentences: U32,
    sentences: I64, backgrounds: F64, lefts: I64, rights: I64, begin: Integer, gaps: I64, settings: F64,
    longest_left: Integer, longest_right: Integer, most_terms: Integer, most_points: Integer, memory: U64,
    places: I64, features: F64, passage_offsets: I64, summary_settings: F64, first_settings: F64, summaries: I64,
    summary_features: F64,
) -> Integer:  # fmt: skip
    """Candidates of each pair of texts from the pair `begin` on; the pair before which there was no room left."""
    half_left, half_right, half_terms = longest_left // 2 + 8, longest_right // 2 + 8, most_terms // 2 + 8
    half_bigrams = longest_right * SKIPS // 2 + 8
    table = 16
    while table < 2 * SKIPS * longest_right:
        table *= 2
    at = 0
    left = memory[at : at + half_left].view(np.uint32)
    at += half_left
    right = memory[at : at + half_right].view(np.uint32)
    at += half_right
    mapped = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    left_counts = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    right_counts = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    left_sentences = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    right_sentences = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    bag = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    inside = memory[at : at + half_terms].view(np.uint32)
    at += half_terms
    weights = memory[at : at + 2 * half_terms].view(np.float64)
    at += 2 * half_terms
    commonness = memory[at : at + 2 * half_terms].view(np.float64)
    at += 2 * half_terms
    left_bigrams = memory[at : at + SKIPS * half_left].view(np.uint32)
    at += SKIPS * half_left
    right_bigrams = memory[at : at + SKIPS * half_right].view(np.uint32)
    at += SKIPS * half_right
    left_found = memory[at : at + half_bigrams].view(np.uint32)
    at += half_bigrams
    right_found = memory[at : at + half_bigrams].view(np.uint32)
    at += half_bigrams
    firsts = memory[at : at + half_bigrams].view(np.uint32)
    at += half_bigrams
    point_places = memory[at : at + half_bigrams].view(np.uint32)
    at += half_bigrams
    keys = memory[at : at + table]
    at += table
    values = memory[at : at + table // 2].view(np.uint32)
    at += table // 2
    slots = keys.view(np.int64)
    points = memory[at : at + most_points]
    at += most_points
    working = memory[at : at + most_points]
    at += most_points
    buffer = memory[at : at + most_points]
    at += most_points
    stack = memory[at : at + 2 * most_points].view(np.int64)
    at += 2 * most_points
    rectangles = memory[at : at + 4 * most_points].view(np.int64)
    at += 4 * most_points
    seen = memory[at : at + 8 * most_points]
    at += 8 * most_points
    longest = max(longest_left, longest_right)
    ratios = memory[at : at + longest].view(np.float64)
    at += longest
    scores = memory[at : at + longest].view(np.int64)
    at += longest
    supported = memory[at : at + longest // 8 + 8].view(np.uint8)
    at += longest // 8 + 8
    marks = memory[at : at + half_bigrams].view(np.uint8)
    at += half_bigrams
    for term in range(most_terms):
        bag[term] = np.uint32(0)
        inside[term] = np.uint32(0)
    for place in range(marks.size):
        marks[place] = np.uint8(0)
    rectangle = stack[:9]
    evidence = ratios[:0]
    filled = passage_offsets[begin]
    capacity = places.size // N_PLACES
    for pair in range(begin, lefts.size):
        text, other = lefts[pair], rights[pair]
        within = text == other
        first, last, other_first, other_last = offsets[text], offsets[text + 1], offsets[other], offsets[other + 1]
        n_left, n_right = last - first, other_last - other_first
        term_first, term_last = term_offsets[text], term_offsets[text + 1]
        other_term_first, other_term_last = term_offsets[other], term_offsets[other + 1]
        passage_offsets[pair + 1] = filled
        count = join_terms(
            terms, term_first, term_last, terms, other_term_first, other_term_last, slots, mapped
        )
        for term in range(count):
            left_counts[term] = np.uint32(0)
            right_counts[term] = np.uint32(0)
            left_sentences[term] = np.uint32(0)
            right_sentences[term] = np.uint32(0)
        for number in range(term_last - term_first):
            left_counts[mapped[number]] = term_counts[term_first + number]
            left_sentences[mapped[number]] = term_sentences[term_first + number]
            commonness[mapped[number]] = backgrounds[term_first + number]
        for number in range(other_term_last - other_term_first):
            right_counts[number] = term_counts[other_term_first + number]
            right_sentences[number] = term_sentences[other_term_first + number]
            commonness[number] = backgrounds[other_term_first + number]
        for token in range(n_left):
            left[token] = mapped[numbers[first + token]]
        for token in range(n_right):
            right[token] = numbers[other_first + token]
        weigh_terms(count, left_sentences, right_sentences, sentences[text] + sentences[other], weights)
        bigrams = number_bigrams(
            left, n_left, right, n_right, left_counts, right_counts, keys, values, left_bigrams, right_bigrams,
            left_found, right_found,
        )  # fmt: skip
        left_breaks, right_breaks = breaks[first:last], breaks[other_first:other_last]
        summary = summaries[N_SUMMARY * pair : N_SUMMARY * pair + N_SUMMARY]
        summary_evidence = summary_features[N_SUMMARY_FEATURES * pair : N_SUMMARY_FEATURES * (pair + 1)]
        if within or not find_summary(
            left, n_left, left_counts, left_bigrams, left_breaks, right, n_right, right_counts, right_bigrams,
            commonness, bag, inside, marks, ratios, supported, scores, summary_settings, first_settings, summary,
            summary_evidence,
        ):  # fmt: skip
            summary[0], summary[1], summary[2], summary[3] = 0, 0, 0, 0
        n_points = find_points(
            left, n_left, n_right, left_bigrams, right_bigrams, bigrams, left_found, right_found, weights,
            most_points, within, firsts, point_places, points,
        )  # fmt: skip
        if n_points < 3:
            continue
        n_rectangles = 0
        for number in range(gaps.size):
            for place in range(n_points):
                working[place] = points[place]
            n_rectangles += cluster(
                working, n_points, gaps[number], within, buffer, stack, rectangles[4 * n_rectangles :]
            )
        if filled + n_rectangles > capacity:
            return pair
        size = 16
        while size < 4 * n_rectangles:
            size *= 2
        mask = np.uint64(size - 1)
        for slot in range(size):
            seen[slot] = np.uint64(0)
        rectangle = stack[:9]
        for number in range(n_rectangles):
            if not _novel(seen, mask, rectangles[4 * number : 4 * number + 4], 0):
                continue
            rectangle[0], rectangle[1] = rectangles[4 * number], min(rectangles[4 * number + 1] + 2, n_left)
            rectangle[2], rectangle[3] = rectangles[4 * number + 2], min(rectangles[4 * number + 3] + 2, n_right)
            if within:
                rectangle[1] = min(rectangle[1], rectangle[2])
            rectangle[4], rectangle[5] = -1, -1
            evidence = features[N_FEATURES * filled : N_FEATURES * filled + N_FEATURES]
            refine(
                left, n_left, left_counts, left_bigrams, left_breaks, right, n_right, right_counts, right_bigrams,
                right_breaks, commonness, within, bag, inside, marks, ratios, supported, scores, settings, rectangle,
                evidence,
            )  # fmt: skip
            if rectangle[4] <= LEAST_SUM * UNIT or rectangle[5] <= LEAST_SUM * UNIT:
                continue
            if not _novel(seen, mask, rectangle[:4], 1):
                continue
            weigh_overlap(left, right, rectangle, weights, bag, inside, evidence[6:])
            find_runs(left, right, rectangle, keys, values, evidence[6:])
            for place in range(N_PLACES):
                places[N_PLACES * filled + place] = rectangle[place]
            filled += 1
        passage_offsets[pair + 1] = filled
    return lefts.size


def scratch_size(longest_left: int, longest_right: int, most_terms: int, most_points: int) -> int:
    """Words of memory that `align_loop` divides."""
    table = 16
    while table < 2 * SKIPS * longest_right:
        table *= 2
    longest = max(longest_left, longest_right)
    return (
        (1 + SKIPS) * (longest_left // 2 + longest_right // 2 + 16)
        + 11 * (most_terms // 2 + 8)
        + 5 * (longest_right * SKIPS // 2 + 8)
        + table
        + table // 2
        + 17 * most_points
        + 2 * longest
        + longest // 8
        + 64
    )


class Alignments(NamedTuple):
    """Candidates for passages of n pairs of texts: those of pair i are the rows `offsets[i]` to `offsets[i + 1]`.

    `places` int64 (rows, 6): first token and one after the last on the left, the same on the right, and the sums of
    the left and of the right side in 1/1024 nat. `features` float64 (rows, 13).
    """

    places: I64
    features: F64
    offsets: I64
    summaries: I64
    summary_features: F64


class Prepared(NamedTuple):
    """Texts as alignment takes them."""

    numbers: U32
    breaks: U8
    offsets: I64
    terms: U64
    term_offsets: I64
    counts: U32
    sentence_counts: U32
    sentences: I64


def prepare(data, tokens, index, pages, letters=STEM_LETTERS):
    n = tokens.hashes.size
    stems, breaks = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint8)
    mark_loop(data, tokens.hashes, tokens.starts, tokens.ends, tokens.offsets, index, pages.reshape(-1), letters, stems, breaks)
    longest = int(np.diff(tokens.offsets).max(initial=0))
    slots = np.empty(4 * longest + 32, dtype=np.int64)
    numbers = np.empty(n, np.uint32); terms = np.empty(n, np.uint64); counts = np.empty(n, np.uint32); sc = np.empty(n, np.uint32)
    seen = np.empty(longest + 1, np.int64); to = np.empty(tokens.offsets.size, np.int64); se = np.empty(tokens.offsets.size - 1, np.int64)
    k = number_terms_loop(stems, breaks, tokens.offsets, slots, numbers, terms, counts, sc, seen, to, se)
    return Prepared(numbers, breaks, tokens.offsets, terms[:k].copy(), to, counts[:k].copy(), sc[:k].copy(), se)


SETTINGS = np.array([0.4, 200.0, 6.0, 0.35, 0.3])
SUMMARY = np.array([0.25, 500.0, 5.0, 0.3, 0.1])
SUMMARY_FIRST = np.array([0.0, 500.0, 5.0, 0.3, 0.1])
GAPS = np.array([8, 20, 45])


def align_pairs(texts: Prepared, backgrounds: F64, left: I64, right: I64, gaps=GAPS, settings=SETTINGS) -> Alignments:
    """See `Kernels.align_pairs`."""
    lengths, n_terms = np.diff(texts.offsets), np.diff(texts.term_offsets)
    longest_left, longest_right = int(lengths[left].max(initial=0)), int(lengths[right].max(initial=0))
    most_terms = int((n_terms[left] + n_terms[right]).max(initial=0))
    most_points = 2 * (longest_left + longest_right) + 1024
    memory = np.empty(scratch_size(longest_left, longest_right, most_terms, most_points), dtype=np.uint64)
    offsets = np.zeros(left.size + 1, dtype=np.int64)
    capacity = most_points
    done, parts = 0, []
    summaries, sfeat = np.zeros(4 * left.size, np.int64), np.zeros(9 * left.size)
    while True:
        places, features = np.empty(capacity * N_PLACES, dtype=np.int64), np.empty(capacity * N_FEATURES)
        base = offsets[done]
        offsets[done] = 0
        reached = align_loop(
            texts.numbers, texts.breaks, texts.offsets, texts.terms, texts.term_offsets, texts.counts,
            texts.sentence_counts, texts.sentences, backgrounds, left, right, done, gaps, settings, longest_left,
            longest_right, most_terms, most_points, memory, places, features, offsets, SUMMARY, SUMMARY_FIRST, summaries, sfeat,
        )  # fmt: skip
        filled = offsets[reached]
        parts.append((places[: filled * N_PLACES].reshape(-1, N_PLACES).copy(), features[: filled * N_FEATURES].reshape(-1, N_FEATURES).copy()))
        offsets[done : reached + 1] += base
        done = reached
        if done == left.size:
            break
    return Alignments(np.concatenate([p for p, _ in parts]), np.concatenate([f for _, f in parts]), offsets, summaries.reshape(-1, 4), sfeat.reshape(-1, 9))
