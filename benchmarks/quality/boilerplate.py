"""Precision and recall of boilerplate by paragraph on news pages, and how much of the articles is left.

    python -m benchmarks.quality.boilerplate --data PATH

PATH is a folder with `article-extraction/pages.jsonl.gz` (`url`, `html`, `article_body`). Each page is turned into text
as `dedup` reads HTML; everything outside the article's body is boilerplate. A paragraph of three tokens or more belongs
to the body if half of its runs of three tokens stand there; a shorter one if its tokens do and it lies within the
stretch of the page that holds the article. All pages are one corpus, and the pages of one host a site.

Document frequency can tell only what stands on several pages, so that pages alone on their site are reported apart. The
baselines: the same line on another page of the corpus; a MinHash of another page of the site at .5 or more (words,
datasketch); lines of under ten tokens, which knows nothing of other pages. Intervals of 95 % resample sites.
"""

import argparse
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.spread import wide_console
from dedup.config import Config
from dedup.evaluating import bootstrap
from dedup.evaluating.intervals import divided
from dedup.kernels import F64, I64, U64, Bool, Ragged
from dedup.model import Document, Relation, TextColumn
from dedup.reading.html import html_to_text
from dedup.scanning import scan
from dedup.scanning.batch import to_batch
from dedup.scanning.corpus import Corpus, gather_corpus
from dedup.scanning.frames import find_frames
from dedup.scanning.labels import label_boilerplate
from dedup.scanning.progress import Silent
from dedup.scanning.sites import sites_of
from dedup.tokenising import hash_tokens

SHORT = 10
RUN = 3
CONFIG = Config(relations=(Relation.EXACT, Relation.NEAR, Relation.BOILERPLATE))


@dataclass(frozen=True, slots=True)
class Pages:
    """A corpus of pages with the truth of each paragraph: whether it is of the body, its tokens, and its site.

    `stories` says which pages a scan keeps, one of each family of near-duplicates.
    """

    corpus: Corpus
    tokens: Ragged
    body: Bool
    lengths: I64
    sites: U64
    stories: Bool


def read_pages(path: Path) -> list[tuple[Document, str]]:
    """Each page as a document whose id is its URL, with the article's body."""
    pages = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            text = html_to_text(row["html"].encode("utf-8", "surrogatepass"))
            pages.append((Document(row["url"], text), row["article_body"]))
    return pages


def label_pages(pages: Sequence[tuple[Document, str]]) -> Pages:
    """Segment the pages and say of each paragraph whether it is of the body."""
    corpus = gather_corpus([to_batch([document for document, _ in pages])], CONFIG, 1, Silent())
    paragraphs, owners = corpus.paragraphs, corpus.paragraph_documents
    tokens = hash_tokens(corpus.store.gather(paragraphs.starts, paragraphs.ends), corpus.kernels)
    bodies = hash_tokens(TextColumn.from_strings([body for _, body in pages]), corpus.kernels)
    truth = np.zeros(owners.size, dtype=np.bool_)
    for page in range(len(pages)):
        places = np.flatnonzero(owners == page)
        rows = [tokens.values[tokens.offsets[place] : tokens.offsets[place + 1]] for place in places.tolist()]
        truth[places] = body_paragraphs(rows, bodies.values[bodies.offsets[page] : bodies.offsets[page + 1]])
    decisions = scan([document for document, _ in pages], CONFIG).decisions
    stories = np.array([decision.keep for decision in decisions], dtype=np.bool_)
    return Pages(corpus, tokens, truth, np.diff(tokens.offsets), sites_of(corpus)[owners], stories)


def body_paragraphs(paragraphs: Sequence[U64], body: U64) -> Bool:
    """Which paragraphs of a page, given by their tokens' hashes, are of the body."""
    words, runs = set(body.tolist()), set(_runs(body))
    shares = np.zeros(len(paragraphs))
    for place, row in enumerate(paragraphs):
        if row.size >= RUN:
            mine = _runs(row)
            shares[place] = sum(run in runs for run in mine) / len(mine)
        elif row.size:
            shares[place] = float(all(word in words for word in row.tolist()))
    lengths = np.array([row.size for row in paragraphs])
    long = lengths >= RUN
    gain = np.where(long, np.where(shares >= 0.5, lengths, -lengths), -1)
    first, last = _best_stretch(gain.tolist())
    within = np.zeros(len(paragraphs), dtype=np.bool_)
    within[first:last] = True
    found: Bool = (shares >= 0.5) & (long | within)
    return found


def _runs(tokens: U64) -> list[tuple[int, ...]]:
    values = tokens.tolist()
    return [tuple(values[place : place + RUN]) for place in range(len(values) - RUN + 1)]


def _best_stretch(gains: Sequence[int]) -> tuple[int, int]:
    """The stretch with the greatest sum."""
    best, stretch, current, first = 0, (0, 0), 0, 0
    for place, gain in enumerate(gains):
        if current <= 0:
            current, first = 0, place
        current += gain
        if current > best:
            best, stretch = current, (first, place + 1)
    return stretch


def found_by_dedup(pages: Pages) -> tuple[Bool, Bool]:
    """The paragraphs that frame pages, and these with the lines repeated within a page."""
    corpus = pages.corpus
    frames = find_frames(corpus, pages.stories, CONFIG)
    every = np.ones(len(corpus.documents), dtype=np.bool_)
    framing = frames.framing(corpus, every)
    boilerplate = label_boilerplate(corpus, ~corpus.barrier, frames.repetitions, framing, CONFIG)
    return framing, framing | boilerplate.repeated


def same_line_elsewhere(pages: Pages) -> Bool:
    """Baseline: the same tokens on another page."""
    digests, owners = pages.corpus.paragraphs.digests, pages.corpus.paragraph_documents
    seen: dict[int, set[int]] = defaultdict(set)
    for digest, owner in zip(digests.tolist(), owners.tolist(), strict=True):
        seen[digest].add(owner)
    return np.array([len(seen[digest]) > 1 for digest in digests.tolist()], dtype=np.bool_)


def minhash_on_site(pages: Pages) -> Bool:
    """Baseline: a paragraph of another page of the site has a MinHash similarity of .5 or more, by datasketch."""
    from datasketch import MinHash, MinHashLSH

    owners = pages.corpus.paragraph_documents.tolist()
    several = _on_sites_of_several(pages)
    sketches: dict[int, MinHash] = {}
    index = MinHashLSH(threshold=0.5, num_perm=128)
    kept: dict[str, MinHash] = {}
    for place in np.flatnonzero(several & (pages.lengths > 0)).tolist():
        row = pages.tokens.values[pages.tokens.offsets[place] : pages.tokens.offsets[place + 1]]
        sketch = kept.setdefault(row.tobytes().hex(), MinHash(num_perm=128))
        if sketch.is_empty():
            sketch.update_batch([int(word).to_bytes(8, "little") for word in np.unique(row)])
        sketches[place] = sketch
        index.insert(place, sketch)
    found = np.zeros(len(owners), dtype=np.bool_)
    sites = pages.sites.tolist()
    for place, sketch in sketches.items():
        found[place] = any(
            owners[other] != owners[place] and sites[other] == sites[place] and sketch.jaccard(sketches[other]) >= 0.5
            for other in index.query(sketch)
        )
    return found


def _on_sites_of_several(pages: Pages) -> Bool:
    pairs = np.unique(np.stack([pages.sites, pages.corpus.paragraph_documents.astype(np.uint64)], axis=1), axis=0)
    sites, counts = np.unique(pairs[:, 0], return_counts=True)
    several: Bool = np.isin(pages.sites, sites[counts > 1])
    return several


def measures(sums: F64) -> F64:
    """Precision and recall by paragraph, precision and recall by token, and the share of body tokens left."""
    right, found, true, right_tokens, found_tokens, true_tokens, body_left, body = sums.T
    return np.stack(
        [
            divided(right, found),
            divided(right, true),
            divided(right_tokens, found_tokens),
            divided(right_tokens, true_tokens),
            divided(body_left, body),
        ]
    )


def measured(pages: Pages, flagged: Bool, chosen: Bool) -> list[str]:
    """The cells of a row: each measure with its interval."""
    # Paragraphs without a token, such as a row of dashes, are neither.
    counted = chosen & (pages.lengths > 0)
    _, groups = np.unique(pages.sites[counted], return_inverse=True)
    hit, frame, tokens = flagged[counted], ~pages.body[counted], pages.lengths[counted].astype(np.float64)
    columns = (
        hit & frame, hit, frame, tokens * (hit & frame), tokens * hit, tokens * frame, tokens * (~hit & ~frame),
        tokens * ~frame,
    )  # fmt: skip
    sums: F64 = np.stack([np.bincount(groups, weights=column) for column in columns], axis=1).astype(np.float64)
    values = measures(sums.sum(axis=0, keepdims=True))[:, 0]
    intervals = bootstrap(sums, measures, 2000, seed=1)
    return [_cell(float(value), interval) for value, interval in zip(values, intervals, strict=True)]


def _cell(value: float, interval: tuple[float, float] | None) -> str:
    if value != value:
        return "–"
    bounds = "" if interval is None else f" [{interval[0]:.4f}, {interval[1]:.4f}]"
    return f"{value:.4f}{bounds}"


def main() -> int:
    """Run the evaluation and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the labelled corpora")
    arguments = parser.parse_args()
    path = arguments.data / "article-extraction" / "pages.jsonl.gz"
    if not path.exists():
        print(f"There is no {path}: give the folder that holds article-extraction with --data.", file=sys.stderr)
        return 2

    console = wide_console()
    pages = label_pages(read_pages(path))
    several = _on_sites_of_several(pages)
    owners = pages.corpus.paragraph_documents
    framing, with_repeated = found_by_dedup(pages)
    finders = {
        "dedup: frames": framing,
        "dedup: frames, lines repeated in a page": with_repeated,
        "same line on another page": same_line_elsewhere(pages),
        "MinHash of another page of the site at .5": minhash_on_site(pages),
        f"lines of under {SHORT} tokens": pages.lengths < SHORT,
    }
    parts = {
        "sites of several pages": several,
        "pages alone on their site": ~several,
        "all": np.ones_like(several),
    }
    for name, chosen in parts.items():
        counted = chosen & (pages.lengths > 0)
        table = Table(
            "finder", "precision", "recall", "precision by token", "recall by token", "body text left",
            title=f"{name}: {np.unique(owners[chosen]).size} pages of {np.unique(pages.sites[chosen]).size} sites, "
            f"{np.count_nonzero(counted & ~pages.body):,} paragraphs of boilerplate and "
            f"{np.count_nonzero(counted & pages.body):,} of body",
        )  # fmt: skip
        for finder, flagged in finders.items():
            table.add_row(finder, *measured(pages, flagged, chosen))
        console.print(table)
    lost = np.flatnonzero(framing & pages.body & (pages.lengths > 0))
    lost = lost[np.argsort(-pages.lengths[lost], kind="stable")]
    console.print("The longest paragraphs of bodies called frames:")
    for place in lost[:10].tolist():
        start, end = int(pages.corpus.paragraphs.starts[place]), int(pages.corpus.paragraphs.ends[place])
        console.print(f"  {pages.lengths[place]} tokens: {pages.corpus.store.text(start, end)[:100]!r}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
