"""Digests, band keys and sampled shingles of texts or of paragraphs."""

from functools import cache
from random import Random

import numpy as np

from dedup.config import Config
from dedup.kernels import U32, SketchPlan
from dedup.kernels.hashing import TriggerTable

STEP = 16
"""Permutations that are drawn, before each is one of these and some steps: as many as a wide vector has numbers."""


@cache
def permutations(num_perm: int, seed: int) -> tuple[U32, U32]:
    """Factors (odd) and terms of the affine permutations, drawn as datasketch 2 draws them for `affine32`.

    That is by NumPy's `RandomState(seed).randint`, of 31 bits and of 32.
    """
    drawn = _mersenne_twister(seed, 2 * num_perm)
    return drawn[:num_perm] * np.uint32(2) + np.uint32(1), drawn[num_perm:]


@cache
def stepped_permutations(num_perm: int, seed: int) -> tuple[U32, U32]:
    """Factors (odd) and terms of affine permutations of which each is the one `STEP` before it and a common step.

    One product serves `STEP` of them, and the others are additions. Any two of them are as independent as any two that
    are drawn, which is what the variance of an estimate hangs on (Carter and Wegman, Universal classes of hash
    functions, 1979), and those of one band of up to `STEP` rows are drawn one by one.
    """
    drawn = _mersenne_twister(seed, 2 * STEP + 2)
    steps = np.arange(-(-num_perm // STEP), dtype=np.uint32)[:, np.newaxis]
    # 2 modulo 4: factors stay odd, and differ by few powers of two.
    factor = drawn[2 * STEP] << np.uint32(2) | np.uint32(2)
    a = (drawn[:STEP] | np.uint32(1)) + steps * factor
    b = drawn[STEP : 2 * STEP] + steps * drawn[2 * STEP + 1]
    return a.reshape(-1)[:num_perm], b.reshape(-1)[:num_perm]


def band_permutations(config: Config) -> tuple[U32, U32]:
    """Factors and terms of the permutations whose bands make candidates."""
    draw = permutations if config.permutations == "datasketch" else stepped_permutations
    return draw(config.num_perm, config.seed)


def _mersenne_twister(seed: int, count: int) -> U32:
    """The first integers of `numpy.random.RandomState(seed)`, which takes longer to import than to draw them so.

    Python has the same generator, MT19937, but seeds it otherwise: the state is set as Matsumoto and Nishimura's
    `init_genrand` (2002) sets it.
    """
    state = [seed]
    for place in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + place) & 0xFFFFFFFF)
    generator = Random()  # noqa: S311 - no secret
    generator.setstate((3, (*state, len(state)), None))
    return np.array([generator.getrandbits(32) for _ in range(count)], dtype=np.uint32)


def sketch_plan(config: Config, triggers: TriggerTable, *, near: bool, contains: bool) -> SketchPlan:
    """What sketches are to hold: band keys for `near`, and a sample of the shingles for `contains`.

    The sample takes the shingles that are 0 modulo `containment_sample`: the sketch MOD_m of Broder, On the resemblance
    and containment of documents (1997), whose intersection estimates containment. `triggers`: tokens
    to look out for.
    """
    bands, rows = config.banding if near else (0, 1)
    return SketchPlan(
        config.shingle_size,
        *band_permutations(config),
        bands,
        rows,
        config.containment_sample if contains else 0,
        triggers,
    )
