"""Lines of text on a terminal or in a file, wrapped at the width, with colours or without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from dedup.reporting.visible import cells

if TYPE_CHECKING:
    from rich.text import Text

Styled = str | tuple[str, str]
"""Visible text, or such a text with the name of a rich style."""


class Page:
    """Writes lines to a stream. Text is laid out literally: no markup is read, no link is made."""

    def __init__(self, stream: TextIO, *, width: int, colour: bool) -> None:
        from rich.color import ColorSystem
        from rich.console import Console

        self.width = max(40, width)
        self.colour = colour
        self._stream = stream
        self._colours = ColorSystem.STANDARD
        # It knows the styles and wraps; it writes nothing.
        self._console = Console(file=stream, width=self.width, force_jupyter=False, legacy_windows=False)

    def line(self, *parts: Styled) -> None:
        """Write one line as it is, without wrapping it."""
        self._write(self._assemble(parts))

    def wrapped(self, lead: Styled, *parts: Styled) -> None:
        """Write parts wrapped at the page's width, led by `lead` and, on later lines, by as much space."""
        first = self._assemble([lead])
        indent = cells(first.plain)
        for number, line in enumerate(self._assemble(parts).wrap(self._console, self.width - indent)):
            line.rstrip()
            self._write((first if number == 0 else self._assemble([" " * indent])) + line)

    def _assemble(self, parts: Sequence[Styled]) -> Text:
        from rich.text import Text

        return Text.assemble(*parts, end="")

    def _write(self, text: Text) -> None:
        text.rstrip()
        if self.colour:
            # A fifth of the time of `Console.print`, which looks for what a line never holds.
            coloured = (
                segment.style.render(segment.text, color_system=self._colours) if segment.style else segment.text
                for segment in text.render(self._console)
            )
            self._stream.write("".join(coloured) + "\n")
        else:
            self._stream.write(text.plain + "\n")
