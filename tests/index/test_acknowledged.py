import pytest

from dedup.index.acknowledged import Counts


@pytest.mark.parametrize(
    ("documents", "transactions", "said"),
    [
        (0, 0, ""),
        (1, 0, "1 document (behind the first 1,000)"),
        (2, 0, "2 documents (behind the first 1,000)"),
        (0, 1, "1 transaction that removed documents, stored marks or joined segments"),
        (
            1500,
            2,
            "1,500 documents (behind the first 1,000) and 2 transactions that removed documents, stored marks or "
            "joined segments",
        ),
    ],
)
def test_what_is_lost_is_said_in_words(documents: int, transactions: int, said: str) -> None:
    found = Counts(1000, 7)
    assert Counts(1000 + documents, 7 + transactions).lost(found) == said
    assert found.lost(Counts(1000 + documents, 7 + transactions)) == ""
