"""Cleaning many texts: only those that may have something to cut are looked at one by one."""

from dataclasses import replace

import numpy as np

from dedup.config import Config
from dedup.kernels import Bool, choose
from dedup.model import Level, Relation, TextColumn
from dedup.scanning import clean
from dedup.scanning.sketching import sketch_batch


def cleaned_texts(texts: TextColumn, config: Config) -> dict[int, str]:
    """The texts that `dedup.clean` changes, by their place, as it leaves them."""
    if not len(texts):
        return {}
    changed = {}
    for place in np.flatnonzero(_suspicious(texts, config)).tolist():
        text = texts[place]
        cleaned = clean(text, config).text
        if cleaned != text:
            changed[place] = cleaned
    return changed


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
