"""Worker threads: results in order, a bounded number ahead, errors handed on."""

import threading

import pytest

from dedup.scanning.threads import Threads


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    with Threads(workers) as threads:
        assert list(threads.map(lambda item: item * item, range(50))) == [item * item for item in range(50)]
        assert list(threads.map(str, [])) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_few_items_are_taken_ahead(workers: int) -> None:
    taken = []

    def take(item: int) -> int:
        taken.append(item)
        return item

    with Threads(workers) as threads:
        results = threads.map(take, range(1000))
        assert next(iter(results)) == 0
    assert len(taken) <= 2 * workers + 1


def test_one_worker_works_in_the_thread_that_asks() -> None:
    with Threads(1) as threads:
        assert threads.start(threading.get_ident).result() == threading.get_ident()
        assert list(threads.map(lambda _: threading.get_ident(), [0])) == [threading.get_ident()]


def test_several_workers_work_in_threads_of_their_own() -> None:
    with Threads(2) as threads:
        assert threads.start(threading.get_ident).result() != threading.get_ident()


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_through(workers: int) -> None:
    def fail(item: int) -> int:
        raise ValueError(item)

    with Threads(workers) as threads, pytest.raises(ValueError, match="7"):
        list(threads.map(fail, [7, 8]))
