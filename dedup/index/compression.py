"""Zstandard, from the standard library where it has it."""

import sys
from contextlib import suppress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1
"""For what is written to stay: what level 3 saves, a tenth, costs twice the time."""

_QUICK_LEVEL = -64
_LITERALS, _ALWAYS = 1002, 1
"""`ZSTD_c_literalCompressionMode` of zstd.h, which has no name in Python, and `ZSTD_lcm_huffman`.

Levels under 1 look for matches in few places, and by default leave what is between them as it is. With its bytes in
Huffman codes nonetheless, frames of text are a fifth larger than those of level 1 and take under a third of the time.
"""


class Compressor:
    """Makes frames, each with a checksum of what is in it. To be used by one thread.

    `quick`: larger frames in less time.
    """

    def __init__(self, *, quick: bool = False) -> None:
        parameter = zstd.CompressionParameter
        options = {int(parameter.compression_level): LEVEL, int(parameter.checksum_flag): 1}
        self._compressor = zstd.ZstdCompressor(options=options)
        if quick:
            # A library that knows no such parameter does without.
            with suppress(ValueError, zstd.ZstdError):
                several = {**options, int(parameter.compression_level): _QUICK_LEVEL, _LITERALS: _ALWAYS}
                self._compressor = zstd.ZstdCompressor(options=several)

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
