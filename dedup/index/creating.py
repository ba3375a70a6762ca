"""Making an index and opening one: configuration, background and version, and what is said where they differ."""

import io
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple, Protocol
from zipfile import BadZipFile

import numpy as np

from dedup.config import ALL_RELATIONS, PAIR_RELATIONS, Config
from dedup.errors import ConfigError, StoreError
from dedup.index.catalogue import NAME
from dedup.index.opening import Opening
from dedup.index.tables import MOST_BANDS
from dedup.model import Level, Relation
from dedup.scanning.rewrite_background import (
    background_from_bytes,
    background_to_bytes,
    shipped_background,
)
from dedup.scanning.rewrite_terms import RewriteBackground
from dedup.verifying import Background

DEFAULT = Config(relations=PAIR_RELATIONS, level=Level.DOCUMENT)
"""What an index looks for unless told otherwise."""


def suitable(config: Config) -> Config:
    """A configuration that an index can have.

    Relations that concern single spans are left out, and so are rewrites where nothing is said of relations: a scan
    looks for them by default, an index where it is told to. Raises ConfigError for what an index does not do.
    """
    possible = PAIR_RELATIONS if config.relations == ALL_RELATIONS else (*PAIR_RELATIONS, Relation.REWRITE)
    relations = tuple(relation for relation in possible if relation in config.relations)
    if not relations:
        raise ConfigError(f"an index looks for {', '.join(possible)}: name at least one of them as a relation")
    if config.keep != "first":
        raise ConfigError(f"an index takes documents as they come: keep is 'first' there, not {config.keep!r}")
    if config.level is Level.PARAGRAPH:
        raise ConfigError(
            "an index decides on whole documents: level 'both' compares paragraphs besides, 'paragraph' alone is for "
            "dedup scan and dedup pairs"
        )
    if config.boilerplate != "include":
        raise ConfigError("boilerplate 'exclude' needs a whole corpus; an index has boilerplate 'include'")
    bands = config.banding[0]
    if Relation.NEAR in relations and bands > MOST_BANDS:
        raise ConfigError(
            f"an index has up to {MOST_BANDS} bands, and num_perm {config.num_perm:,} at the threshold "
            f"{config.threshold} and the recall {config.recall} makes {bands:,}: lower num_perm, or raise the threshold"
        )
    return replace(config, relations=relations, level=Level.DOCUMENT)


def without_rewrites(config: Config) -> Config:
    """The same for paragraphs, which say too little to be known again in other words."""
    relations = tuple(relation for relation in config.relations if relation is not Relation.REWRITE)
    return replace(config, relations=relations or PAIR_RELATIONS)


def config_to_json(config: Config) -> bytes:
    """A configuration as it is stored."""
    settings = {each.name: getattr(config, each.name) for each in fields(config)}
    settings["relations"] = [str(relation) for relation in config.relations]
    settings["level"] = str(config.level)
    return json.dumps(settings).encode()


def config_from_json(data: bytes, path: Path | str) -> Config:
    """A stored configuration. Raises StoreError where it is of another version."""
    try:
        settings = json.loads(data)
        settings["relations"] = tuple(Relation(each) for each in settings["relations"])
        return Config(**settings)
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{path}: the configuration stored is of another version of dedup ({error})") from error


class Facts(NamedTuple):
    """What an index was made with: see `Index.open`."""

    config: Config
    background: Background
    text: bool
    paragraphs: bool
    rewrites: RewriteBackground | None


def check_new(config: Config, opening: Opening) -> None:
    """Raise ConfigError where an index cannot be made so."""
    looks = config.looks_for(Relation.REWRITE)
    if looks and opening.text is False:
        raise ConfigError(
            "rewrites are confirmed by the texts, word by word, and hashes do not tell names and numbers; an index "
            "without texts has no relation 'rewrite'"
        )
    if not looks and (opening.rewrites is not None or opening.drop_rewrites):
        raise ConfigError(
            f"an index with relations {_shown(config.relations)} finds no rewrites; name the relation 'rewrite', too"
        )


def check_facts(stored: Facts, opening: Opening, path: Path | str) -> None:
    """Raise ConfigError where an index has not the configuration or the rest that is asked for."""
    own, background, keeps_text, paragraphs, rewrites = stored
    if opening.config is not None:
        _check_config(own, suitable(opening.config), path)
    if opening.background is not None and background.fingerprint != opening.background.fingerprint:
        asked = opening.background
        raise ConfigError(
            f"{path}: has the background {background.fingerprint} (of {background.documents:,} documents), not "
            f"{asked.fingerprint} (of {asked.documents:,}); open it without one, or make another index"
        )
    if opening.rewrites is not None:
        found = "no background" if rewrites is None else f"the background {rewrites.fingerprint}"
        if rewrites is None or rewrites.fingerprint != opening.rewrites.fingerprint:
            raise ConfigError(
                f"{path}: has {found} for rewrites, not {opening.rewrites.fingerprint}; open it without one, or "
                "make another index"
            )
    if opening.drop_rewrites and rewrites is None:
        raise ConfigError(
            f"{path}: was made with relations {_shown(own.relations)} and finds no rewrites to drop; make another "
            "index with the relation 'rewrite', too"
        )
    if opening.text is not None and keeps_text != opening.text:
        raise ConfigError(
            f"{path}: was made with text {keeps_text}, not {opening.text}; open it without, or make another index"
        )
    if opening.paragraphs is not None and paragraphs != opening.paragraphs:
        raise ConfigError(
            f"{path}: was made with{'' if paragraphs else 'out'} paragraphs; open it without saying so, or make "
            "another index"
        )


def _check_config(stored: Config, asked: Config, path: Path | str) -> None:
    """Raise ConfigError where a setting differs, naming it with both values."""
    for each in fields(stored):
        one, other = getattr(stored, each.name), getattr(asked, each.name)
        if one != other:
            raise ConfigError(
                f"{path}: was made with {each.name} {_shown(one)}, not {_shown(other)}; open it without a "
                "configuration, or make another index"
            )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


def cosine_background_to_bytes(background: Background) -> bytes:
    """A background as it is stored."""
    buffer = io.BytesIO()
    documents = np.array([background.documents], dtype=np.int64)
    np.savez(buffer, terms=background.terms, frequencies=background.frequencies, documents=documents)
    return buffer.getvalue()


def cosine_background_from_bytes(data: bytes) -> Background:
    """A stored background."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Background(arrays["terms"], arrays["frequencies"], int(arrays["documents"][0]))


def make_folder(path: Path) -> None:
    """Make the folder of a new index. Raises StoreError where there is something else, or it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        others = [entry for entry in os.listdir(path) if not entry.startswith((NAME, "writer.lock"))]
    except FileExistsError as error:
        raise StoreError(f"{path}: is a file; an index is a folder") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be made: {error.strerror}") from error
    if others:
        raise StoreError(f"{path}: holds other things, such as {sorted(others)[0]!r}; name a new or an empty folder")


def check_empty(path: Path) -> None:
    """Raise StoreError for a folder whose catalogue is empty, although there are segments: it was cut off.

    To make an index there would delete them.
    """
    left = sorted(entry for entry in os.listdir(path) if entry.startswith(("segment-", "texts-")))
    if left:
        raise StoreError(
            f"{path / NAME}: is empty, and beside it stands {left[0]}: it was cut off. Put it back from a copy of "
            "the index, or make the index anew in another folder"
        )


def first_facts(opening: Opening) -> Mapping[str, bytes]:
    """What a new index begins with. Raises ConfigError for what an index does not do."""
    config = DEFAULT if opening.config is None else suitable(opening.config)
    check_new(config, opening)
    background = opening.background or Background()
    if opening.paragraphs and opening.text is False:
        raise ConfigError("an index that knows paragraphs keeps the texts: leave out either")
    facts = {
        "config": config_to_json(config),
        "config_fingerprint": config.fingerprint.encode(),
        "background": cosine_background_to_bytes(background),
        "background_fingerprint": background.fingerprint.encode(),
        "keeps_text": b"1" if opening.text is not False else b"0",
        "paragraphs": b"1" if opening.paragraphs else b"0",
        "next_rank": b"0",
    }
    if config.looks_for(Relation.REWRITE):
        rewrites = opening.rewrites or shipped_background()
        facts |= {"rewrites": background_to_bytes(rewrites), "rewrites_fingerprint": rewrites.fingerprint.encode()}
    return facts


class FactSource(Protocol):
    """Where the facts of an index stand, as in `dedup.index.catalogue.Catalogue`."""

    @property
    def version(self) -> int:
        """The format."""
        ...

    def fact(self, name: str) -> bytes | None:
        """A fact about the index."""
        ...


def read_facts(catalogue: FactSource, path: Path | str, known: int) -> Facts:
    """What an index was made with; `known` is the format that is read. Raises StoreError for an index of another."""
    version = catalogue.version
    if version != known:
        raise StoreError(
            f"{path}: is an index of format {version}, and this version of dedup reads format {known}"
            if version
            else f"{path}: is no index"
        )
    facts = {}
    for name in first_facts(Opening()):
        fact = catalogue.fact(name)
        if fact is None:
            raise StoreError(f"{path}: the fact {name!r} is missing: the index is damaged. Put it back from a copy")
        facts[name] = fact
    config = config_from_json(facts["config"], path)
    if config.fingerprint.encode() != facts["config_fingerprint"]:
        raise StoreError(
            f"{path}: its configuration has another fingerprint in this version of dedup ({config.fingerprint}, not "
            f"{facts['config_fingerprint'].decode()}): settings have changed their meaning"
        )
    try:
        background = cosine_background_from_bytes(facts["background"])
    except (ValueError, KeyError, IndexError, OSError, EOFError, BadZipFile):
        background = None
    if background is None or background.fingerprint.encode() != facts["background_fingerprint"]:
        raise StoreError(f"{path}: the background stored is damaged; put the index back from a copy")
    rewrites = _read_rewrites(catalogue, path) if config.looks_for(Relation.REWRITE) else None
    return Facts(config, background, facts["keeps_text"] == b"1", facts["paragraphs"] == b"1", rewrites)


def _read_rewrites(catalogue: FactSource, path: Path | str) -> RewriteBackground:
    with suppress(ValueError, KeyError, OSError, EOFError):
        rewrites = background_from_bytes(catalogue.fact("rewrites") or b"")
        if rewrites.fingerprint.encode() == catalogue.fact("rewrites_fingerprint"):
            return rewrites
    raise StoreError(f"{path}: the background of rewrites stored is damaged; put the index back from a copy")
