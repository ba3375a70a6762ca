"""How a long scan tells where it stands."""

from typing import Protocol


class Progress(Protocol):
    """Told of each stage as it begins, and of the work done in it."""

    def start(self, stage: str, total: int | None) -> None:
        """A stage begins; `total` is its size (bytes of input for "reading", pairs for "verifying"), if known."""
        ...

    def advance(self, amount: int) -> None:
        """So much of the stage is done since the last call."""
        ...

    def message(self, text: str) -> None:
        """Something that a person waiting should know, said once."""
        ...


class Silent:
    """Says nothing."""

    def start(self, stage: str, total: int | None) -> None:
        """Ignored."""

    def advance(self, amount: int) -> None:
        """Ignored."""

    def message(self, text: str) -> None:
        """Ignored."""
