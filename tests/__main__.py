"""The one test command: `python -m tests` runs every check on all processors, and stops at the first that fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
LEAST_COVERAGE = 95

PYTEST = (
    PYTHON,
    "-m",
    "pytest",
    "-n",
    "logical",
    "--dist",
    "worksteal",
    "--benchmark-disable",
    "--cov",
    "--cov-report=",
)

CHECKS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("formatting", (PYTHON, "-m", "ruff", "format", "--check", "."), {}),
    ("lint", (PYTHON, "-m", "ruff", "check", "."), {}),
    ("types", (PYTHON, "-m", "mypy"), {}),
    ("layers", (str(Path(PYTHON).with_name("lint-imports")), "--no-cache"), {}),
    ("old coverage data", (PYTHON, "-m", "coverage", "erase"), {}),
    # Every process of the tests would wait for the first of them to compile.
    ("compiling the kernels, unless they are in the cache", (PYTHON, "-m", "tests.kernels"), {}),
    # Compiled code is invisible to coverage: the kernels are tested once as plain Python, where an index out of bounds
    # is an error too. What concerns the reference alone is left to the tests below.
    (
        "kernels as plain Python",
        (*PYTEST, "-W", "ignore:overflow:RuntimeWarning", "-k", "not reference and not numpy", "tests/kernels"),
        {"NUMBA_DISABLE_JIT": "1"},
    ),
    ("tests", (*PYTEST, "--cov-append"), {}),
    ("coverage", (PYTHON, "-m", "coverage", "report", f"--fail-under={LEAST_COVERAGE}"), {}),
)


def main() -> int:
    """Run the checks; the exit code of the first that fails, else 0."""
    began = time.monotonic()
    for name, command, settings in CHECKS:
        print(f"== {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=False).returncode
        if code:
            print(f"== {name} failed; run again with: {' '.join(command)}", flush=True)
            return code
    print(f"== all checks passed, in {time.monotonic() - began:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
