"""One of several processes that bring documents to one index: `python -m tests.index.shared_client URL SEED`."""

import json
import sys

import numpy as np

from dedup import Document, Index

STORIES = 25
COPIES = 3


def story(number: int, changed: int = 0) -> str:
    """A text of sixty words like no other, with so many of them changed."""
    generator = np.random.default_rng(number)
    words = [f"{chr(97 + place % 26)}word{place}" for place in generator.integers(0, 1000, 60).tolist()]
    words[30 : 30 + changed] = ["else"] * changed
    return " ".join(words)


def main(url: str, seed: int) -> None:
    """Bring all stories in an order of one's own, one by one and in batches; print which documents are kept."""
    order = np.random.default_rng(seed).permutation(STORIES * COPIES).tolist()
    documents = [Document(f"{seed}-{number}", story(number % STORIES, number // STORIES)) for number in order]
    with Index.open(url) as index:
        decisions = [index.admit(document) for document in documents[:15]]
        for first in range(15, len(documents), 20):
            decisions += index.admit_batch(documents[first : first + 20])
    print(json.dumps([[each.document, each.keep, each.representative] for each in decisions]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
