"""Zstandard, from the standard library where it has it."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1
"""Texts are written once for each time that they are read: what level 3 saves, a tenth, costs twice the time."""


class Compressor:
    """Makes frames, each with a checksum of what is in it. To be used by one thread."""

    def __init__(self) -> None:
        parameter = zstd.CompressionParameter
        self._compressor = zstd.ZstdCompressor(
            options={int(parameter.compression_level): LEVEL, int(parameter.checksum_flag): 1}
        )

    def compress(self, data: bytes) -> bytes:
        """One frame."""
        frame: bytes = self._compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
        return frame


def decompress(data: bytes) -> bytes:
    """What is in one frame. Raises ValueError where it is damaged."""
    try:
        content: bytes = zstd.decompress(data)
    except (zstd.ZstdError, EOFError, MemoryError) as error:
        raise ValueError(f"a compressed block is damaged: {error}") from None
    return content
