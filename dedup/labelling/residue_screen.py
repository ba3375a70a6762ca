"""The table by which the kernels screen lines for the grammar of prompt residue, before any expression is tried.

What an expression can begin with tells nearly every line that its tokens let pass from one that it matches. How a
character is folded for that is shipped, as is what the grammar's expressions begin with; `python -m
dedup.labelling.residue_screen` writes both anew, which a change of the grammar asks for (a test says so; without it the
beginnings are read when they are needed, in half a second).
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.screening import (
    ITSELF,
    LEAST_BYTES,
    NOTHING,
    UNKNOWN,
    UNTELLABLE,
    ScreenTable,
    beginnings_table,
)
from dedup.labelling.residue_beginnings import FILE, LENGTH, beginnings, key_of, read_beginnings, read_sought
from dedup.labelling.residue_grammar import LITERAL_KINDS, shipped_grammar
from dedup.labelling.residue_sieve import Sieve, leads, shipped_sieve
from dedup.labelling.residue_window import HEAD_CHARACTERS, IGNORABLE, TAIL_CHARACTERS, straighten

ANYWHERE_LENGTH = 14
"""Characters of the longest beginning that is looked for elsewhere than at the first word."""

FOLDING_FILE = "residue_folding.npz"

_SPACE = 0x20
_N_CODEPOINTS = 0x110000
_PAGE = 256
_READ = re.compile("[ -~À-ÖØ-öø-ÿЀ-џ一-鿿【】]")
_READ_IN_ANY_CASE = re.compile("[ -~À-ÖØ-öø-ÿЀ-џ一-鿿【】]", re.IGNORECASE)
_NOT_READ = re.compile("[`×÷]")
"""Characters that `folded` leaves as they are and folding here does not."""


@cache
def shipped_screen() -> ScreenTable:
    """The table of the grammar that comes with the package."""
    with resources.files(__package__).joinpath(FOLDING_FILE).open("rb") as file, np.load(file) as arrays:
        return screen_table(shipped_sieve(), arrays["page_index"], arrays["pages"])


def screen_table(sieve: Sieve, page_index: NDArray[np.uint16], pages: NDArray[np.uint32]) -> ScreenTable:
    """The table of a sieve's groups; the pages are those of `folding`."""
    anywhere: list[tuple[bytes, int]] = []
    leading: list[tuple[bytes, int]] = []
    free = blanked = literal = 0
    for rule, bit in zip(sieve.grammar.rules, sieve.bits, strict=True):
        if not bit:
            continue
        at_first_word = leads(rule)
        if rule.kind in LITERAL_KINDS:
            literal |= bit
        else:
            blanked |= bit
        for beginning in beginnings(rule.expression, LENGTH if at_first_word else ANYWHERE_LENGTH):
            sought = _as_folded(beginning)
            if len(sought) < (1 if at_first_word else LEAST_BYTES):
                free |= bit
            elif at_first_word:
                leading.append((sought, bit))
            else:
                anywhere.append((sought, bit))
    all_anywhere = _union(bit for _, bit in anywhere)
    all_leading = _union(bit for _, bit in leading)
    # Where something may stand before the first word, that word may be any.
    leading.extend((_as_folded(each), all_leading) for each in beginnings(sieve.grammar.lead))
    return ScreenTable(
        *beginnings_table(anywhere, leading),
        free=np.uint64(free),
        blanked=np.uint64(blanked),
        literal=np.uint64(literal),
        all_anywhere=np.uint64(all_anywhere),
        all_leading=np.uint64(all_leading),
        page_index=page_index,
        pages=pages.reshape(-1),
        head=HEAD_CHARACTERS,
        tail=TAIL_CHARACTERS,
    )


def _union(bits: Iterator[int]) -> int:
    union = 0
    for each in bits:
        union |= each
    return union


def _as_folded(beginning: str) -> bytes:
    """A beginning as far as a folded line may hold it; `SIGN` is there what is `UNKNOWN`."""
    if "  " in beginning or _NOT_READ.search(beginning):
        beginning = re.sub(" +", " ", _NOT_READ.split(beginning)[0])
    return beginning.encode()


def folding_entry(code: int) -> int:
    """What a code point gives, as in `ScreenTable`: the same for all that an expression cannot tell apart."""
    character = chr(code)
    if 0xD800 <= code < 0xE000:
        return UNKNOWN
    if IGNORABLE.fullmatch(character):
        return NOTHING
    # In a window of ASCII alone nothing is straightened, not even the accent that stands for a quotation mark.
    straight = "'" if character == "`" else straighten(character)
    if straight.isspace():
        return _SPACE
    if not _READ.fullmatch(straight):
        return UNTELLABLE if _READ_IN_ANY_CASE.fullmatch(straight) else UNKNOWN
    lowered = straight.lower()
    return ITSELF if lowered == character and code > 0x7F else int.from_bytes(lowered.encode(), "little")


def folding() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """The page of each 256 code points, and the pages, by the `unicodedata` of the running Python."""
    entries = np.fromiter(map(folding_entry, range(_N_CODEPOINTS)), dtype=np.uint32, count=_N_CODEPOINTS)
    pages, index = np.unique(entries.reshape(-1, _PAGE), axis=0, return_inverse=True)
    return index.reshape(-1).astype(np.uint16), pages


def beginnings_to_ship() -> dict[str, list[str] | None]:
    """All that is asked of the shipped grammar's expressions, by `key_of` them."""
    grammar = shipped_grammar()
    wanted = [(grammar.lead, LENGTH)]
    shipped: dict[str, list[str] | None] = {}
    for rule in grammar.rules:
        wanted.append((rule.expression, LENGTH if leads(rule) else ANYWHERE_LENGTH))
        if not leads(rule):
            shipped[key_of(rule.expression, 0)] = read_sought(rule.expression)
    shipped.update({key_of(*each): sorted(read_beginnings(*each)) for each in wanted})
    return dict(sorted(shipped.items()))


def write(folder: str) -> None:
    """Write both files, as those that are shipped."""
    with open(f"{folder}/{FILE}", "w", encoding="utf-8") as file:
        json.dump(beginnings_to_ship(), file, ensure_ascii=False, indent=0)
        file.write("\n")
    page_index, pages = folding()
    np.savez_compressed(f"{folder}/{FOLDING_FILE}", page_index=page_index, pages=pages)


if __name__ == "__main__":
    write(str(resources.files("dedup.labelling")))
