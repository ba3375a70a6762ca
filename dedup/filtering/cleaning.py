"""Cleaning many texts: only those that may have something to cut are looked at one by one."""

import json
from dataclasses import replace

import numpy as np

from dedup.config import Config
from dedup.filtering.verdicts import REASONS, Verdicts
from dedup.kernels import Bool, choose
from dedup.model import Level, Relation, Span, TextColumn
from dedup.scanning import clean
from dedup.scanning.cleaning import without_lines
from dedup.scanning.sketching import sketch_batch


def cleaned_texts(texts: TextColumn, verdicts: Verdicts, config: Config) -> dict[int, str]:
    """The texts that are not to stay as they are, by their place: as `dedup.clean` leaves them.

    Where the verdicts tell passages, what stands in an earlier record is cut as well, and of a copy everything is.
    """
    if not len(texts):
        return {}
    suspicious = _suspicious(texts, config)
    passages = verdicts.passages or {}
    suspicious[list(passages)] = True
    copies = np.zeros(len(texts), dtype=np.bool_)
    if verdicts.passages is not None:
        copies = verdicts.reasons == REASONS.index(Relation.EXACT)
        suspicious |= copies
    changed = {}
    for place in np.flatnonzero(suspicious).tolist():
        text = texts[place]
        if copies[place]:
            cleaned = ""
        else:
            spans = [cut.span for cut in clean(text, config).cuts]
            cleaned = without_lines(text, [*spans, *_seen(passages.get(place, b"[]"))])
        if cleaned != text:
            changed[place] = cleaned
    return changed


def _seen(passages: bytes) -> list[Span]:
    """The spans that say nothing which an earlier record does not say: see `dedup.clean`."""
    return [
        Span(None, *(right[name] for name in ("start", "end", "line", "end_line")))
        for right in (
            passage["right"]
            for passage in json.loads(passages)
            if passage["relation"] == Relation.EXACT or passage["containment"][1] >= 1.0
        )
    ]


def _suspicious(texts: TextColumn, config: Config) -> Bool:
    """Whether each text holds residue, or two paragraphs that are candidates for copies of each other."""
    # As in `clean`: a paragraph that is cut is an exact copy of another one, or shares a band with it.
    relations = (Relation.EXACT, Relation.NEAR, Relation.RESIDUE)
    config = replace(config, relations=relations, level=Level.PARAGRAPH, keep="first")
    sketch = sketch_batch(texts, config, choose(texts.n_bytes))
    suspicious = np.zeros(len(texts), dtype=np.bool_)
    suspicious[[line.text for line in sketch.residue]] = True
    segments, paragraphs = sketch.segments, sketch.paragraphs
    if segments is None or paragraphs is None:
        return suspicious
    columns = [paragraphs.digests, *paragraphs.keys]
    for keys in columns:
        order = np.lexsort((keys, segments.texts))
        again = (np.diff(keys[order]) == 0) & (np.diff(segments.texts[order]) == 0)
        suspicious[segments.texts[order[1:][again]]] = True
    return suspicious
