"""The one test command: `python -m tests` runs every check, and stops at the first that fails."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
LEAST_COVERAGE = 95

CHECKS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("formatting", (PYTHON, "-m", "ruff", "format", "--check", "."), {}),
    ("lint", (PYTHON, "-m", "ruff", "check", "."), {}),
    ("types", (PYTHON, "-m", "mypy"), {}),
    ("layers", (str(Path(PYTHON).with_name("lint-imports")), "--no-cache"), {}),
    ("old coverage data", (PYTHON, "-m", "coverage", "erase"), {}),
    # Compiled code is invisible to coverage: the kernels are tested once as plain Python, where integers wrap loudly.
    (
        "kernels as plain Python",
        (PYTHON, "-m", "pytest", "--cov", "--cov-report=", "-W", "ignore:overflow:RuntimeWarning", "tests/kernels"),
        {"NUMBA_DISABLE_JIT": "1"},
    ),
    ("tests", (PYTHON, "-m", "pytest", "--cov", "--cov-append", "--cov-report=", "--benchmark-disable"), {}),
    ("coverage", (PYTHON, "-m", "coverage", "report", f"--fail-under={LEAST_COVERAGE}"), {}),
)


def main() -> int:
    """Run the checks; the exit code of the first that fails, else 0."""
    for name, command, settings in CHECKS:
        print(f"== {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=False).returncode
        if code:
            print(f"== {name} failed; run again with: {' '.join(command)}", flush=True)
            return code
    print("== all checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
