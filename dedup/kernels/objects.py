"""Which loops go into which object file, and the sources that each is made of.

Loops are compiled in groups, each to an object file of its own when the first of them is needed: what aligns nothing
never waits for alignment to be compiled, and a change to the sources of one group leaves the others' files valid.
"""

import re
from pathlib import Path
from typing import Literal, get_args

Group = Literal["core", "aligning", "rewriting"]
GROUPS: tuple[Group, ...] = get_args(Group)

ROOTS: dict[Group, str] = {"core": "compiled", "aligning": "compiled_align", "rewriting": "compiled_rewriting"}
"""Of each group the module that imports, by way of others, all that its loops are made of."""

_OWN: dict[str, Group] = {root: group for group, root in ROOTS.items()} | {
    "compiled_anchors": "rewriting",
    "compiled_document_terms": "rewriting",
    "compiled_gathering": "rewriting",
    "compiled_nearest": "rewriting",
    "compiled_posted": "rewriting",
    "compiled_posted_rescoring": "rewriting",
    "compiled_rescoring": "rewriting",
    "compiled_shared_pairs": "rewriting",
    "compiled_shared_terms": "rewriting",
    "compiled_term_evidence": "rewriting",
    "compiled_term_types": "rewriting",
}
"""Modules whose loops belong to a group; those of all others are of the core."""

_COMPILER = "building"
_IMPORT = re.compile(rb"^from dedup\.kernels\.(\w+) import ", re.MULTILINE)


def group_of(module: str) -> Group:
    """The group of the loops of a module, given by its full name."""
    return _OWN.get(module.rpartition(".")[2], "core")


def sources_of(group: Group, folder: Path) -> dict[str, bytes]:
    """The sources in the package's `folder` that an object file depends on, by name and in the order of their names.

    They are those of the group's root, of what compiles it, and of the modules that these import from this package at
    their top. Of the package itself loops take nothing but types, so it is not among them: a new method of a protocol
    compiles nothing anew.
    """
    found: dict[str, bytes] = {}
    waiting = [ROOTS[group], _COMPILER]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = folder.joinpath(f"{name}.py").read_bytes()
            waiting += [match.decode() for match in _IMPORT.findall(found[name])]
    return dict(sorted(found.items()))
