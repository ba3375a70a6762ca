"""Labels of pairs: read from a file, and saved to it one by one, so that none is lost."""

import math
import os
from collections.abc import Iterable

from dedup.calibrating.survey import PairKey, pair_key
from dedup.errors import InputError
from dedup.evaluating import DocumentNumbers, Pairs, read_table
from dedup.model import DocumentId, Kind
from dedup.reporting import encoded


def labels_of(file: str, lines: Iterable[bytes]) -> dict[PairKey, bool]:
    """Whether each labelled pair of a file is the same text, by the ids; the last label of a pair holds.

    The file is one that `dedup evaluate` reads as pairs, such as JSON lines of `left`, `right` and `label`: 0 for no,
    1 for yes, null where it is open. Raises InputError with the file and line.
    """
    numbers = DocumentNumbers()
    table = read_table(file, lines, numbers, kind=Kind.PAIRS)
    if not isinstance(table, Pairs):
        raise InputError(f"{file}: holds no pairs; a line is such as " + '{"left": "a", "right": "b", "label": 1}')
    names = numbers.names()
    rows = zip(table.left.tolist(), table.right.tolist(), table.scores.tolist(), strict=True)
    return {pair_key(names[left], names[right]): label > 0 for left, right, label in rows if not math.isnan(label)}


def append_label(file: str, left: DocumentId, right: DocumentId, resemblance: float, same: bool) -> None:
    """Put a label at the end of a file, and wait until it stands on the disk.

    Raises InputError where it cannot be written.
    """
    label = {"left": left, "right": right, "label": int(same), "resemblance": round(resemblance, 6)}
    line = encoded(label) + b"\n"
    try:
        with open(file, "ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise InputError(f"{file}: the label cannot be saved: {error.strerror or error}") from error
