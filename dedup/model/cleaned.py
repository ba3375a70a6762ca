"""What `dedup.clean` gives back."""

from dataclasses import dataclass

from dedup.model.document import Span


@dataclass(frozen=True, slots=True)
class Cut:
    """A part that was cut, as a span of the original text, which begins and ends at lines.

    `reason` is `copy` or `residue`. `copy_of` is the earlier span that says the same; `rule` the rule of the residue
    grammar that matched.
    """

    span: Span
    reason: str
    copy_of: Span | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without its own repeated copies and residue, and what was cut, in order of the text."""

    text: str
    cuts: tuple[Cut, ...]
