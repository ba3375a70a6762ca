"""Pages of one template: their frame makes no rewrites, and hides none."""

import numpy as np
import pytest

from dedup import Document, Relation, scan
from dedup.scanning import rewrite_frames
from tests.prose import prose, reword


def pages(seed: int) -> list[Document]:
    """Stories without a frame, and pages of one template: the last of these rewords the one before it."""
    generator = np.random.default_rng(seed)
    frame = [prose(generator, 25) for _ in range(4)]
    bodies = [prose(generator, 30) for _ in range(5)]
    bodies += [prose(generator, 90)]
    bodies += [reword(generator, bodies[-1], 0.3)]
    framed = ["\n".join([*frame[:2], body, *frame[2:]]) for body in bodies]
    return [
        Document(number, text) for number, text in enumerate([*(prose(generator, 120) for _ in range(60)), *framed])
    ]


def rewrites(documents: list[Document]) -> set[tuple[object, object]]:
    return {
        (match.left.document, match.right.document)
        for match in scan(documents).matches
        if match.relation is Relation.REWRITE and match.right and match.evidence.log_likelihood is None
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_pages_are_rewrites_for_what_they_say_and_not_for_their_frame(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = pages(seed)
    assert rewrites(documents) == {(65, 66)}
    monkeypatch.setattr(rewrite_frames, "LEAST_COSINE_BESIDE", 0.0)
    assert len(rewrites(documents)) > 1
