"""Settings from a TOML file, as `--config` reads and `dedup calibrate` writes it: the names of `Config` at its top."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.config import Config

_LARGEST_FILE = 1 << 20


def read_config_file(file: str, default: Config) -> Config:
    """The settings in a TOML file, over the default ones.

    Raises `ConfigError` that names the file, and the setting or the line.
    """
    import tomllib
    from dataclasses import fields, replace

    from dedup.config import Config
    from dedup.errors import ConfigError

    try:
        with open(file, "rb") as stream:
            data = stream.read(_LARGEST_FILE + 1)
        if len(data) > _LARGEST_FILE:
            raise ConfigError(f"{file}: is over a megabyte, and no file of settings")
        read = tomllib.loads(data.decode())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: is no TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{file}: is nested too deeply") from None
    known = [field.name for field in fields(Config)]
    for name, value in read.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"{file}: {name!r} is no setting; {hint}")
        _check_kind(file, name, value)
    try:
        return replace(default, **read)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def _check_kind(file: str, name: str, value: object) -> None:
    """Refuse a value of another type than its setting has; that numbers lie in their range is for `Config` to say."""
    from dataclasses import fields

    from dedup.config import Config
    from dedup.errors import ConfigError

    default = next(field.default for field in fields(Config) if field.name == name)
    if isinstance(default, tuple):
        if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise ConfigError(f'{file}: {name} is a list of names such as ["exact", "near"], not {value!r}')
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise ConfigError(f"{file}: {name} is a name in quotation marks, not {value!r}")
    elif not isinstance(value, int | float) or isinstance(value, bool):
        raise ConfigError(f"{file}: {name} is a number, not {value!r}")


def config_lines(config: Config, notes: Mapping[str, str]) -> str:
    """The settings that differ from the defaults, and those that `notes` has a line on, as TOML with these lines.

    A note is printable text without control characters.
    """
    import json
    from dataclasses import fields

    from dedup.config import Config

    default = Config()
    lines = []
    for field in fields(config):
        value = getattr(config, field.name)
        if value == getattr(default, field.name) and field.name not in notes:
            continue
        if field.name in notes:
            lines.append(f"# {notes[field.name]}")
        # JSON's numbers, strings and lists of strings are TOML's too, save for one control character.
        written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{field.name} = {written}")
    return "".join(line + "\n" for line in lines)
