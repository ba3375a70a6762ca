"""Bytes a second of the compiled segmentation, by script and by layout; the number of segments is known beforehand."""

import random
import textwrap

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dedup.kernels import compiled
from dedup.model import TextColumn

TEXTS = 2000
ALPHABETS = {
    "ascii": "abcdefghijklmnopqrstuvwxyz",
    "accented": "abcdeéèàüößnrstlmîç",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "chinese": "".join(chr(0x4E00 + place) for place in range(1000)) + "，。\u3000",
}


def paragraphs(alphabet: str, seed: int) -> list[list[str]]:
    """The paragraphs of each text: one to eight of 40 to 600 characters, white space at no end."""
    generator = random.Random(seed)
    words = ["".join(generator.choices(alphabet.strip("\u3000"), k=generator.randint(2, 10))) for _ in range(3000)]
    return [
        [" ".join(generator.choices(words, k=generator.randint(6, 90))) for _ in range(generator.randint(1, 8))]
        for _ in range(TEXTS)
    ]


def measure(benchmark: BenchmarkFixture, documents: list[str], n_segments: int) -> None:
    """Time the segmentation of some texts, which have so many segments."""
    column = TextColumn.from_strings(documents)
    found = benchmark(compiled.segment, column.data, column.offsets)
    benchmark.extra_info["megabytes"] = column.data.size / 1e6
    assert found.starts.size == found.ends.size == found.offsets[-1] == n_segments
    assert found.offsets.size == len(documents) + 1


@pytest.mark.parametrize("script", ALPHABETS)
@pytest.mark.parametrize("ending", ["\n", "\n\n", " \r\n\r\n"])
def test_lines(benchmark: BenchmarkFixture, script: str, ending: str) -> None:
    """No line could be part of a wrapped block, or few."""
    drawn = paragraphs(ALPHABETS[script], 1)
    measure(benchmark, [ending.join(each) for each in drawn], sum(len(each) for each in drawn))


def wrap(paragraph: str) -> list[str]:
    """The lines of a paragraph wrapped at 72; the last one is shorter than another, as it would be in a book."""
    lines = textwrap.wrap(paragraph, 72)
    while len(lines) > 1 and len(lines[-1]) >= max(map(len, lines[:-1])):
        lines[-1] = lines[-1].rpartition(" ")[0]
    return lines


@pytest.mark.parametrize("script", ["ascii", "accented", "cyrillic"])
def test_wrapped(benchmark: BenchmarkFixture, script: str) -> None:
    """Each paragraph of three lines or more is to be joined: the careful path."""
    wrapped = [[wrap(each) for each in text] for text in paragraphs(ALPHABETS[script], 2)]
    expected = sum(1 if len(lines) >= 3 else len(lines) for text in wrapped for lines in text)
    measure(benchmark, ["\n\n".join("\n".join(lines) for lines in text) for text in wrapped], expected)


def test_short_lines(benchmark: BenchmarkFixture) -> None:
    """What there is for each line, of six bytes, outweighs all else."""
    measure(benchmark, ["ab cd\n" * 1000] * 1000, 1_000_000)
