"""Matching units, documents or paragraphs: exact classes, candidates, and the verdict on each."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.candidates import (
    BandPairs,
    Candidates,
    SharedShingles,
    band_pairs,
    containment_candidates,
    exact_classes,
    merge_candidates,
    near_candidates,
    shared_shingles,
)
from dedup.config import Config
from dedup.kernels import I64, Bool
from dedup.kernels.distinct import distinct
from dedup.scanning.returning import return_memory
from dedup.scanning.scoring import Scorer
from dedup.scanning.units import Units
from dedup.verifying import Scores, Verdict, verdicts


class Matching(NamedTuple):
    """What was established about n units.

    `firsts` (int64, (n,)): the first unit of each unit's exact class. `left < right`, `verdict` (int8) and `scores`:
    the verified pairs of classes, each named by its first unit, sorted by right, then left. `vetoed`: pairs
    that only the cosine kept from `near`. `capped_buckets`, `capped_postings`: groups that a cap cut off.
    """

    firsts: I64
    left: I64
    right: I64
    verdict: NDArray[np.int8]
    scores: Scores
    vetoed: int = 0
    capped_buckets: int = 0
    capped_postings: int = 0


def nothing_matched(count: int) -> Matching:
    """What is established about units that are not compared."""
    none = np.zeros(0, dtype=np.int64)
    return Matching(np.arange(count), none, none, np.zeros(0, dtype=np.int8), exact_scores(0))


ChooseCandidates = Callable[[I64, Candidates], Bool]
"""Which candidates are verified, given the first unit of each unit's exact class."""


def match_units(
    units: Units,
    eligible: Bool,
    least_contained: int,
    config: Config,
    scorer: Scorer,
    choose: ChooseCandidates | None = None,
) -> Matching:
    """Match the eligible units with each other; the others are alone in their class and in no pair.

    `least_contained`: the fewest tokens of a unit that another may be said to contain. `choose`: which candidates are
    verified, where not all of them are.
    """
    firsts = exact_classes(units.digests, np.where(eligible, units.lengths, 0))
    members = np.flatnonzero(firsts != np.arange(firsts.size))
    if members.size:
        equal = scorer.equal(units.starts, units.ends, firsts[members], members)
        firsts[members[~equal]] = members[~equal]

    compared = eligible & (firsts == np.arange(firsts.size)) & (units.lengths >= config.shingle_size)
    scorer.progress.start("candidates", None)
    near, contained = _candidates(units, compared, config, scorer)
    candidates = merge_candidates(near, contained)
    return_memory()

    left, right = candidates.left, candidates.right
    if choose is not None:
        wanted = choose(firsts, candidates)
        left, right = left[wanted], right[wanted]
    scorer.progress.start("verifying", left.size)
    scores = scorer.score(units.starts, units.ends, left, right)
    verdict = verdicts(scores, units.lengths[left], units.lengths[right], config, least_contained)
    holds = verdict > Verdict.NONE
    return Matching(
        firsts,
        left[holds],
        right[holds],
        verdict[holds],
        scores.take(holds),
        int(np.count_nonzero(verdict == Verdict.VETOED)),
        near.capped,
        contained.capped,
    )


def _candidates(units: Units, compared: Bool, config: Config, scorer: Scorer) -> tuple[Candidates, Candidates]:
    """Candidates by bands and by containment of the units compared, band by band and part by part in all threads."""
    kernels, threads = scorer.kernels, scorer.threads
    owners = units.ranks(compared)

    def shared(part: int) -> SharedShingles:
        return shared_shingles(units.bulk.postings(part, owners, kernels), units.levels, config.posting_cap, kernels)

    def banded(number: int) -> BandPairs:
        return band_pairs(units.bulk.band(number), owners, config.bucket_cap, config.bucket_links, kernels)

    parts = threads.map(shared, range(units.bulk.parts))
    near = near_candidates(threads.map(banded, range(units.bulk.bands)))
    return near, containment_candidates(parts, units.levels, units.level_sizes, kernels)


class UnitPairs(NamedTuple):
    """Pairs of units, `left < right`, with verdict and scores; `copies` is the size of a class that was cut, else 0."""

    left: I64
    right: I64
    verdict: NDArray[np.int8]
    scores: Scores
    copies: I64

    def take(self, places: I64 | Bool) -> "UnitPairs":
        """The pairs at these places."""
        return UnitPairs(
            self.left[places], self.right[places], self.verdict[places], self.scores.take(places), self.copies[places]
        )


def exact_scores(count: int) -> Scores:
    """The scores of exact copies."""
    ones = np.ones(count)
    return Scores(np.ones(count, dtype=np.bool_), ones, ones.copy(), ones.copy(), ones.copy())


def join_pairs(*several: UnitPairs) -> UnitPairs:
    """All the pairs, one after the other."""
    return UnitPairs(
        np.concatenate([each.left for each in several]),
        np.concatenate([each.right for each in several]),
        np.concatenate([each.verdict for each in several]),
        Scores(*(np.concatenate(values) for values in zip(*(each.scores for each in several), strict=True))),
        np.concatenate([each.copies for each in several]),
    )


def expand_pairs(
    matching: Matching, exact: bool, copies_cap: int, partners_cap: int | None = None
) -> tuple[UnitPairs, int]:
    """Every verified pair of units, from the pairs of classes; and how many classes were cut.

    Of a class of more than `copies_cap` members only the pairs with its first unit are given. A class of copies whose
    members and those of all classes that it matches are together more than `partners_cap` (by default `copies_cap`)
    takes part in pairs with others by its first unit alone: so pairs grow no faster than the units, however many copies
    of however many near texts there are. `exact`: whether pairs within a class are wanted.
    """
    copies = np.flatnonzero(matching.firsts != np.arange(matching.firsts.size))
    # The classes concerned, which are few beside the units: those of several members and those of pairs.
    classes = distinct(np.concatenate([matching.firsts[copies], matching.left, matching.right]))
    units, owners = np.append(classes, copies), np.append(classes, matching.firsts[copies])
    order = np.lexsort((units, owners))
    members = units[order]
    begins = np.searchsorted(owners[order], classes)
    sizes = np.diff(begins, append=members.size)
    within = _pairs_within_classes(members, begins, sizes, copies_cap)
    if not exact:
        within = within.take(np.zeros(0, dtype=np.int64))
    left_class, right_class = np.searchsorted(classes, matching.left), np.searchsorted(classes, matching.right)
    together = sizes.copy()
    np.add.at(together, left_class, sizes[right_class])
    np.add.at(together, right_class, sizes[left_class])
    cut = (sizes > 1) & (together > (partners_cap or copies_cap)) | (sizes > copies_cap)
    reach = np.where(cut, 1, sizes)
    left_reach, right_reach = reach[left_class], reach[right_class]
    counts = left_reach * right_reach
    pair = np.repeat(np.arange(counts.size), counts)
    place = np.arange(pair.size) - np.repeat(np.cumsum(counts) - counts, counts)
    left = members[begins[left_class[pair]] + place // right_reach[pair]]
    right = members[begins[right_class[pair]] + place % right_reach[pair]]
    swapped = left > right
    scores = matching.scores.take(pair)
    cut_sizes = np.where(cut, sizes, 0)
    between = UnitPairs(
        np.minimum(left, right),
        np.maximum(left, right),
        matching.verdict[pair],
        scores._replace(
            left_containment=np.where(swapped, scores.right_containment, scores.left_containment),
            right_containment=np.where(swapped, scores.left_containment, scores.right_containment),
        ),
        np.maximum(cut_sizes[left_class], cut_sizes[right_class])[pair],
    )
    return join_pairs(within, between), int(np.count_nonzero(cut))


def _pairs_within_classes(members: I64, begins: I64, sizes: I64, copies_cap: int) -> UnitPairs:
    """All pairs of each exact class, or those with its first unit where it is over the cap; classes are consecutive."""
    firsts, class_sizes = np.repeat(begins, sizes), np.repeat(sizes, sizes)
    ranks = np.arange(members.size) - firsts
    over = class_sizes > copies_cap
    partners = np.where(over, np.minimum(ranks, 1), ranks)
    right = np.repeat(members, partners)
    within = np.arange(right.size) - np.repeat(np.cumsum(partners) - partners, partners)
    left = members[np.repeat(firsts, partners) + within]
    return UnitPairs(
        left,
        right,
        np.full(left.size, Verdict.EXACT, dtype=np.int8),
        exact_scores(left.size),
        np.repeat(np.where(over, class_sizes, 0), partners),
    )


def star_pairs(firsts: I64, groups: I64) -> tuple[I64, I64]:
    """Pairs that tie each unit to the first of its class in its own group, and that one to the first of the class.

    `groups` (the documents of paragraphs) ascend with the units. There is at most one pair a unit.
    """
    units = np.arange(firsts.size)
    order = np.lexsort((units, groups, firsts))
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = (firsts[order][1:] != firsts[order][:-1]) | (groups[order][1:] != groups[order][:-1])
    first_in_group = np.empty_like(firsts)
    first_in_group[order] = order[np.flatnonzero(new)[np.cumsum(new) - 1]] if order.size else order
    left = np.where(first_in_group == units, firsts, first_in_group)
    tied = left != units
    return left[tied], units[tied]
