"""Passages lifted into unrelated documents and reworded: recall by set, kind and length, offsets, and false findings.

    python -m benchmarks.quality.lifted --data PATH [--documents 20000] [--show 20]

PATH is a folder with `rewrites` and `reviews-and-news` (see `benchmarks.quality.rewrite_pools`). Of each set of
rewrites a source is planted as a paragraph into one document by people and its rewrite into another one; or, of a
longer rewrite, a run of three to five of its sentences. A plant counts as found where `dedup scan` reports a rewrite
that overlaps both spans. What is reported of the same documents without plants are findings in texts by people: copies
with errors that the corpus holds, quotations and reports from one source among them, which `--show` prints to be read.

Baselines: paragraphs whose shingles have a resemblance of .5, the most that MinHash at .5 can find; and paragraphs by
TF-IDF cosine, at the threshold at which as many pairs of paragraphs of different documents, not labelled as copies,
are over it.
"""

import argparse
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.quality.rewrite_pools import SETS, Families, read_background, read_set
from dedup import Config, Document, Match, Relation, Span, scan
from dedup.evaluating.intervals import wilson
from dedup.kernels import F64

_HOST_WORDS = 120
_LENGTHS = (0, 30, 60, 120)
_LEAST_WORDS = 12
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])")
_ROWS_AT_ONCE = 512
_LEAST_COSINE = 0.3

Place = tuple[int, int, int]
"""Document, first character and one after the last."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A passage in one document and its rewording in another, of so many words."""

    name: str
    kind: str
    source: Place
    rewording: Place
    words: int

    @property
    def documents(self) -> frozenset[int]:
        """Both documents."""
        return frozenset((self.source[0], self.rewording[0]))


def plant(data: Path, texts: list[str], seed: int) -> list[Plant]:
    """Plant passages and rewordings into some of the texts, in place."""
    generator = random.Random(seed)
    hosts = [place for place, text in enumerate(texts) if len(text.split()) >= _HOST_WORDS]
    generator.shuffle(hosts)
    wanted = list(_passages(data, generator))
    generator.shuffle(wanted)
    plants = []
    for (name, kind, source, rewording), one, other in zip(wanted, hosts[::2], hosts[1::2], strict=False):
        from_there, to_there = (
            _insert(texts, host, passage, generator) for host, passage in ((one, source), (other, rewording))
        )
        words = min(len(source.split()), len(rewording.split()))
        plants.append(Plant(name, kind, from_there, to_there, words))
    return plants


def _passages(data: Path, generator: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Set, kind, source and rewording, each on one line."""
    for name in SETS:
        for source, rewrites in read_set(data, name).items():
            one, other = (" ".join(each.split()) for each in (source, generator.choice(sorted(set(rewrites)))))
            sentences = _SENTENCE.split(other)
            kind = "paragraph"
            if len(sentences) >= 6 and generator.random() < 0.5:
                size = generator.randint(3, 5)
                first = generator.randrange(len(sentences) - size + 1)
                kind, other = "run", " ".join(sentences[first : first + size])
            if min(len(one.split()), len(other.split())) >= _LEAST_WORDS:
                yield name, kind, one, other


def _insert(texts: list[str], host: int, passage: str, generator: random.Random) -> Place:
    lines = texts[host].split("\n")
    at = generator.randrange(len(lines) + 1)
    start = sum(len(line) + 1 for line in lines[:at])
    texts[host] = "\n".join([*lines[:at], passage, *lines[at:]])
    return host, start, start + len(passage)


def rewrites_between(texts: Sequence[str], console: Console) -> list[Match]:
    """The rewrites of a scan that lie in two documents."""
    begin = time.process_time()
    report = scan((Document(place, text) for place, text in enumerate(texts)), Config())
    console.print(f"{len(texts):,} documents scanned in {time.process_time() - begin:.1f} s of the processor's time")
    return [
        match
        for match in report.matches
        if match.relation is Relation.REWRITE and match.right and match.left.document != match.right.document
    ]


def is_passage(match: Match) -> bool:
    """Whether a rewrite is one of passages: that of whole documents has no likelihoods."""
    return match.evidence.log_likelihood is not None


def overlap(span: Span, place: Place) -> float:
    """The characters in common as a share of those of either: 0 in different documents."""
    common = min(span.end, place[2]) - max(span.start, place[1])
    if span.document != place[0] or common <= 0:
        return 0.0
    return common / (max(span.end, place[2]) - min(span.start, place[1]))


def sides_of(match: Match, one: Plant) -> tuple[float, float]:
    """How the sides of a match overlap the source and the rewording of a plant."""
    assert match.right is not None
    left, right = match.left, match.right
    if left.document != one.source[0]:
        left, right = right, left
    return overlap(left, one.source), overlap(right, one.rewording)


def share(part: int, whole: int) -> str:
    """A share with its interval of 95 %."""
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f}–{high:.3f})"


def report_recall(
    plants: Sequence[Plant], matches: Sequence[Match], over: dict[str, list[bool]], console: Console
) -> None:
    """One row a set, kind and length."""
    by_documents: dict[frozenset[object], list[Match]] = defaultdict(list)
    for match in matches:
        if match.right is not None:
            by_documents[frozenset((match.left.document, match.right.document))].append(match)
    table = Table(
        "set", "kind", "words", "plants", "found", "of them as documents", "overlap source / rewording", *over
    )
    groups: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for number, one in enumerate(plants):
        length = max(least for least in _LENGTHS if one.words >= least)
        for key in ((one.name, one.kind, length), (one.name, "all", -1), ("all", "all", -1)):
            groups[key].append(number)
    for (name, kind, length), numbers in sorted(groups.items()):
        found = whole = 0
        overlaps: list[tuple[float, float]] = []
        for number in numbers:
            of_pair = by_documents[plants[number].documents]
            hits = [sides for match in of_pair if is_passage(match) and min(sides := sides_of(match, plants[number]))]
            overlaps += sorted(hits, key=min)[-1:]
            whole += not hits and any(not is_passage(match) for match in of_pair)
            found += bool(hits) or any(not is_passage(match) for match in of_pair)
        middle = np.mean(np.array(overlaps).reshape(-1, 2), axis=0) if overlaps else np.full(2, np.nan)
        table.add_row(
            name, kind, "all" if length < 0 else f"≥ {length}", str(len(numbers)), share(found, len(numbers)),
            str(whole), f"{middle[0]:.2f} / {middle[1]:.2f}",
            *(share(sum(hits[number] for number in numbers), len(numbers)) for hits in over.values()),
        )  # fmt: skip
    console.print(table)


def shingles(text: str) -> set[tuple[str, ...]]:
    """The word 5-grams of a text."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 5]) for at in range(max(len(words) - 4, 1))}


def resembling(plants: Sequence[Plant], texts: Sequence[str]) -> list[bool]:
    """Whether the shingles of a passage and its rewording have a resemblance of .5."""
    found = []
    for one in plants:
        left, right = (shingles(texts[at][start:end]) for at, start, end in (one.source, one.rewording))
        found.append(len(left & right) >= 0.5 * len(left | right))
    return found


def cosines_between(
    texts: Sequence[str], families: Sequence[object], plants: Sequence[Plant], planted: Sequence[str]
) -> tuple[F64, F64]:
    """Cosines over `_LEAST_COSINE` of paragraphs of different families, and those of passages and rewordings."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    paragraphs = [(at, line) for at, text in enumerate(texts) for line in text.split("\n")]
    paragraphs = [(at, line) for at, line in paragraphs if len(line.split()) >= _LEAST_WORDS]
    numbers = {family: number for number, family in enumerate(dict.fromkeys(families))}
    owners = np.array([numbers[families[at]] for at, _ in paragraphs])
    vectorizer = TfidfVectorizer(
        token_pattern=r"\w+",  # noqa: S106 - an expression
        sublinear_tf=True,
        max_df=0.1,
    )
    weights = vectorizer.fit_transform([line for _, line in paragraphs])
    found = [np.zeros(0)]
    for first in range(0, weights.shape[0], _ROWS_AT_ONCE):
        product = (weights[first : first + _ROWS_AT_ONCE] @ weights.T).tocoo()
        rows = product.row + first
        chosen = (product.col < rows) & (owners[product.col] != owners[rows]) & (product.data >= _LEAST_COSINE)
        found.append(product.data[chosen])
    sides = [[planted[at][start:end] for at, start, end in column] for column in (
        [one.source for one in plants], [one.rewording for one in plants],
    )]  # fmt: skip
    one, other = (vectorizer.transform(side) for side in sides)
    return np.concatenate(found), np.asarray(one.multiply(other).sum(axis=1)).reshape(-1)


def show(matches: Sequence[Match], texts: Sequence[str], count: int, console: Console) -> None:
    """Print some findings."""
    for match in random.Random(1).sample(list(matches), min(count, len(matches))):
        console.print(f"{match.score:.2f}, resemblance {match.resemblance:.2f}, {', '.join(match.evidence.anchors)}")
        for span in (match.left, match.right):
            if span is not None and isinstance(span.document, int):
                text = texts[span.document][span.start : span.end].replace("\n", " / ")
                console.print(f"    {span.document}: {text[:300]}", markup=False)


def _of_one_family(match: Match, places: Sequence[int], families: Families) -> bool:
    """Whether both documents are labelled as copies, with errors or in part, of each other or of a third one."""
    sides = [span.document for span in (match.left, match.right) if span is not None]
    return len({families.of(places[side]) for side in sides if isinstance(side, int)}) == 1


def main() -> int:
    """Run the evaluation and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    parser.add_argument("--documents", type=int, default=20_000, help="documents by people")
    parser.add_argument("--show", type=int, default=0, help="findings in texts by people to print")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not (arguments.data / "rewrites").is_dir() or not (arguments.data / "reviews-and-news").is_dir():
        print(f"{arguments.data} does not hold rewrites and reviews-and-news: nothing measured", file=sys.stderr)
        return 2
    console = Console(width=160)
    every, copies = read_background(arguments.data)
    chosen = random.Random(arguments.seed).sample(range(len(every)), min(arguments.documents, len(every)))
    texts = [every[place] for place in chosen]
    families = Families()
    for one, other in copies:
        families.join(one, other)
    people = rewrites_between(texts, console)
    passages = [match for match in people if is_passage(match) and not _of_one_family(match, chosen, families)]
    of_copies = sum(map(is_passage, people)) - len(passages)
    rate = 1000 * len(passages) / len(texts)
    console.print(
        f"without plants: {len(passages)} passages, {rate:.2f} in 1,000 documents, besides {of_copies} of documents "
        f"labelled as copies of each other and {len(people) - len(passages) - of_copies} pairs of whole documents"
    )
    show(passages, texts, arguments.show, console)
    planted = list(texts)
    plants = plant(arguments.data, planted, arguments.seed)
    of_texts = [families.of(place) for place in chosen]
    between, within = cosines_between(texts, of_texts, plants, planted)
    threshold = np.sort(between)[-len(passages) - 1] if between.size > len(passages) else _LEAST_COSINE
    over = {
        "resemblance ≥ .5": resembling(plants, planted),
        f"cosine ≥ {threshold:.2f}": (within >= threshold).tolist(),
    }
    report_recall(plants, rewrites_between(planted, console), over, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
