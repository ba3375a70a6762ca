"""Zstandard, from the standard library where it has it."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1
"""Texts are written once for each time that they are read: what level 3 saves, a tenth, costs twice the time."""

_WITH_CHECKSUM = {
    zstd.CompressionParameter.compression_level: LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
}


def compress(data: bytes) -> bytes:
    """One frame, with a checksum of what is in it."""
    compressed: bytes = zstd.compress(data, options=_WITH_CHECKSUM)
    return compressed


def decompress(data: bytes) -> bytes:
    """What is in one frame. Raises ValueError where it is damaged."""
    try:
        content: bytes = zstd.decompress(data)
    except (zstd.ZstdError, EOFError, MemoryError) as error:
        raise ValueError(f"a compressed block is damaged: {error}") from None
    return content
