"""Which kernels serve: the compiled ones, where an input is worth it or they are there, or the reference."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

from dedup.kernels.objects import Group

if TYPE_CHECKING:
    from dedup.kernels import Kernels


class Worth(NamedTuple):
    """From how many bytes of input on loops are worth loading, which takes about a tenth of a second, and compiling.

    `message` says what is compiled, and how long it takes.
    """

    load: int
    compile: int
    message: str


WORTH = Worth(1 << 17, 4 << 20, "compiling the kernels for this machine, once: about a minute")


def loaded() -> "Kernels":
    """The compiled kernels where this process has loaded them, else the reference: for what is small beside a scan."""
    # What nobody has imported yet has loaded nothing.
    if "dedup.kernels.native" not in sys.modules:
        return _implementation(is_compiled=False)
    # Another thread may be at it: this waits for its end, where the module itself would be found half made.
    from dedup.kernels import native

    return _implementation(is_compiled=native.is_loaded())


def choose(n_bytes: int, tell: Callable[[str], None] | None = None) -> "Kernels":
    """The kernels for an input of this size; `DEDUP_KERNELS=numpy` or `compiled` overrides the choice.

    Compiled ones serve inputs that are worth loading them, and, where they are not compiled yet, worth compiling them,
    which is done here and now, after `tell` was told so.
    """
    return _implementation(is_compiled=is_ready("core", n_bytes, WORTH, tell))


def _implementation(*, is_compiled: bool) -> "Kernels":
    if is_compiled:
        from dedup.kernels import compiled

        return cast("Kernels", compiled)
    from dedup.kernels import reference

    return cast("Kernels", reference)


def is_ready(group: Group, n_bytes: int, worth: Worth, tell: Callable[[str], None] | None = None) -> bool:
    """Whether compiled loops are to be used for an input of this size; if so they are loaded, compiled if need be.

    Where they cannot be, the reference serves, after `tell` was told why; but not if `DEDUP_KERNELS` asks for them.
    """
    wanted = os.environ.get("DEDUP_KERNELS", "")
    if wanted != "compiled" and (wanted == "numpy" or n_bytes < worth.load):
        return False
    from dedup.kernels import native

    if group in native.given_up and wanted != "compiled":
        return False
    try:
        if not native.is_cached(group):
            if wanted != "compiled" and n_bytes < worth.compile:
                return False
            if tell is not None:
                tell(worth.message)
        native.library(group)
    except (ImportError, OSError, RuntimeError) as error:
        if wanted == "compiled":
            raise
        # Another try in this process would cost as much and end alike.
        native.given_up.add(group)
        if tell is not None:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            tell(f"going on without compiled kernels, which takes many times as long: {reason}")
        return False
    return True
