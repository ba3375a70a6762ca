"""Making an index on a server and opening one: the same facts as of one on the disk, and the same checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dedup.errors import ConfigError, StoreError
from dedup.index.creating import (
    check_facts,
    first_facts,
    read_facts,
    suitable,
)
from dedup.index.opening import Opening
from dedup.index.server import Server, parse_address
from dedup.index.state import State
from dedup.model import Relation

FORMAT_VERSION = 1
"""Of what stands on the server."""


def meet(server: Server, opening: Opening) -> State:
    """What all calls to the index on a server have in common; it is made, where it may be, if there is none.

    Raises StoreError and ConfigError as `Index.open` does.
    """
    asked = opening.config is not None and suitable(opening.config).looks_for(Relation.REWRITE)
    if opening.rewrites is not None or opening.drop_rewrites or asked:
        raise ConfigError(
            f"{server.shown}: an index on a server does not look for rewrites; leave the relation 'rewrite' out, or "
            "keep the index in a folder"
        )
    if opening.paragraphs:
        raise ConfigError(
            f"{server.shown}: a shared index compares whole documents; paragraphs are for one in a folder"
        )
    facts = server.facts()
    if not facts:
        if opening.read_only or not opening.create:
            raise StoreError(f"{server.shown}: there is no index")
        if policy := server.evicts():
            raise StoreError(
                f"{server.shown}: the server gives keys up when its memory is full (maxmemory-policy {policy}), and an "
                "index would lose documents without a word; set noeviction"
            )
        # Where another client makes it at the same time, what that one has said holds.
        server.create({"format": str(FORMAT_VERSION).encode(), **first_facts(opening)})
        facts = server.facts()
    stored = read_facts(_Facts(facts), server.shown, FORMAT_VERSION)
    check_facts(stored, opening, server.shown)
    return State(Path(server.shown), stored.config, stored.background, stored.text)


def is_at(url: str, patience: float) -> bool:
    """Whether there is an index at an address, `patience` as for `Server`."""
    server = Server(parse_address(url), patience)
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
        said = self.facts.get("format", b"0")
        return int(said) if said.isdigit() else 0

    def fact(self, name: str) -> bytes | None:
        """A fact about the index."""
        return self.facts.get(name)
