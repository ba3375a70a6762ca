"""Aligning pairs of texts, given by their terms: candidates for passages, with the evidence for each."""

from typing import NamedTuple

import numpy as np

from dedup.kernels import F64, I64, U8, U32, U64
from dedup.kernels.alignment import (
    FEATURES,
    FIRST_SUMMARY_SCORING,
    GAPS,
    LEAST_POINTS,
    LEAST_SUM,
    PASSAGE_SCORING,
    PLACES,
    SKIPS,
    SUMMARY_FEATURES,
    SUMMARY_PLACES,
    SUMMARY_SCORING,
    UNIT,
    WITHIN_SCORING,
    Alignments,
    most_points,
)
from dedup.kernels.compiled_evidence import find_runs, snap, weigh_overlap
from dedup.kernels.compiled_refinement import fixed, refine, weigh
from dedup.kernels.compiled_seeds import cluster, find_points, join_terms, number_bigrams
from dedup.kernels.compiled_summary import find_summary
from dedup.kernels.jit import Integer, compiled, exported
from dedup.kernels.terms import BARRIER, Terms

name = "compiled"

_ROWS_32, _ROWS_64 = 18, 8
_RAW, _REFINED, _SNAPPED = 0, 1, 2


class Scratch(NamedTuple):
    """Working memory for a pair of texts; `bag`, `inside` and `marks` are zero between uses."""

    left: U32
    right: U32
    mapped: U32
    left_counts: U32
    right_counts: U32
    left_sentences: U32
    right_sentences: U32
    bag: U32
    inside: U32
    left_bigrams: U32
    right_bigrams: U32
    left_found: U32
    right_found: U32
    firsts: U32
    places: U32
    left_sections: U32
    right_sections: U32
    values: U32
    weights: F64
    keys: U64
    points: U64
    working: U64
    buffer: U64
    stack: I64
    ratios: F64
    scores: I64
    supported: U8
    marks: U8


@compiled
def _carve(words: U32, long_words: U64, octets: U8) -> Scratch:
    """Divide memory into rows of equal width."""
    width, long_width, half = words.size // _ROWS_32, long_words.size // _ROWS_64, octets.size // 2
    return Scratch(
        words[:width],
        words[width : 2 * width],
        words[2 * width : 3 * width],
        words[3 * width : 4 * width],
        words[4 * width : 5 * width],
        words[5 * width : 6 * width],
        words[6 * width : 7 * width],
        words[7 * width : 8 * width],
        words[8 * width : 9 * width],
        words[9 * width : 10 * width],
        words[10 * width : 11 * width],
        words[11 * width : 12 * width],
        words[12 * width : 13 * width],
        words[13 * width : 14 * width],
        words[14 * width : 15 * width],
        words[15 * width : 16 * width],
        words[16 * width : 17 * width],
        words[17 * width : 18 * width],
        long_words[:long_width].view(np.float64),
        long_words[long_width : 2 * long_width],
        long_words[2 * long_width : 3 * long_width],
        long_words[3 * long_width : 4 * long_width],
        long_words[4 * long_width : 5 * long_width],
        long_words[5 * long_width : 6 * long_width].view(np.int64),
        long_words[6 * long_width : 7 * long_width].view(np.float64),
        long_words[7 * long_width : 8 * long_width].view(np.int64),
        octets[:half],
        octets[half:],
    )


@compiled
def _novel(keys: U64, mask: np.uint64, rectangle: I64, kind: Integer) -> bool:
    """Whether a rectangle of a kind is not in the set; it is afterwards."""
    key = np.uint64(rectangle[0]) << np.uint64(2) | np.uint64(kind)
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
def _map_terms(
    numbers: U32, terms: U64, term_offsets: I64, offsets: I64, counts: U32, sentence_counts: U32, text: Integer,
    other: Integer, sentences: Integer, scratch: Scratch,
) -> None:  # fmt: skip
    """Number the terms of two texts together; their counts, their weights, and the texts in these numbers.

    A term weighs ln(sentences of both texts / those that hold it).
    """
    first, last = term_offsets[text], term_offsets[text + 1]
    other_first, other_last = term_offsets[other], term_offsets[other + 1]
    mapped = scratch.mapped
    slots = scratch.keys.view(np.int64)
    count = join_terms(terms, first, last, terms, other_first, other_last, slots, mapped)
    left_counts, right_counts = scratch.left_counts, scratch.right_counts
    left_sentences, right_sentences = scratch.left_sentences, scratch.right_sentences
    for term in range(count):
        left_counts[term] = np.uint32(0)
        right_counts[term] = np.uint32(0)
        left_sentences[term] = np.uint32(0)
        right_sentences[term] = np.uint32(0)
    for number in range(last - first):
        left_counts[mapped[number]] = counts[first + number]
        left_sentences[mapped[number]] = sentence_counts[first + number]
    for number in range(other_last - other_first):
        right_counts[number] = counts[other_first + number]
        right_sentences[number] = sentence_counts[other_first + number]
    weights, left, right = scratch.weights, scratch.left, scratch.right
    for term in range(count):
        holding = np.int64(left_sentences[term]) + np.int64(right_sentences[term])
        weights[term] = fixed(np.log(sentences / holding)) / UNIT
    begin = offsets[text]
    for token in range(offsets[text + 1] - begin):
        left[token] = mapped[numbers[begin + token]]
    begin = offsets[other]
    for token in range(offsets[other + 1] - begin):
        right[token] = numbers[begin + token]


@compiled
def _number_sections(breaks: U8, sections: U32) -> None:
    """Number the parts of a text between barriers, and the barriers."""
    section = 0
    for token in range(breaks.size):
        if token and (breaks[token] == BARRIER) != (breaks[token - 1] == BARRIER):
            section += 1
        sections[token] = np.uint32(section)


@compiled
def _find_rectangles(
    n_left: Integer, n_right: Integer, n_bigrams: Integer, within: bool, gaps: I64, most: Integer, rectangles: I64,
    scratch: Scratch,
) -> Integer:  # fmt: skip
    """Where seeds of two texts lie close together, by each gap; the number of rectangles."""
    n_points = find_points(
        scratch.left, n_left, n_right, scratch.left_bigrams, scratch.right_bigrams, n_bigrams, scratch.left_found,
        scratch.right_found, scratch.weights, most, within, scratch.firsts, scratch.places, scratch.points,
    )  # fmt: skip
    found: Integer = 0
    if n_points < LEAST_POINTS:
        return 0
    points, working = scratch.points, scratch.working
    for number in range(gaps.size):
        for place in range(n_points):
            working[place] = points[place]
        found += cluster(
            working, n_points, gaps[number], within, scratch.left_sections, scratch.right_sections, scratch.buffer,
            scratch.stack, rectangles[4 * found :],
        )  # fmt: skip
    return found


@exported
def align_loop(
    hashes: U64, numbers: U32, breaks: U8, offsets: I64, terms: U64, term_offsets: I64, counts: U32,
    sentence_counts: U32, sentences: I64, lefts: I64, rights: I64, given: I64, given_offsets: I64, begin: Integer,
    gaps: I64, scoring_between: F64, scoring_within: F64, summary_scoring: F64, first_scoring: F64, summarising: bool,
    most: Integer, words: U32, long_words: U64, octets: U8, rectangles: I64, seen: U64, places: I64, features: F64,
    passage_offsets: I64, summaries: I64, summary_features: F64,
) -> Integer:  # fmt: skip
    """Candidates of each pair of texts from the pair `begin` on; the pair before which there was no room left.

    With `given` rectangles, those of pair i at `given_offsets[i]`, these are weighed as they are, and none is looked
    for; summaries are looked for where `summarising`.
    """
    scratch = _carve(words, long_words, octets)
    left, right, left_bigrams, right_bigrams = (
        scratch.left, scratch.right, scratch.left_bigrams, scratch.right_bigrams,
    )  # fmt: skip
    left_counts, right_counts, bag, inside = scratch.left_counts, scratch.right_counts, scratch.bag, scratch.inside
    marks, ratios, supported, scores = scratch.marks, scratch.ratios, scratch.supported, scratch.scores
    filled = passage_offsets[begin]
    capacity = places.size // PLACES
    for pair in range(begin, lefts.size):
        text, other = lefts[pair], rights[pair]
        within = text == other
        scoring = scoring_within if within else scoring_between
        first, last, other_first, other_last = offsets[text], offsets[text + 1], offsets[other], offsets[other + 1]
        n_left, n_right = last - first, other_last - other_first
        left_breaks, right_breaks = breaks[first:last], breaks[other_first:other_last]
        left_hashes, right_hashes = hashes[first:last], hashes[other_first:other_last]
        passage_offsets[pair + 1] = filled
        _map_terms(
            numbers, terms, term_offsets, offsets, counts, sentence_counts, text, other,
            sentences[text] + sentences[other], scratch,
        )  # fmt: skip
        n_bigrams = number_bigrams(
            left, n_left, right, n_right, left_counts, right_counts, scratch.keys, scratch.values, left_bigrams,
            right_bigrams, scratch.left_found, scratch.right_found,
        )  # fmt: skip
        weighing = given_offsets[pair + 1] > given_offsets[pair]
        if weighing:
            n_rectangles = given_offsets[pair + 1] - given_offsets[pair]
        else:
            _number_sections(left_breaks, scratch.left_sections)
            _number_sections(right_breaks, scratch.right_sections)
            for place in range(2 * SUMMARY_PLACES * pair, 2 * SUMMARY_PLACES * (pair + 1)):
                summaries[place] = 0
            for place in range(2 * SUMMARY_FEATURES * pair, 2 * SUMMARY_FEATURES * (pair + 1)):
                summary_features[place] = 0.0
            if summarising and not within:
                find_summary(
                    left, n_left, left_counts, left_bigrams, left_breaks, right, n_right, right_counts, right_bigrams,
                    bag, inside, marks, ratios, supported, scores, summary_scoring, first_scoring,
                    summaries[SUMMARY_PLACES * 2 * pair : SUMMARY_PLACES * (2 * pair + 1)],
                    summary_features[SUMMARY_FEATURES * 2 * pair : SUMMARY_FEATURES * (2 * pair + 1)],
                )  # fmt: skip
                find_summary(
                    right, n_right, right_counts, right_bigrams, right_breaks, left, n_left, left_counts, left_bigrams,
                    bag, inside, marks, ratios, supported, scores, summary_scoring, first_scoring,
                    summaries[SUMMARY_PLACES * (2 * pair + 1) : SUMMARY_PLACES * 2 * (pair + 1)],
                    summary_features[SUMMARY_FEATURES * (2 * pair + 1) : SUMMARY_FEATURES * 2 * (pair + 1)],
                )  # fmt: skip
            n_rectangles = _find_rectangles(n_left, n_right, n_bigrams, within, gaps, most, rectangles, scratch)
        if filled + n_rectangles > capacity:
            return pair
        size = 16
        while size < 4 * n_rectangles:
            size *= 2
        mask = np.uint64(size - 1)
        for entry in range(size):
            seen[entry] = np.uint64(0)
        rectangle, ends = scratch.stack[:9], scratch.stack[9:16]
        for number in range(n_rectangles):
            evidence = features[FEATURES * filled : FEATURES * (filled + 1)]
            if weighing:
                for side in range(4):
                    rectangle[side] = given[4 * (given_offsets[pair] + number) + side]
                weigh(
                    left, n_left, left_counts, left_bigrams, right, n_right, right_counts, right_bigrams, bag, inside,
                    marks, ratios, supported, scores, scoring, rectangle, evidence,
                )  # fmt: skip
                find_runs(left, right, rectangle, scratch.keys, scratch.values, ends, evidence[6:])
            else:
                if not _novel(seen, mask, rectangles[4 * number : 4 * number + 4], _RAW):
                    continue
                rectangle[0], rectangle[1] = rectangles[4 * number], min(rectangles[4 * number + 1] + 2, n_left)
                rectangle[2], rectangle[3] = rectangles[4 * number + 2], min(rectangles[4 * number + 3] + 2, n_right)
                if within:
                    rectangle[1] = min(rectangle[1], rectangle[2])
                rectangle[4], rectangle[5] = -1, -1
                refine(
                    left, n_left, left_counts, left_bigrams, left_breaks, right, n_right, right_counts, right_bigrams,
                    right_breaks, within, bag, inside, marks, ratios, supported, scores, scoring, rectangle, evidence,
                )  # fmt: skip
                if rectangle[4] <= LEAST_SUM * UNIT or rectangle[5] <= LEAST_SUM * UNIT:
                    continue
                if not _novel(seen, mask, rectangle[:4], _REFINED):
                    continue
                find_runs(left, right, rectangle, scratch.keys, scratch.values, ends, evidence[6:])
                snap(left_hashes, left_breaks, right_hashes, right_breaks, within, ends, rectangle)
                if not _novel(seen, mask, rectangle[:4], _SNAPPED):
                    continue
            weigh_overlap(left, right, rectangle, scratch.weights, bag, inside, evidence[6:])
            for place in range(PLACES):
                places[PLACES * filled + place] = rectangle[place]
            filled += 1
        passage_offsets[pair + 1] = filled
    return lefts.size


def align_terms(
    texts: Terms,
    left: I64,
    right: I64,
    given: I64 | None = None,
    given_offsets: I64 | None = None,
    summarising: bool = True,
) -> Alignments:
    """See `Aligner.align_terms`."""
    lengths, n_terms = np.diff(texts.offsets), np.diff(texts.term_offsets)
    longest_left, longest_right = int(lengths[left].max(initial=0)), int(lengths[right].max(initial=0))
    most = most_points(longest_left, longest_right)
    table = 16
    while table < 2 * SKIPS * longest_right:
        table *= 2
    longest = max(longest_left, longest_right)
    width = max(SKIPS * longest, int((n_terms[left] + n_terms[right]).max(initial=0)), table) + 16
    # Memory that is not touched costs nothing.
    words = np.empty(_ROWS_32 * width, dtype=np.uint32)
    for row in (7, 8):
        words[row * width : (row + 1) * width] = 0
    octets = np.zeros(2 * width, dtype=np.uint8)
    long_words = np.empty(_ROWS_64 * (max(2 * most, width) + 16), dtype=np.uint64)
    rectangles, seen = np.empty(4 * most, dtype=np.int64), np.empty(8 * most + 16, dtype=np.uint64)
    scorings = (PASSAGE_SCORING.array(), WITHIN_SCORING.array(), SUMMARY_SCORING.array(), FIRST_SUMMARY_SCORING.array())
    summaries = np.zeros((2 * left.size, SUMMARY_PLACES), dtype=np.int64)
    summary_features = np.zeros((2 * left.size, SUMMARY_FEATURES))
    if given is None or given_offsets is None:
        given, given_offsets = np.zeros((0, 4), dtype=np.int64), np.zeros(left.size + 1, dtype=np.int64)
    capacity = max(most, int(np.diff(given_offsets).max(initial=0)))
    offsets = np.zeros(left.size + 1, dtype=np.int64)
    rows, evidence = [np.zeros((0, PLACES), dtype=np.int64)], [np.zeros((0, FEATURES))]
    done = total = 0
    while done < left.size:
        places, features = np.empty(capacity * PLACES, dtype=np.int64), np.empty(capacity * FEATURES)
        offsets[done] = 0
        reached = int(
            align_loop(
                *texts, left, right, given.reshape(-1), given_offsets, done, np.array(GAPS), *scorings, summarising,
                most, words, long_words, octets, rectangles, seen, places, features, offsets, summaries.reshape(-1),
                summary_features.reshape(-1),
            )
        )  # fmt: skip
        filled = int(offsets[reached])
        rows.append(places[: filled * PLACES].reshape(-1, PLACES).copy())
        evidence.append(features[: filled * FEATURES].reshape(-1, FEATURES).copy())
        offsets[done : reached + 1] += total
        done, total = reached, total + filled
    return Alignments(np.concatenate(rows), np.concatenate(evidence), offsets, summaries, summary_features)
