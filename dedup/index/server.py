"""A Redis server that holds an index: where it is, the scripts that it runs, and what is said when it fails."""

import secrets
import time
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha1
from importlib.resources import files
from itertools import count
from typing import NamedTuple, NoReturn, Protocol, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from dedup.errors import ConfigError, DedupError, StoreError

_EXAMPLE = "redis://host:6379/0?prefix=crawl"
SCHEMES = ("redis", "rediss", "unix")
DEFAULT_PREFIX = "dedup"
_SETTINGS = frozenset(
    {
        *("db", "username", "password", "client_name", "max_connections", "health_check_interval"),
        *("socket_timeout", "socket_connect_timeout", "socket_keepalive"),
    }
)
_GONE = "the index was deleted or made anew since it was opened; open it again"
DOCUMENTS_AT_ONCE = 512
"""Documents that are fetched for, and inserted, by one script each: some milliseconds of the server's time."""
BYTES_AT_ONCE = 4 << 20
_TRIES = 3
_CONNECTING = 10.0
"""Seconds that one try to connect may take."""
_PAUSE = 0.05

Value = bytes | str | int


class Address(NamedTuple):
    """Where an index is: `url` is what the client takes, `shown` what messages may show, without a password."""

    url: str
    prefix: str
    shown: str


class Fetched(NamedTuple):
    """What the script `fetch` gives; see there."""

    changes: bytes
    extra: int
    lists: bytes
    listed: bytes
    ranks: bytes
    sizes: bytes
    rows: bytes


def is_address(path: object) -> bool:
    """Whether a path is the URL of a server."""
    return isinstance(path, str) and path.partition("://")[0] in SCHEMES and "://" in path


def parse_address(url: str) -> Address:
    """`redis://host:port/db?prefix=name`, or rediss:// (TLS) or unix:///path?db=0&prefix=name.

    Raises ConfigError for a setting that has no place there, and for what is no address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # It is not shown: where the host is cannot be told, and so neither where the password is.
        raise ConfigError(f"the address of the server cannot be read; write for example {_EXAMPLE}") from None
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = settings.pop("prefix", DEFAULT_PREFIX)
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{host}{parts.path}?prefix={prefix}"
    if not prefix or not prefix.isprintable() or any(sign in prefix for sign in "{}"):
        raise ConfigError(f"{shown}: a prefix is a name without braces, such as prefix=crawl")
    for name in settings:
        if name not in _SETTINGS and not name.startswith("ssl_"):
            raise ConfigError(
                f"{shown}: {name!r} is no setting of an index; those are prefix, {', '.join(sorted(_SETTINGS))}"
            )
    database = parts.path.strip("/")
    if parts.scheme == "unix":
        if not database:
            raise ConfigError(f"{shown}: names no socket; write for example unix:///run/redis.sock?db=0&prefix=crawl")
    elif port == 0 or (database and not (database.isascii() and database.isdigit())):
        raise ConfigError(f"{shown}: has no database of that number; write for example {_EXAMPLE}")
    query = f"?{urlencode(settings)}" if settings else ""
    return Address(f"{parts.scheme}://{parts.netloc}{parts.path}{query}", prefix, shown)


class _Client(Protocol):
    def execute_command(self, *args: Value) -> object: ...

    def close(self) -> None: ...


class Server:
    """One index on a server. May be used by several threads. What goes wrong becomes StoreError.

    `patience`: seconds for which what may be asked again is asked of a server that cannot be reached.
    """

    def __init__(self, address: Address, patience: float = 0.0) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ConfigError("an index on Redis needs the package redis: pip install 'neardup[redis]'") from None
        self.shown = address.shown
        # All keys have the same part in braces: a cluster keeps them on one node.
        self._name = f"{{{address.prefix}}}"
        # What is asked for again is known here alone: not everything may be done twice.
        try:
            # Left to the system, connecting to a machine that is off takes minutes; the address may say otherwise.
            waiting = {} if address.url.startswith("unix") else {"socket_connect_timeout": _CONNECTING}
            client = redis.Redis.from_url(address.url, retry=Retry(NoBackoff(), 0), **waiting)
            # One is made here, so that a setting that it does not take is told before it is asked for anything.
            client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
        except (ValueError, TypeError, redis.exceptions.RedisError) as error:
            raise ConfigError(f"{self.shown}: the address holds a setting that cannot be: {error}") from None
        self._client = cast("_Client", client)
        self._patience = patience
        self._unreachable = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
        self._refused: tuple[type[Exception], ...] = (
            redis.exceptions.AuthenticationError,
            redis.exceptions.AuthorizationError,
        )
        self._unknown_script = redis.exceptions.NoScriptError
        self._full = redis.exceptions.OutOfMemoryError
        self._error = redis.exceptions.RedisError
        self.identity = b""

    # Facts

    def facts(self) -> dict[str, bytes]:
        """What is known of the index, and its identity; empty where there is none."""
        self.identity = self._bytes_or_none(self._ask("HGET", f"{self._name}:state", "identity")) or b""
        if not self.identity:
            return {}
        found = self._ask("HGETALL", f"{self._name}:facts")
        pairs = found.items() if isinstance(found, Mapping) else zip(*[iter(_sequence(found))] * 2, strict=True)
        return {_bytes(name).decode(): _bytes(value) for name, value in pairs}

    def create(self, facts: Mapping[str, bytes]) -> None:
        """Make an index with these facts, unless there is one."""
        values = [value for fact in facts.items() for value in fact]
        self._run("create", secrets.token_hex(16), *values)

    def evicts(self) -> str | None:
        """The policy by which the server gives keys up when its memory is full, where that could hit an index."""
        said = self._ask("INFO", "memory")
        policy = said.get("maxmemory_policy", "") if isinstance(said, Mapping) else ""
        return policy if isinstance(policy, str) and policy.startswith("allkeys") else None

    def memory(self) -> int:
        """Bytes of memory that the server uses, for all it holds."""
        said = self._ask("INFO", "memory")
        used = said.get("used_memory", 0) if isinstance(said, Mapping) else 0
        return used if isinstance(used, int) else 0

    def check_there(self) -> None:
        """Raise StoreError where the index is not the one any more that was opened; scripts see to it themselves."""
        if self._ask("HGET", f"{self._name}:state", "identity") != self.identity:
            raise StoreError(f"{self.shown}: {_GONE}")

    # Documents

    def count(self) -> int:
        """How many documents are there."""
        return _integer(self._ask("HLEN", f"{self._name}:rows"))

    def count_dropped(self) -> int:
        """How many of them were dropped."""
        return _number(self._bytes_or_none(self._ask("HGET", f"{self._name}:state", "dropped")) or b"0")

    def next_rank(self) -> int:
        """The rank of the next document."""
        return _number(self._bytes_or_none(self._ask("HGET", f"{self._name}:state", "next")) or b"0")

    @property
    def lists_name(self) -> bytes:
        """What the keys of the hashes of lists begin with."""
        return f"{self._name}:l".encode()

    def fetch(self, limits: bytes, ids: tuple[bytes, bytes], others: tuple[bytes, bytes]) -> Fetched:
        """See the script."""
        changes, extra, *parts = _sequence(self._run("fetch", self.identity, limits, *ids, *others))
        lists, listed, ranks, sizes, rows = (_bytes(part) for part in parts)
        return Fetched(_bytes(changes), _integer(extra), lists, listed, ranks, sizes, rows)

    def texts(self, ranks: Sequence[bytes]) -> list[bytes | None]:
        """What is stored of the texts of documents; None for one that is gone."""
        return [self._bytes_or_none(text) for text in _sequence(self._ask("HMGET", f"{self._name}:texts", *ranks))]

    def rows(self, ranks: Sequence[bytes]) -> list[bytes | None]:
        """The rows of documents, entries and all; None where there is none."""
        return [self._bytes_or_none(row) for row in _sequence(self._ask("HMGET", f"{self._name}:rows", *ranks))]

    def represented(self, rank: bytes) -> int:
        """How many living documents were dropped for one."""
        return _number(self._bytes_or_none(self._ask("HGET", f"{self._name}:dropped", rank)) or b"0")

    def mark(self, name: str) -> bytes | None:
        """The value last stored under a name with a batch."""
        return self._bytes_or_none(self._ask("HGET", f"{self._name}:marks", name))

    def marks(self) -> list[str]:
        """The names of all marks."""
        return sorted(_bytes(name).decode() for name in _sequence(self._ask("HKEYS", f"{self._name}:marks")))

    def insert(self, arguments: Sequence[Value], *, repeatable: bool) -> int:
        """See the script. `repeatable`: it may be sent again, since what is in already is known by its id."""
        return _integer(self._run("insert", self.identity, *arguments, tries=_TRIES if repeatable else 1))

    def remove(self, ranks: bytes) -> int:
        """See the script."""
        return _integer(self._run("remove", self.identity, ranks, tries=1))

    def expire(self, arguments: Sequence[Value]) -> tuple[int, int]:
        """See the script."""
        following, count = _sequence(self._run("expire", self.identity, *arguments, tries=1))
        return _integer(following), _integer(count)

    def delete(self) -> None:
        """Delete the whole index, key by key."""
        cursor = b"0"
        pattern = _pattern(self._name)
        while True:
            following, keys = _sequence(self._ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000))
            if several := [_bytes(key) for key in _sequence(keys)]:
                self._ask("UNLINK", *several)
            cursor = following if isinstance(following, bytes) else str(following).encode()
            if cursor == b"0":
                return

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # Within

    def _run(self, script: str, *arguments: Value, tries: int = _TRIES) -> object:
        source, digest = _script(script)
        return self._ask("EVALSHA", digest, 1, self._name, *arguments, source=source, tries=tries)

    def _ask(self, *command: Value, source: str = "", tries: int = _TRIES) -> object:
        """The answer to a command; a script whose `source` is given is sent where the server has not got it."""
        until = time.monotonic() + self._patience
        for attempt in count(1):
            try:
                try:
                    return self._client.execute_command(*command)
                except self._unknown_script:
                    return self._client.execute_command("EVAL", source, *command[2:])
            except self._refused as error:
                raise StoreError(f"{self.shown}: the server refuses: {error}") from error
            except self._unreachable as error:
                if attempt >= tries and (tries == 1 or not time.monotonic() < until):
                    raise StoreError(f"{self.shown}: cannot be reached: {error}") from error
                time.sleep(_PAUSE * min(attempt, tries))
            except self._error as error:
                self._fail(error)
        raise AssertionError

    def _fail(self, error: Exception) -> NoReturn:
        said = str(error)
        if isinstance(error, self._full):
            said = "the server's memory is full; nothing was stored. Raise its maxmemory, or expire documents"
        if said.startswith("GONE"):
            said = _GONE
        if said.startswith("DAMAGED"):
            said = f"what is stored there is damaged ({said[8:]}); make the index anew"
        raise StoreError(f"{self.shown}: {said}") from error

    def _bytes_or_none(self, value: object) -> bytes | None:
        return None if value is None else _bytes(value)


def forget(url: str) -> None:
    """Delete the index at a URL, if there is one."""
    server = Server(parse_address(url))
    try:
        server.delete()
    finally:
        server.close()


@cache
def _script(name: str) -> tuple[str, str]:
    """A script, and the hash by which a server knows it."""
    folder = files("dedup.index") / "scripts"
    source = (folder / f"{name}.lua").read_text(encoding="utf-8")
    if name != "create":
        source = (folder / "lists.lua").read_text(encoding="utf-8") + source
    return source, sha1(source.encode(), usedforsecurity=False).hexdigest()


def _pattern(name: str) -> str:
    """What matches the keys of an index, and no others."""
    escaped = "".join(f"\\{sign}" if sign in "\\[]*?^-" else sign for sign in name)
    return f"{escaped}:*"


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _odd(value)
    return value


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise _odd(value)
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise _odd(value)
    return value


def _number(value: bytes) -> int:
    """A number that the server keeps in digits. Raises StoreError where these are damaged."""
    if not value.isdigit():
        raise StoreError("a number of an index on the server is damaged; make the index anew")
    return int(value)


def _odd(value: object) -> DedupError:
    return StoreError(f"the Redis server gave an answer that makes no sense here, a {type(value).__name__}")
