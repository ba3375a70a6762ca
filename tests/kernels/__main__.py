"""`python -m tests.kernels` compiles what is not in the cache folder yet."""

from dedup.kernels.native import library
from dedup.kernels.objects import GROUPS

for group in GROUPS:
    library(group)
