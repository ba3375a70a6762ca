"""Make the background of rewrites that comes with the package.

    python -m benchmarks.quality.fit_background --data FOLDER

Counts in how many documents of a sample of `reviews-and-news` each term stands, and writes those of four or
more: hashes and counts, no texts, and so no reference documents.
"""

import argparse
import sys
from pathlib import Path

from dedup.config import Config
from dedup.scanning.rewrite_background import (
    background_from_bytes,
    background_to_bytes,
    fit_to_sources,
    without_references,
)

LEAST = 4
"""Documents that hold a term of the shipped background; names of one story are left to be unknown."""

TARGET = Path(__file__).parents[2] / "dedup" / "verifying" / "background.npz"


def main() -> int:
    """Fit it and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled corpora")
    parser.add_argument("--output", type=Path, default=TARGET, help="where to write it (default: into the package)")
    chosen = parser.parse_args()
    _, fitted = fit_to_sources([str(chosen.data / "reviews-and-news" / "full.parquet")], Config())
    small = without_references(fitted, LEAST)
    chosen.output.write_bytes(background_to_bytes(small))
    again = background_from_bytes(chosen.output.read_bytes())
    print(
        f"{again.words.documents:,} documents: {again.words.terms.size:,} words, {again.prefixes.terms.size:,} "
        f"prefixes, {chosen.output.stat().st_size:,} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
