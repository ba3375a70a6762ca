"""How an index is opened."""

import os
from dataclasses import dataclass
from typing import Literal

from dedup.config import Config
from dedup.errors import ConfigError
from dedup.index.server import is_address
from dedup.verifying import Background


@dataclass(frozen=True, slots=True)
class Opening:
    """How an index is opened: what `Index.open` is told besides where it stands."""

    config: Config | None = None
    background: Background | None = None
    text: bool | None = None
    paragraphs: bool | None = None
    read_only: bool = False
    create: bool = True
    durability: Literal["process", "full"] = "process"
    merge: Literal["background", "now", "never"] = "background"
    timeout: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (("durability", ("process", "full")), ("merge", ("background", "now", "never"))):
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} is one of {', '.join(known)}, not {getattr(self, name)!r}")


def check_outside(index: str, *outputs: str | None) -> None:
    """Raise ConfigError for an output, None for none, that is the folder of an index or would stand within it.

    It might take the place of a file of the index; and nobody looks for records there.
    """
    if is_address(index):
        return
    folder = os.path.realpath(index)
    for output in outputs:
        if output is not None and folder in (place := os.path.realpath(output), os.path.dirname(place)):
            raise ConfigError(f"{output}: lies in the folder of the index, {index}; write elsewhere")
