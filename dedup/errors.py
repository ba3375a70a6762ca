"""The error tree. Every error a caller may meet derives from `DedupError`.

    DedupError            exit code 2
    ├── ConfigError       a setting is out of range or contradicts another
    ├── InputError        a path, file or record cannot be read
    ├── SketchError       a MinHash from elsewhere does not fit this configuration
    └── StoreError        an index cannot be opened, read or written
        └── LockedError   another process, or another object of this one, writes to it

A message names the file and line where there is one, and says what to do.
"""


class DedupError(Exception):
    """Base of all errors raised on purpose by this package."""

    exit_code = 2


class ConfigError(DedupError, ValueError):
    """A setting is out of range or contradicts another one."""


class InputError(DedupError):
    """A path, file or record cannot be read."""


class SketchError(DedupError, ValueError):
    """A MinHash made elsewhere does not fit this configuration (scheme, seed, permutations)."""


class StoreError(DedupError):
    """An index on disk cannot be opened, read or written: it is damaged, of another version, or its disk is full."""


class LockedError(StoreError):
    """An index has a writer already."""


class LossWarning(UserWarning):
    """What an index had acknowledged is not there any more."""
