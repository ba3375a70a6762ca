"""What the index keeps of a run, in one transaction with each batch: where it stands, and the verdicts on the batch."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from dedup.errors import DedupError
from dedup.filtering.files import STDOUT, State
from dedup.filtering.options import Tally
from dedup.filtering.records import Place
from dedup.filtering.sources import Reached, Status
from dedup.filtering.verdicts import Verdicts

_VERSION = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a run has come.

    `settings` are those that a run must be gone on with. `outputs` is where each output stood before the last batch,
    by name, and `tally` counts the records before it; `verdicts` are those on the last batch, None where its records
    have been written. `finished`: the input was read to its end.
    """

    settings: Mapping[str, str]
    reached: Reached
    outputs: Mapping[str, State]
    tally: Tally
    verdicts: Verdicts | None = None
    finished: bool = False

    def encoded(self) -> bytes:
        """As bytes that `decoded` takes: a line of JSON, and the verdicts behind it."""
        reached, tally = self.reached, self.tally
        value = {
            "version": _VERSION,
            "settings": dict(self.settings),
            "before": _place(reached.before),
            "until": _place(reached.until),
            "checksum": reached.checksum,
            "status": None if reached.status is None else list(reached.status),
            "terminated": reached.terminated,
            "outputs": {name: list(state) for name, state in self.outputs.items()},
            "kept": tally.kept,
            "dropped": tally.dropped,
            "quarantined": tally.quarantined,
            "reasons": dict(tally.reasons),
            "relations": dict(tally.relations),
            "finished": self.finished,
        }
        verdicts = b"" if self.verdicts is None else b"\n" + self.verdicts.encoded()
        return orjson.dumps(value) + verdicts

    @classmethod
    def decoded(cls, data: bytes) -> "Mark":
        """Make it of bytes again. Raises DedupError where another version has written them."""
        first, newline, rest = data.partition(b"\n")
        value = orjson.loads(first)
        if value["version"] != _VERSION:
            raise DedupError(
                f"another version of dedup has begun this run (format {value['version']}, this is {_VERSION}); "
                "finish it with that one, or forget it with --restart"
            )
        reached = Reached(
            Place(*value["before"]),
            Place(*value["until"]),
            value["checksum"],
            None if value["status"] is None else Status(*value["status"]),
            value["terminated"],
        )
        return cls(
            value["settings"],
            reached,
            {name: tuple(state) for name, state in value["outputs"].items()},
            Tally(value["kept"], value["dropped"], value["quarantined"], value["reasons"], value["relations"]),
            Verdicts.decoded(rest) if newline else None,
            value["finished"],
        )


def _place(place: Place) -> list[int | str | None]:
    return [place.offset, place.number, place.id_kind]


def mark_name(source: str, target: str) -> str:
    """The name under which the index keeps a run: that from an input, to an output."""
    ends = [end if end == STDOUT else os.path.realpath(end) for end in (source, target)]
    digest = hashlib.blake2b("\0".join(ends).encode("utf-8", "surrogatepass"), digest_size=16)
    return f"filter-{digest.hexdigest()}"
