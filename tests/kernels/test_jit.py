"""Compilation: with a cache on disk, and without one where there is no place for it."""

from collections.abc import Callable

import pytest

from dedup.kernels import jit


def double(number: int) -> int:
    return 2 * number


def test_a_compiled_function_gives_what_it_gives_in_python() -> None:
    assert jit.compiled(double)(21) == 42


def test_a_function_that_cannot_be_cached_is_compiled_all_the_same() -> None:
    namespace: dict[str, Callable[[int], int]] = {}
    # Numba finds no folder for the code of a string that was never a file.
    exec("def triple(number):\n    return 3 * number", namespace)  # noqa: S102
    assert jit.compiled(namespace["triple"])(14) == 42


def test_a_cache_folder_that_is_refused_means_compiling_without(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse_the_cache(function: Callable[[int], int], *, cache: bool) -> Callable[[int], int]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return function

    monkeypatch.setattr(jit, "_compile", refuse_the_cache)
    assert jit.compiled(double)(4) == 8
    assert asked == [True, False]


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: Callable[[int], int], *, cache: bool) -> Callable[[int], int]:
        raise TypeError(f"{function.__name__} {cache}")

    monkeypatch.setattr(jit, "_compile", fail)
    with pytest.raises(TypeError, match="double True"):
        jit.compiled(double)
