"""The texts of the last documents at hand."""

import numpy as np
import pytest

from dedup.index import held
from dedup.index.arrivals import NONE, POSTED, ROW, Arrivals
from dedup.index.held import HeldTexts
from dedup.kernels import choose


def arrivals(
    first: int, texts: list[bytes], dropped: set[int] | None = None, empty: set[int] | None = None
) -> Arrivals:
    """Documents with these texts, of which some are dropped and some have no token."""
    rows = np.zeros(len(texts), dtype=ROW)
    rows["rank"] = first + np.arange(len(texts))
    rows["text_size"] = [len(text) for text in texts]
    rows["representative"] = [0 if place in (dropped or set()) else NONE for place in range(len(texts))]
    rows["flags"] = [0 if place in (empty or set()) else POSTED for place in range(len(texts))]
    nothing = np.zeros(0, dtype=np.uint8)
    keys = np.zeros((len(texts), 0), dtype=np.uint32)
    data = np.frombuffer(b"".join(texts), dtype=np.uint8)
    return Arrivals(rows, keys, nothing.view(np.uint32), nothing, data)


def found(texts: HeldTexts, ranks: list[int]) -> dict[int, bytes]:
    return {
        ranks[place]: piece
        for places, several in texts.read(np.array(ranks, dtype=np.int64))
        for place, piece in zip(places.tolist(), several.pieces(), strict=True)
    }


def test_what_later_documents_may_be_compared_with_is_held() -> None:
    texts = HeldTexts()
    texts.put(arrivals(10, [b"ten", b"eleven", b"", b"thirteen"], dropped={1}, empty={2}), choose(0))
    texts.put(arrivals(20, [b"twenty"]), choose(0))
    texts.put(arrivals(21, [b"dropped"], dropped={0}), choose(0))
    everything = {10: b"ten", 13: b"thirteen", 20: b"twenty"}
    assert found(texts, [*range(30)]) == everything
    assert found(texts, [20, 13, 11, 10]) == everything
    assert found(texts, []) == found(texts, [5, 11, 12, 14, 22, 99]) == found(HeldTexts(), [1]) == {}


def test_what_is_held_stays_within_its_budget_and_the_last_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "HELD_BYTES", 10)
    texts = HeldTexts()
    texts.put(arrivals(0, [b"0000", b"1111"]), choose(0))
    texts.put(arrivals(2, [b"2222"]), choose(0))
    assert found(texts, [0, 1, 2]) == {2: b"2222"}
    # Of what does not fit the last ones.
    texts.put(arrivals(3, [b"3333", b"4444", b"5555"]), choose(0))
    assert found(texts, [2, 3, 4, 5]) == {4: b"4444", 5: b"5555"}
    texts.put(arrivals(6, [b"far too long"]), choose(0))
    assert found(texts, [4, 5, 6]) == {4: b"4444", 5: b"5555"}
