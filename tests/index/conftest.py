"""A Redis server of the tests' own, if one is installed."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from dedup.index.server import parse_address

NUMBERS = count()
"""Each index of a test has a name of its own."""


class RedisServer:
    """A server on a port of this machine, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--save", "", "--appendonly", "no", "--logfile", str(self.folder / "log")),
            ]
        )
        for _ in range(1000):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            try:
                with socket.create_connection(("127.0.0.1", self.port)) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError("redis-server does not answer")

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()

    def url(self, **settings: str) -> str:
        """The address of an index that does not exist yet."""
        query = "&".join(f"{name}={value}" for name, value in {"prefix": f"test{next(NUMBERS)}", **settings}.items())
        return f"redis://127.0.0.1:{self.port}/0?{query}"

    def keys_of(self, url: str) -> list[bytes]:
        """The keys of an index."""
        with redis.Redis(port=self.port) as client:
            return sorted(key for key in client.scan_iter(match=f"{{{parse_address(url).prefix}}}:*", count=1000))


def started() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests that do not stop it."""
    yield from started()


@pytest.fixture
def own_redis_server() -> Iterator[RedisServer]:
    """A server for one test."""
    yield from started()
