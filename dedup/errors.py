"""The error tree. Every error a caller may meet derives from `DedupError`.

    DedupError            exit code 2
    ├── ConfigError       a setting is out of range or contradicts another
    ├── InputError        a path, file or record cannot be read
    └── SketchError       a MinHash from elsewhere does not fit this configuration

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
