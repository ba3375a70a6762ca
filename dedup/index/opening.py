"""How an index is opened."""

from dataclasses import dataclass
from typing import Literal

from dedup.config import Config
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.verifying import Background


@dataclass(frozen=True, slots=True)
class Opening:
    """How an index is opened: what `Index.open` is told besides where it stands."""

    config: Config | None = None
    background: Background | None = None
    text: bool | None = None
    read_only: bool = False
    create: bool = True
    durability: Literal["process", "full"] = "process"
    merge: Literal["background", "now", "never"] = "background"
    timeout: float = 0.0
    rewrites: RewriteBackground | None = None
    drop_rewrites: bool = False
