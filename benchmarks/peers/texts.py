"""What the programs share: the arguments, the texts, the shingles and the pairs."""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, islice
from pathlib import Path
from typing import TypeVar

import orjson

SIZE = 5
THRESHOLD = 0.7
PERMUTATIONS = 128
CHUNK = 512
"""Texts whose shingles are held at once: more cost memory and gain no time."""

Item = TypeVar("Item")
Words = Callable[[str], list[str]]


class _Spaces(dict[int, int]):
    r"""A table for `str.translate` that makes everything a space which `\w` does not match."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        self[code] = code if character.isalnum() or character == "_" else ord(" ")
        return self[code]


_find = re.compile(r"\w+").findall
_spaces = _Spaces()


def find_words(text: str) -> list[str]:
    """The words of a text as the documentation of these tools takes them."""
    return _find(text.lower())


def split_words(text: str) -> list[str]:
    """The same, faster."""
    return text.lower().translate(_spaces).split()


def shingles(words: list[str]) -> list[str]:
    """Runs of five words, or all of them in one where there are fewer."""
    if len(words) < SIZE:
        return [" ".join(words)] if words else []
    return list(map(" ".join, zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)))


def byte_shingles(words: list[str]) -> list[bytes]:
    """The same in UTF-8, for tools that hash bytes. The words are encoded together, which is faster than each run."""
    encoded = " ".join(words).encode("utf-8", "surrogatepass").split(b" ")
    if len(words) < SIZE:
        return [b" ".join(encoded)] if words else []
    return list(map(b" ".join, zip(encoded, encoded[1:], encoded[2:], encoded[3:], encoded[4:], strict=False)))


class Arguments(argparse.Namespace):
    """The command line of a peer."""

    source: Path
    output: Path
    tokens: str

    @property
    def words(self) -> Words:
        """How to take the words of a text."""
        return split_words if self.tokens == "split" else find_words


def parse_arguments(said: str | None) -> Arguments:
    """Read the command line; `said` is the description of the program."""
    parser = argparse.ArgumentParser(description=said, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="IN.jsonl", help="records with id (an integer) and text")
    parser.add_argument("output", type=Path, metavar="OUT.txt", help="where to write the pairs")
    parser.add_argument("--tokens", choices=("findall", "split"), default="findall", help="how to take the words")
    return parser.parse_args(namespace=Arguments())


def read_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Ids and texts."""
    with path.open("rb") as file:
        for line in file:
            record = orjson.loads(line)
            yield record["id"], record["text"]


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Lists of so many items."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def pairs_of_groups(groups: Iterable[Iterable[int]]) -> set[tuple[int, int]]:
    """Any two of a group, once."""
    found: set[tuple[int, int]] = set()
    for group in groups:
        found.update(combinations(sorted(group), 2))
    return found


def write_pairs(path: Path, pairs: Iterable[tuple[int, int]]) -> None:
    """One pair a line."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{one} {other}\n" for one, other in pairs)
