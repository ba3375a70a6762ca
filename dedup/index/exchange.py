"""Exchange of an index with datasketch.

Out: the MinHash of each kept document, made from its stored text, one by one or in a `MinHashLSH`. In: nothing that is
dropped rests on a signature alone. Documents that come with signatures, in a `MinHashLSH` or one each, are admitted as
all others are, once their signatures are found to be those of their texts; and a MinHash without a text has candidates,
which are estimates and are called so. Nothing is unpickled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.errors import ConfigError, SketchError
from dedup.index.judging import stored_tokens
from dedup.index.state import State
from dedup.kernels import I64, U32, U64, Kernels, choose
from dedup.model import Decision, Document, DocumentId, IdColumn, TextColumn
from dedup.sketching import minhash_of, signature_of
from dedup.tokenising import hash_tokens

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

    from dedup.index.front import Index

AT_ONCE = 256
"""Documents whose texts are read together."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept document that may resemble what was asked for. Not verified: no text was compared.

    `estimate`: the share of values that the two signatures have in common.
    """

    document: DocumentId
    estimate: float


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of documents that came with a `MinHashLSH`.

    `decisions`: on those that are in it, in the order given. `unknown`: ids of documents given that are not in it;
    these were not admitted. `without_text`: keys of it for which no document was given.
    """

    decisions: tuple[Decision, ...]
    unknown: tuple[DocumentId, ...]
    without_text: tuple[DocumentId, ...]


def export_minhashes(index: "Index") -> "Iterator[tuple[DocumentId, MinHash]]":
    """The id and the MinHash of each kept document that has a word, in order, as `dedup.sketch` makes them.

    For a `datasketch.LeanMinHash` give it the MinHash.
    """
    kernels = choose(0)
    for document, hashes in index.kept_tokens():
        if hashes.size:
            yield document, minhash_of(hashes, index.config, kernels)


def export_lsh(index: "Index") -> "MinHashLSH":
    """A `MinHashLSH` in memory of the kept documents that have a word, by id, cut into the bands of the configuration.

    Of several documents with one id (`same_id="new"`) the first is in it.
    """
    from datasketch import MinHashLSH

    config = index.config
    lsh = MinHashLSH(num_perm=config.num_perm, params=config.banding)
    for document, minhash in export_minhashes(index):
        if document not in lsh:
            lsh.insert(document, minhash, check_duplication=False)
    return lsh


def candidates(index: "Index", minhash: "MinHash") -> list[Candidate]:
    """The kept documents that share a band with a MinHash, most alike first, and in order where they are as alike.

    Raises SketchError where the MinHash does not fit the configuration, and ConfigError where the index does not look
    for `near` or has not the `permutations` of datasketch.
    """
    config = index.config
    if config.permutations != "datasketch":
        raise ConfigError(
            "the buckets of this index are those of other permutations than datasketch's, and no MinHash of its finds "
            "them: create an index with permutations 'datasketch' for it"
        )
    signature = signature_of(minhash, config)
    kernels = choose(0)
    bands, rows = config.banding
    keys = kernels.band_keys(signature.reshape(1, -1), bands, rows)[:, 0]
    found = [
        Candidate(document, float(np.mean(minhash_of(hashes, config, kernels).hashvalues == signature)))
        for document, hashes in index.tokens_in_buckets(keys)
    ]
    return sorted(found, key=lambda candidate: -candidate.estimate)


def admit_minhashes(index: "Index", sketched: "Iterable[tuple[Document, MinHash]]") -> list[Decision]:
    """Admit documents that come with a MinHash, or a LeanMinHash, each.

    Raises SketchError, before any is admitted, where one does not fit the configuration, or is not that of its text: it
    was made of other shingles, by another hash function, or of another text.
    """
    several = list(sketched)
    for (document, minhash), own in zip(several, _own_minhashes(index, [each for each, _ in several]), strict=True):
        if not np.array_equal(signature_of(minhash, index.config), own.hashvalues):
            raise _disagreement(document)
    return index.admit_batch([document for document, _ in several])


def admit_lsh(index: "Index", lsh: "MinHashLSH", documents: Iterable[Document]) -> Imported:
    """Admit those of some documents that are in a `MinHashLSH` in memory, under their ids, once it agrees with them.

    A `MinHashLSH` does not know the seed of its signatures: that it is the same is seen in the bands of each document.
    Raises SketchError, before any is admitted, where the scheme, the number of permutations or a signature differs, or
    its keys are pickles.
    """
    config = index.config
    if lsh.prepickle:
        raise SketchError("this MinHashLSH keeps its keys as pickles, which are not read here; give one in memory")
    if lsh.h != config.num_perm:
        raise SketchError(f"this MinHashLSH is of {lsh.h} permutations, the configuration of {config.num_perm}")
    several = list(documents)
    known = [document for document in several if document.id in lsh]
    for document, own in zip(known, _own_minhashes(index, known), strict=True):
        signature_of(_like(own, lsh), config)
        pieces = [bytes(own.hashvalues[start:end].byteswap().data) for start, end in lsh.hashranges]
        expected = pieces if lsh.hashfunc is None else [lsh.hashfunc(piece) for piece in pieces]
        if list(lsh.keys.get(document.id)) != expected:
            raise _disagreement(document)
    ids = {document.id for document in several}
    return Imported(
        tuple(index.admit_batch(known)),
        tuple(document.id for document in several if document.id not in lsh),
        tuple(key for key in lsh.keys.keys() if key not in ids),  # noqa: SIM118 - its own storage, not a mapping
    )


def _own_minhashes(index: "Index", documents: list[Document]) -> "Iterator[MinHash]":
    """The MinHash of the text of each document."""
    kernels = choose(0)
    for document in documents:
        tokens = hash_tokens(TextColumn.from_strings([document.text]), kernels)
        yield minhash_of(tokens.values, index.config, kernels)


def _like(minhash: "MinHash", lsh: "MinHashLSH") -> "MinHash":
    """A MinHash of the scheme of those in a `MinHashLSH`, to be checked."""
    from datasketch import LeanMinHash

    scheme = getattr(lsh, "_minhash_scheme", None) or minhash.scheme
    return LeanMinHash(seed=minhash.seed, hashvalues=minhash.hashvalues, scheme=scheme)


def _disagreement(document: Document) -> SketchError:
    return SketchError(
        f"the signature of {document.id!r} is not that of its text here: it was made of other shingles, with another "
        "seed or hash function, or of another text; admit the documents by themselves"
    )


# What both kinds of index tell of their documents.


def tokens_of(state: State, ranks: I64, kernels: Kernels) -> list[tuple[DocumentId, U64]]:
    """Ids and token hashes of documents in a state, in the order given."""
    ids = IdColumn(TextColumn.from_bytes(state.ids(ranks, kernels)))
    hashes: list[U64] = [_NO_TOKENS] * ranks.size
    for places, rows in stored_tokens(state, ranks, kernels):
        for row, place in enumerate(places.tolist()):
            hashes[place] = rows.values[rows.offsets[row] : rows.offsets[row + 1]]
    return [(ids[place], each) for place, each in enumerate(hashes)]


def kept_ranks(state: State) -> I64:
    """The ranks of the documents that are there and kept."""
    ranks = np.flatnonzero(state.ledger.alive)
    return ranks[state.ledger.kept(ranks)]


def ranks_in_buckets(state: State, keys: U32, kernels: Kernels) -> I64:
    """The ranks, ascending, of the kept documents in the buckets of these keys, one a band: the first of each."""
    hits, _ = state.find(np.arange(keys.size, dtype=np.uint8), keys, kernels)
    ranks = np.unique(hits & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return ranks[state.ledger.kept(ranks)]


def check_buckets(state: State) -> None:
    """Raise ConfigError where an index has no buckets."""
    if not state.numbers.bands:
        raise ConfigError(
            "candidates are found by the buckets of 'near', which is not among the relations of this index"
        )


_NO_TOKENS: U64 = np.zeros(0, dtype=np.uint64)
