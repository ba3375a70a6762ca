"""What two texts, or one span, can be to each other."""

from enum import StrEnum


class Relation(StrEnum):
    """The relation of a match. Of a pair it is the first, in this order, that holds.

    `BOILERPLATE` and `RESIDUE` concern a single span.
    """

    EXACT = "exact"
    NEAR = "near"
    CONTAINS = "contains"
    REWRITE = "rewrite"
    BOILERPLATE = "boilerplate"
    RESIDUE = "residue"


class Level(StrEnum):
    """What is compared: whole documents, paragraphs (which chain to passages), or both."""

    DOCUMENT = "document"
    PARAGRAPH = "paragraph"
    BOTH = "both"

    @property
    def documents(self) -> bool:
        """Whether whole documents are compared."""
        return self is not Level.PARAGRAPH

    @property
    def paragraphs(self) -> bool:
        """Whether paragraphs are compared."""
        return self is not Level.DOCUMENT
