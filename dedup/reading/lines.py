"""Splitting a stream of bytes into lines."""

from collections.abc import Iterator

from dedup.errors import InputError
from dedup.reading.opening import BrokenInput, InputStream

UTF8_BOM = b"\xef\xbb\xbf"


def line_blocks(stream: InputStream) -> Iterator[list[bytes]]:
    """The lines of a stream, many at a time, split at newlines alone and without them.

    Otherwise as `line_runs`.
    """
    for run in line_runs(stream):
        lines = run.split(b"\n")
        del run  # a huge line is not to be held twice
        yield lines
        del lines  # nor while the next block is read


def line_runs(stream: InputStream, before: bytes = b"", after: bytes = b"") -> Iterator[bytes]:
    """The lines of a stream, as many as a block held, without the last one's newline; `before` and `after` around them.

    A byte order mark at the very start is left out. Memory is that of a block read and of the longest line. Where the
    stream breaks, the complete lines come first and `BrokenInput` after them.
    """
    pieces: list[bytes | memoryview] = [before]
    at_start = True
    while block := stream.read():
        if at_start:
            block = block.removeprefix(UTF8_BOM)
            at_start = False
        last = block.rfind(b"\n")
        if last < 0:
            pieces.append(block)
            continue
        pieces += [memoryview(block)[:last], after]
        rest = block[last + 1 :]
        yield _taken(pieces)
        pieces = [before, rest]
    if sum(map(len, pieces)) > len(before):
        del block
        pieces.append(after)
        yield _taken(pieces)


def _taken(pieces: list[bytes | memoryview]) -> bytes:
    """The pieces joined, and gone from their list: a huge line is not to be held twice while somebody works on it."""
    joined = b"".join(pieces)
    pieces.clear()
    return joined


def lines_of(file: str) -> Iterator[bytes]:
    """The lines of a file that is no corpus, plain or compressed, `-` being stdin; without a byte order mark.

    Raises InputError where it cannot be read, or is damaged from some point on.
    """
    try:
        with InputStream(file) as stream:
            for block in line_blocks(stream):
                yield from block
    except BrokenInput as broken:
        raise InputError(f"{file}: {broken.message}") from None
