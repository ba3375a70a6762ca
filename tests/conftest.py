"""Settings of the whole suite: examples are drawn the same way on every machine, and never timed."""

import pytest
from hypothesis import HealthCheck, settings

from dedup.kernels import Kernels, choose
from tests.kernels.twins import examples

settings.register_profile(
    "project",
    max_examples=examples(100),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("project")


@pytest.fixture(scope="session")
def kernels() -> Kernels:
    """The NumPy kernels; that the compiled ones are the same is proved in tests/kernels."""
    return choose(0)
