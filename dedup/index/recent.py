"""The last documents admitted one at a time or a few at once: found by dictionaries, until there are enough to sort."""

from bisect import bisect_left

import numpy as np

from dedup.index.anchored import NO_ANCHORS
from dedup.index.arrivals import POSTED, Arrivals, Rows, join_arrivals, offsets_of
from dedup.index.ledger import Ledger
from dedup.index.parts import Data
from dedup.index.tables import TableNumbers
from dedup.index.texts import Texts
from dedup.kernels import F64, I64, U32, Kernels

MOST = 1024
"""Documents to be sorted together: a few milliseconds."""

FEW = 16
"""Documents of one call that are put into the dictionaries; more are sorted at once."""


class Recent:
    """Documents in the order of their ranks, as `dedup.index.parts.Part` has them."""

    def __init__(self, shingle_size: int, numbers: TableNumbers) -> None:
        self._shingle_size = shingle_size
        self._numbers = numbers
        self._ranks: list[int] = []
        self._each: list[Arrivals] = []
        # A key and its table as one number; ranks ascend.
        self._members: dict[int, list[int]] = {}
        self.n_bytes = 0

    def __len__(self) -> int:
        """How many documents are there."""
        return len(self._ranks)

    @property
    def ranks(self) -> U32:
        """The ranks of the documents, ascending."""
        return np.array(self._ranks, dtype=np.uint32)

    def add(self, arrivals: Arrivals) -> None:
        """Put documents behind the others."""
        numbers = self._numbers
        for each in _one_by_one(arrivals):
            row = each.rows[0]
            keys = [numbers.ids << 32 | int(row["id_hash"]) >> 32]
            if row["flags"] & POSTED:
                keys.append(numbers.exact << 32 | int(row["digest"]) >> 32)
                if row["length"] >= self._shingle_size:
                    keys += [band << 32 | key for band, key in enumerate(each.keys[0].tolist())]
                    keys += [numbers.samples << 32 | key for key in each.samples.tolist()]
            self.add_one(each, int(row["rank"]), keys)

    def add_one(self, arrivals: Arrivals, rank: int, keys: list[int]) -> None:
        """Put one document behind the others; `keys`: table and key, as one number, of each group it is in."""
        self._ranks.append(rank)
        self._each.append(arrivals)
        self.n_bytes += arrivals.n_bytes
        several = self._members
        for key in keys:
            members = several.get(key)
            if members is None:
                several[key] = [rank]
            else:
                members.append(rank)

    def find(self, queries: list[int], limits: I64, ledger: Ledger, counts: list[int]) -> list[int]:
        """The living members with each key, as `Kernels.find_members` gives them; `counts` is brought up to date."""
        found: list[int] = []
        several = self._members
        for query, key in enumerate(queries):
            members = several.get(key)
            if members is not None:
                room = int(limits[key >> 32]) - counts[query]
                living = [rank for rank in members if ledger.alive[rank]][:room]
                found += [query << 32 | rank for rank in living]
                counts[query] += len(living)
        return found

    def joined(self) -> Arrivals:
        """All documents as columns."""
        return join_arrivals(self._each)

    def rows(self, places: I64, kernels: Kernels) -> Rows:
        """See `dedup.index.parts.Part`, as for the others."""
        rows: Rows = np.concatenate([self._each[place].rows for place in places.tolist()])
        return rows

    def scores(self, places: I64, kernels: Kernels) -> F64:
        """See `Part`."""
        scores: F64 = self.rows(places, kernels)["scores"]
        return scores

    def ids(self, places: I64, kernels: Kernels) -> list[bytes]:
        """See `Part`."""
        return [self._each[place].ids.tobytes() for place in places.tolist()]

    def texts(self, places: I64, kernels: Kernels) -> Texts:
        """See `Part`."""
        pieces = [self._each[place].texts for place in places.tolist()]
        offsets = offsets_of(np.array([piece.size for piece in pieces], dtype=np.int64))
        return Texts(pieces[0] if len(pieces) == 1 else np.concatenate(pieces), offsets[:-1], offsets[1:])

    @property
    def first_rank(self) -> int:
        """See `Part`."""
        return self._ranks[0]

    def place(self, rank: int) -> int:
        """See `Part`."""
        return bisect_left(self._ranks, rank)

    def digest(self, place: int, kernels: Kernels) -> int:
        """See `Part`."""
        return int(self._each[place].rows[0]["digest"])

    def id(self, place: int, kernels: Kernels) -> bytes:
        """See `Part`."""
        return self._each[place].ids.tobytes()

    def text(self, place: int, kernels: Kernels) -> Data:
        """See `Part`."""
        return self._each[place].texts.data


def _one_by_one(arrivals: Arrivals) -> list[Arrivals]:
    """Each document by itself."""
    if len(arrivals) == 1:
        return [arrivals]
    samples, ids, texts = (offsets_of(arrivals.rows[name]).tolist() for name in ("n_samples", "id_size", "text_size"))
    return [
        Arrivals(
            arrivals.rows[place : place + 1],
            arrivals.keys[place : place + 1],
            arrivals.samples[samples[place] : samples[place + 1]],
            arrivals.ids[ids[place] : ids[place + 1]],
            arrivals.texts[texts[place] : texts[place + 1]],
            # They are by rank: those of all go with the first, and are joined again with the rest.
            arrivals.anchored if place == 0 else NO_ANCHORS,
        )
        for place in range(len(arrivals))
    ]
