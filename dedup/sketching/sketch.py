"""Digests, band keys and sampled shingles of texts or of paragraphs."""

from functools import cache

import numpy as np

from dedup.config import Config
from dedup.kernels import U32, SketchPlan
from dedup.kernels.hashing import TriggerTable


@cache
def permutations(num_perm: int, seed: int) -> tuple[U32, U32]:
    """Factors (odd) and terms of the affine permutations, drawn as datasketch 2 draws them for `affine32`."""
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    return a, b


def sketch_plan(config: Config, triggers: TriggerTable, *, near: bool, contains: bool) -> SketchPlan:
    """What sketches are to hold: band keys for `near`, and a sample of the shingles for `contains`.

    The sample takes the shingles that are 0 modulo `containment_sample`: the sketch MOD_m of Broder, On the resemblance
    and containment of documents (1997), whose intersection estimates containment. `triggers`: tokens
    to look out for.
    """
    bands, rows = config.banding if near else (0, 1)
    a, b = permutations(config.num_perm, config.seed)
    return SketchPlan(config.shingle_size, a, b, bands, rows, config.containment_sample if contains else 0, triggers)
