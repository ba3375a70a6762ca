"""The compiled loops: their machine code in a cache folder, loaded once a process and called without the GIL.

The code of a group of loops (`dedup.kernels.objects`) is an object file that `dedup.kernels.building` writes and the
JIT linker of LLVM loads: about 0.05 s, where importing Numba takes half a second. A file is named by its group and a
hash of all that went into it: the sources of the loops, the compiler, the processor and its features. So another
version, or a folder on a disk that moves to another machine, finds no file of its name and compiles again. A folder
that cannot be written to costs a compilation in each process. What cannot be compiled is done by the reference.
"""

import ctypes
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from operator import index
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.objects import GROUPS, Group, group_of, sources_of
from dedup.kernels.pruning import mark_used, prune

CACHE_VARIABLE = "DEDUP_CACHE_DIR"
_MAGIC = b"dedup kernels 1\n"
_locks: dict[Group, threading.Lock] = {group: threading.Lock() for group in GROUPS}


class NativeLoop:
    """A loop in machine code, called like the Python function that it was made of."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function
        self._call: Callable[..., object] | None = None
        self._dtypes: list[np.dtype[np.generic] | None] = []

    def __call__(self, *arguments: object) -> object:
        """Run the loop. Raises TypeError where an argument is not of the kind that was compiled for."""
        if self._call is None:
            self._link()
        assert self._call is not None  # noqa: S101 - linked above
        flat: list[int] = []
        add = flat.append
        for dtype, argument in zip(self._dtypes, arguments, strict=True):
            if dtype is None:
                add(index(argument))  # type: ignore[arg-type]
                continue
            array = argument
            # Most are of the very object that stands for the type, which takes no comparing.
            if (
                not isinstance(array, np.ndarray)
                or (array.dtype is not dtype and array.dtype != dtype)
                or not array.flags.c_contiguous
            ):
                raise TypeError(f"{symbol_of(self._function)} takes a contiguous array of {dtype}, not {array!r:.80}")
            # `array.ctypes.data` takes as long as a small loop runs, and some loops take 17 arrays. The address is the
            # first field behind the head that every object has.
            add(_word_at(id(array) + _HEAD).value if _ADDRESS_IS_BEHIND_THE_HEAD else array.ctypes.data)
            add(array.size)
        return self._call(*flat)

    def _link(self) -> None:
        kinds, result = kinds_of(self._function)
        types = [each for kind in kinds for each in _C_TYPES.get(kind, (ctypes.c_void_p, ctypes.c_int64))]
        prototype = ctypes.CFUNCTYPE(ctypes.c_int64 if result else None, *types)
        self._dtypes = [np.dtype(kind[:-2]) if kind.endswith("[]") else None for kind in kinds]
        loops = library(group_of(self._function.__module__))
        self._call = prototype(loops.address(symbol_of(self._function)))


_word_at = ctypes.c_size_t.from_address
_HEAD = object.__basicsize__
_sample: NDArray[np.generic] = np.zeros(2)
_ADDRESS_IS_BEHIND_THE_HEAD = sys.implementation.name == "cpython" and all(
    _word_at(id(each) + _HEAD).value == each.ctypes.data for each in (_sample, _sample[1:])
)

_C_TYPES = {"int64": (ctypes.c_int64,), "uint64": (ctypes.c_uint64,), "bool": (ctypes.c_int64,)}


def symbol_of(function: Callable[..., object]) -> str:
    """The name of a loop in the object file."""
    return f"{function.__module__}.{function.__name__}".replace(".", "_")


def kinds_of(function: Callable[..., object]) -> tuple[tuple[str, ...], bool]:
    """The kind of each parameter, `uint8[]` and the like for arrays, else a scalar's; and whether there is a result."""
    # Those that `typing.get_type_hints` gives, without its search for names in strings, of which there are none.
    hints = dict(function.__annotations__)
    result = hints.pop("return")
    kinds = []
    for hint in hints.values():
        if hint is np.uint64 or hint is bool:
            kinds.append(hint.__name__)
        elif int in get_args(hint):
            kinds.append("int64")
        else:
            (scalar,) = get_args(get_args(hint)[1])
            kinds.append(f"{np.dtype(scalar).name}[]")
    return tuple(kinds), result is not None


class Library:
    """An object file in memory."""

    def __init__(self, code: bytes) -> None:
        import llvmlite.binding as llvm

        header, machine_code = _open(code)
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        # Loops raise nothing, but the code still names what would raise; an unknown name would end the process.
        unreachable = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        for name in header["undefined"]:
            if llvm.address_of_symbol(name) is None:
                llvm.add_symbol(name, unreachable)
        module = llvm.parse_assembly("")
        module.triple = llvm.get_process_triple()
        self._engine = llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
        self._engine.finalize_object()

    def address(self, symbol: str) -> int:
        """Where a loop begins in memory."""
        address = int(self._engine.get_function_address(symbol))
        if not address:
            raise RuntimeError(f"the compiled kernels hold no {symbol}")
        return address


def _open(code: bytes) -> tuple[dict[str, list[str]], bytes]:
    """Header and machine code of an object file. Raises ValueError where it is damaged."""
    digest, rest = code[len(_MAGIC) :][:32], code[len(_MAGIC) + 32 :]
    if not code.startswith(_MAGIC) or hashlib.sha256(rest).digest() != digest:
        raise ValueError("damaged object file")
    header, machine_code = rest.split(b"\n", 1)
    return json.loads(header), machine_code


def sealed(header: dict[str, list[str]], machine_code: bytes) -> bytes:
    """An object file as it is stored: with the names that it leaves open, and a checksum."""
    rest = json.dumps(header).encode() + b"\n" + machine_code
    return _MAGIC + hashlib.sha256(rest).digest() + rest


_libraries: dict[Group, Library] = {}
given_up: set[Group] = set()
"""Groups that could not be compiled or loaded in this process."""


def library(group: Group = "core") -> Library:
    """The loops of a group, from the cache folder, or compiled now."""
    with _locks[group]:
        if group not in _libraries:
            _libraries[group] = _load(group)
        return _libraries[group]


def is_loaded(group: Group = "core") -> bool:
    """Whether this process has the loops of a group in memory."""
    return group in _libraries


def is_cached(group: Group = "core") -> bool:
    """Whether the loops of a group are compiled already."""
    return is_loaded(group) or _read(_file(group)) is not None


def _load(group: Group) -> Library:
    file = _file(group)
    stored = _read(file)
    if stored is not None:
        mark_used(file)
        return Library(stored)
    with _turn(file):
        # Another process may have compiled while this one waited for its turn.
        stored = _read(file)
        if stored is None:
            stored = _build(group)
            _write(file, stored)
            prune(file.parent)
    return Library(stored)


def _read(file: Path) -> bytes | None:
    """The object file, None where there is none that can be read and is whole."""
    try:
        code = file.read_bytes()
        _open(code)
    except (OSError, ValueError):
        return None
    return code


def _write(file: Path, code: bytes) -> None:
    """Store an object file whole or not at all; not being able to is no error."""
    import tempfile

    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(descriptor, "wb") as temporary:
                temporary.write(code)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink()
            raise


def _build(group: Group) -> bytes:
    """Compile a group in a process of its own."""
    import subprocess

    # Without the working directory on its path, which may hold anything.
    command = [sys.executable, "-P", "-m", "dedup.kernels.building", group]
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(  # noqa: S603 - this program itself
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the kernels cannot be compiled:\n{done.stderr.decode(errors='replace')[-2000:]}")
    try:
        _open(done.stdout)
    except ValueError as error:
        raise RuntimeError("the kernels cannot be compiled: something else writes to the standard output") from error
    return done.stdout


@contextmanager
def _turn(file: Path) -> Iterator[None]:
    """One process of the user at a time, where the system can lock files; a lock dies with its process."""
    with ExitStack() as held:
        with suppress(ImportError, OSError):
            import fcntl

            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = held.enter_context(file.with_suffix(".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cache_folder() -> Path:
    """Where compiled code is kept: `DEDUP_CACHE_DIR`, else the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("dedup", appauthor=False)


def features() -> str:
    """The processor's instruction sets as LLVM names them, with vectors as wide as it has."""
    import llvmlite.binding as llvm

    available = str(llvm.get_host_cpu_features().flatten())
    # Compilers hold back 512-bit vectors for the clock of processors of 2017; these loops gain a fifth by them.
    return available + ",-prefer-256-bit" if "+avx512f" in available else available


@cache
def _file(group: Group) -> Path:
    """The object file of a group for this version on this processor."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for name, source in sources_of(group, Path(__file__).parent).items():
        digest.update(name.encode() + b"\0" + source)
    for said in (_version("numba"), _version("llvmlite"), llvm.get_process_triple(), llvm.get_host_cpu_name()):
        digest.update(said.encode() + b"\0")
    digest.update(features().encode())
    return cache_folder() / f"kernels-{group}-{digest.hexdigest()[:24]}.o"


def _version(package: str) -> str:
    """The version of an installed package, by the name of its record beside LLVM's: reading the record takes longer."""
    import llvmlite

    records = sorted(Path(llvmlite.__file__).parents[1].glob(f"{package}-*.dist-info"))
    return records[-1].name if records else "unknown"
