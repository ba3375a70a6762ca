"""Making an index on a server and opening one: the same facts as of one on the disk, and the same checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dedup.config import Config
from dedup.errors import StoreError
from dedup.index.creating import (
    DEFAULT,
    check_background,
    check_config,
    check_text,
    first_facts,
    read_facts,
    suitable,
)
from dedup.index.server import Server, parse_address
from dedup.index.state import State
from dedup.verifying import Background

FORMAT_VERSION = 1
"""Of what stands on the server."""


def meet(
    server: Server, config: Config | None, background: Background | None, text: bool | None, *, create: bool
) -> State:
    """What all calls to the index on a server have in common; it is made, if `create`, where there is none.

    Raises StoreError and ConfigError as `Index.open` does.
    """
    config = None if config is None else suitable(config)
    facts = server.facts()
    if not facts:
        if not create:
            raise StoreError(f"{server.shown}: there is no index")
        if policy := server.evicts():
            raise StoreError(
                f"{server.shown}: the server gives keys up when its memory is full (maxmemory-policy {policy}), and an "
                "index would lose documents without a word; set noeviction"
            )
        # Where another client makes it at the same time, what that one has said holds.
        first = first_facts(config or DEFAULT, background or Background(), text is not False)
        server.create({"format": str(FORMAT_VERSION).encode(), **first})
        facts = server.facts()
    stored, known, keeps_text = read_facts(_Facts(facts), server.shown)
    if config is not None:
        check_config(stored, config, server.shown)
    if background is not None:
        check_background(known, background, server.shown)
    if text is not None:
        check_text(keeps_text, text, server.shown)
    return State(Path(server.shown), stored, known, keeps_text)


def is_there(url: str) -> bool:
    """Whether there is an index at an address."""
    server = Server(parse_address(url))
    try:
        return bool(server.facts())
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts of an index, as `read_facts` takes them."""

    facts: Mapping[str, bytes]

    @property
    def version(self) -> int:
        """The format."""
        return int(self.facts.get("format", b"0"))

    def fact(self, name: str) -> bytes | None:
        """A fact about the index."""
        return self.facts.get(name)
