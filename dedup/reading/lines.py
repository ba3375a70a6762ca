"""Splitting a stream of bytes into lines."""

from collections.abc import Iterator

from dedup.reading.opening import InputStream

UTF8_BOM = b"\xef\xbb\xbf"


def line_blocks(stream: InputStream) -> Iterator[list[bytes]]:
    """The lines of a stream, many at a time, split at newlines alone and without them.

    A byte order mark at the very start is left out. Memory is that of a block read and of the longest line. Where the
    stream breaks, the complete lines come first and `BrokenInput` after them.
    """
    unfinished: list[bytes] = []
    at_start = True
    while block := stream.read():
        if at_start:
            block = block.removeprefix(UTF8_BOM)
            at_start = False
        lines = block.split(b"\n")
        if len(lines) == 1:
            unfinished.append(block)
            continue
        if unfinished:
            unfinished.append(lines[0])
            lines[0] = b"".join(unfinished)
        last = lines.pop()
        unfinished = [last] if last else []
        yield lines
        del lines  # a huge line is not to be held while the next block is read
    if unfinished:
        lines = [b"".join(unfinished)]
        del unfinished
        yield lines
