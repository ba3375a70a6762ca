"""Textbook implementations in plain Python, or by a well-known library, to compare the package with.

They work on Python strings, lists and sets, and are written for clearness alone.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise, takewhile
from typing import NamedTuple, cast

import numpy as np

from dedup.kernels import U32

Pair = tuple[int, int]
Rows = Sequence[Sequence[int]]

_64_BITS = 2**64 - 1


# Characters and tokens


class Token(NamedTuple):
    """A token: its folded form, and its place in the text as characters, half-open."""

    folded: str
    start: int
    end: int


def is_settled(character: str) -> bool:
    """Whether the character is of Unicode 3.2, and so means the same in every Python of today."""
    return unicodedata.ucd_3_2_0.category(character) not in ("Cn", "Cs")


def is_word(character: str) -> bool:
    """Whether the character belongs to words: a letter, mark, digit or underscore."""
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def is_ignorable(character: str) -> bool:
    """Whether the character leaves no trace: soft hyphens, invisible controls and variation selectors."""
    name = unicodedata.name(character, "")
    return (
        character in "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\ufeff"
        or "\u202a" <= character <= "\u202e"
        or "\u2060" <= character <= "\u206f"
        or "\U000e0000" <= character <= "\U000e0fff"
        or "VARIATION SELECTOR" in name
    )


_UNSPACED_NAMES = (
    *("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO", "HANGZHOU"),
    *(
        "COMBINING KATAKANA",
        "VERTICAL KANA",
        "VERTICAL IDEOGRAPHIC",
        "MASU MARK",
        "YI SYLLABLE",
        "TANGUT",
        "NUSHU",
        "KHITAN",
        "HENTAIGANA",
    ),
    *("THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "TAI ", "NEW TAI"),
)


def is_unspaced(character: str) -> bool:
    """Whether the character is of a script that is written without spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED_NAMES) or character in "々〆〇"


def fold(character: str) -> str:
    """What a word character adds to its token: case-folded, decomposed by compatibility, at most eight bytes."""
    if unicodedata.name(character, "").startswith("HANGUL SYLLABLE"):
        return character
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    letters = "".join(each for each in folded if is_word(each)) or character.lower()
    return letters if len(letters.encode()) <= 8 else character.lower()


def tokenise(text: str) -> list[Token]:
    """The tokens of a text."""
    tokens: list[Token] = []
    word, start, end = "", 0, 0
    for place, character in enumerate([*text, " "]):
        if is_ignorable(character):
            continue
        ends_word = not is_word(character) or is_unspaced(character)
        if ends_word and word:
            tokens.append(Token(word, start, end))
            word = ""
        if is_word(character) and is_unspaced(character):
            tokens.append(Token(fold(character), place, place + 1))
        elif is_word(character):
            start = start if word else place
            word += fold(character)
            end = place + 1
    return tokens


def hash_token(folded: str) -> int:
    """The 64-bit hash of a token, as `dedup.kernels.hashing` defines it."""
    encoded = folded.encode()
    value = 0
    for place in range(0, len(encoded), 8):
        mixed = (int.from_bytes(encoded[place : place + 8], "little") ^ 0x243F6A8885A308D3) * 0x9E3779B97F4A7C15
        mixed &= _64_BITS
        value = (value * 0xBF58476D1CE4E5B9 + (mixed ^ (mixed >> 32))) & _64_BITS
    finished = ((value ^ len(encoded)) * 0xD6E8FEB86659FD93) & _64_BITS
    return finished ^ (finished >> 29)


def byte_places(text: str) -> list[int]:
    """Where each character begins in the text's UTF-8, and where the last one ends."""
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode("utf-8", "surrogatepass")))
    return places


# Paragraphs

WHITE = frozenset(
    map(
        chr,
        [
            *range(0x21),
            *range(0x7F, 0xA1),
            0x1680,
            *range(0x2000, 0x2010),
            *range(0x2028, 0x2030),
            0x205F,
            0x3000,
            0xFEFF,
        ],
    )
)


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def paragraphs(text: str) -> list[Pair]:
    """Start and end, as characters, of each paragraph: lines that are not blank, wrapped blocks of lines as one."""
    found: list[Pair] = []
    block: list[_Line] = []
    position = 0
    for raw in [*text.split("\n"), ""]:
        solid = [place for place, character in enumerate(raw) if character not in WHITE]
        if solid:
            start, end = position + solid[0], position + solid[-1] + 1
            block.append(_Line(start, end, text[start:end]))
        elif block:
            found += [(block[0].start, block[-1].end)] if _is_wrapped(block) else [(each[0], each[1]) for each in block]
            block = []
        position += len(raw) + 1
    return found


def _is_wrapped(block: Sequence[_Line]) -> bool:
    widest = max(len(line.text) for line in block)
    if len(block) < 3 or not 40 <= widest <= 120 or len(block[-1].text) == widest:
        return False
    if len({line.text for line in block}) < len(block):
        return False
    for line, following in pairwise(block):
        first_word = "".join(takewhile(lambda character: character not in WHITE, following.text))
        if len(line.text) + 1 + len(first_word) <= widest:
            return False
    return 2 * sum(_begins_lower(line.text) for line in block[1:]) >= len(block) - 1


def _begins_lower(text: str) -> bool:
    alphabets = (("a", "z"), ("ß", "ÿ"), ("ά", "ώ"), ("а", "џ"))
    return any(first <= text[0] <= last for first, last in alphabets)


# Shingles, resemblance, cosine, signatures


def shingles(tokens: Sequence[int], size: int) -> set[tuple[int, ...]]:
    """The set of runs of `size` tokens; of fewer tokens, but one or more, the run of them all."""
    runs = {tuple(tokens[place : place + size]) for place in range(len(tokens) - size + 1)}
    return runs or ({tuple(tokens)} if tokens else set())


def resemblance(left: set[tuple[int, ...]], right: set[tuple[int, ...]]) -> float:
    """Jaccard similarity; 0 of two empty sets."""
    return len(left & right) / len(left | right) if left | right else 0.0


def containment(part: set[tuple[int, ...]], whole: set[tuple[int, ...]]) -> float:
    """The share of a set that lies in another; 0 of an empty set."""
    return len(part & whole) / len(part) if part else 0.0


def cosines(rows: Rows, background: Rows) -> list[list[float]]:
    """TF-IDF cosines of all pairs of rows of terms, by scikit-learn, fitted on the background's rows."""
    from sklearn.feature_extraction.text import TfidfTransformer

    terms = sorted({term for row in [*rows, *background] for term in row})
    if not terms:
        return [[0.0] * len(rows) for _ in rows]

    def counted(several: Rows) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        table = np.zeros((len(several), len(terms)))
        for place, row in enumerate(several):
            for term, count in Counter(row).items():
                table[place, terms.index(term)] = count
        return table

    vectors = TfidfTransformer().fit(counted(background)).transform(counted(rows)).toarray()
    return cast("list[list[float]]", (vectors @ vectors.T).tolist())


def signature(hashes: Iterable[int], num_perm: int, seed: int) -> U32:
    """datasketch's signature of a set of 32-bit hashes, in its scheme `affine32`."""
    from datasketch import MinHash

    minhash = MinHash(num_perm=num_perm, seed=seed, hashfunc=int, scheme="affine32")
    minhash.update_batch(list(hashes))
    return np.asarray(minhash.hashvalues, dtype=np.uint32)


# Candidates


class Proposed(NamedTuple):
    """Candidate pairs, and the number of groups that a cap cut."""

    pairs: set[Pair]
    capped: int


def near_candidates(keys: Sequence[Sequence[int]], ranks: Sequence[int], cap: int, links: int) -> Proposed:
    """Pairs that share a bucket, each member over the cap with the first `links` alone; `keys` has a row a band."""
    pairs: set[Pair] = set()
    capped = 0
    for band in keys:
        buckets: dict[int, list[int]] = defaultdict(list)
        for rank, key in sorted(zip(ranks, band, strict=True)):
            earlier = buckets[key]
            pairs.update((left, rank) for left in (earlier if len(earlier) < cap else earlier[:links]))
            earlier.append(rank)
        capped += sum(len(bucket) > cap for bucket in buckets.values())
    return Proposed(pairs, capped)


def sample_level(sample: Iterable[int], least: int) -> tuple[int, int]:
    """The highest level at which a sample has `least` values or more, else 0, and how many it has there.

    A value is at level l where its l lowest bits, of 32, are zero.
    """
    values = set(sample)
    at_level = {level: sum(value % 2**level == 0 for value in values) for level in range(33)}
    level = max((level for level, count in at_level.items() if count >= least), default=0)
    return level, at_level[level]


def containment_candidates(samples: Sequence[set[int]], ranks: Sequence[int], cap: int, least: int) -> Proposed:
    """Pairs that share three fifths of the smaller sample, by values of which each proposes its first `cap` units.

    Samples are compared at the lower of their levels (see `sample_level`); the smaller is that of the lower level, or
    of the fewer values there.
    """
    held = dict(zip(ranks, samples, strict=True))
    holders: dict[int, list[int]] = defaultdict(list)
    proposed: dict[Pair, set[int]] = defaultdict(set)
    for rank in sorted(ranks):
        for value in held[rank]:
            for left in holders[value][:cap]:
                proposed[left, rank].add(value)
            holders[value].append(rank)
    pairs = set()
    for (left, right), common in proposed.items():
        level, size = min(sample_level(held[side], least) for side in (left, right))
        shared = sum(value % 2**level == 0 for value in common)
        if shared and 5 * shared >= 3 * size:
            pairs.add((left, right))
    levels = {rank: sample_level(sample, least)[0] for rank, sample in held.items()}
    # One by which nobody is looked for has nothing to be cut.
    looked_for = {value for value, each in holders.items() if any(value % 2 ** levels[rank] == 0 for rank in each)}
    return Proposed(pairs, sum(len(each) > cap + 1 for value, each in holders.items() if value in looked_for))


# Clusters


def anchored_clusters(pairs: Iterable[Pair], count: int) -> list[int]:
    """Each document's first kept partner before it, or -1 where it is kept itself."""
    matched = set(pairs)
    representatives: list[int] = []
    for later in range(count):
        kept = [earlier for earlier in range(later) if representatives[earlier] < 0 and (earlier, later) in matched]
        representatives.append(kept[0] if kept else -1)
    return representatives


# Passages


class Segment(NamedTuple):
    """What chaining knows of a segment."""

    document: int
    digest: int
    short: bool
    barrier: bool


class Run(NamedTuple):
    """A passage: first and last segment on each side, inclusive, and the pairs it was made of."""

    left: Pair
    right: Pair
    pairs: tuple[Pair, ...]


def chain(pairs: Iterable[Pair], segments: Sequence[Segment], gap: int) -> set[Run]:
    """Maximal runs of pairs along a diagonal, taken greedily from the front, one segment at a time."""
    lines: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for left, right in sorted(pairs):
        lines[segments[left].document, segments[right].document, right - left].append(left)
    found = set()
    for (left_document, right_document, diagonal), lefts in lines.items():
        together = left_document == right_document
        for members in _split_line(lefts, segments, diagonal, gap, together=together):
            found.add(_lengthened(members, segments, diagonal, gap, together=together))
    return found


def _split_line(
    lefts: Sequence[int], segments: Sequence[Segment], diagonal: int, gap: int, *, together: bool
) -> list[list[int]]:
    runs = [[lefts[0]]]
    for before, left in pairwise(lefts):
        between = range(before + 1, left)
        bridged = len(between) <= gap and all(_equal(segments, place, place + diagonal) for place in between)
        apart = not together or left < runs[-1][0] + diagonal
        if bridged and apart:
            runs[-1].append(left)
        else:
            runs.append([left])
    return runs


def _lengthened(members: list[int], segments: Sequence[Segment], diagonal: int, most: int, *, together: bool) -> Run:
    first, last = members[0], members[-1]
    for _ in range(most):
        if _extends(segments, first, -1, diagonal) and not (together and first - 1 + diagonal <= last):
            first -= 1
    for _ in range(most):
        if _extends(segments, last, +1, diagonal) and not (together and last + 1 >= first + diagonal):
            last += 1
    pairs = tuple((left, left + diagonal) for left in members)
    return Run((first, last), (first + diagonal, last + diagonal), pairs)


def _extends(segments: Sequence[Segment], left: int, step: int, diagonal: int) -> bool:
    one, two = left + step, left + diagonal + step
    return (
        one >= 0
        and two < len(segments)
        and segments[one].document == segments[left].document
        and segments[two].document == segments[left + diagonal].document
        and segments[one].short
        and _equal(segments, one, two)
    )


def _equal(segments: Sequence[Segment], one: int, two: int) -> bool:
    barred = segments[one].barrier or segments[two].barrier
    return segments[one].digest == segments[two].digest and not barred


# Boilerplate


def common_beginning(texts: Sequence[str]) -> str:
    """The longest prefix that all texts have, without white space around it."""
    lengths = (length for length in range(len(texts[0]), -1, -1))
    return next(
        texts[0][:length] for length in lengths if all(each.startswith(texts[0][:length]) for each in texts)
    ).strip()


def all_pairs(members: Iterable[int]) -> set[Pair]:
    """Every pair of distinct members, the smaller first."""
    return set(combinations(sorted(set(members)), 2))
