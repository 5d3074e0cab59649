"""Requests that wait are joined and answered apart, whatever becomes of their neighbours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from data.errors import InputError
from serving.server.batching import Batcher, Feeds
from serving.server.batching_config import read_batching
from serving.server.errors import ServingError, StatusCode
from serving.server.options import BatchingOptions


class Doubling:
    """Doubles x, once it is let; refuses batches that hold a zero."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.go.set()

    def __call__(self, feeds: Feeds, fetches: Sequence[str]) -> list[np.ndarray]:
        x = feeds["x"]
        self.sizes.append(len(x))
        self.begun.release()
        assert self.go.wait(30)
        if not x.all():
            raise ServingError(StatusCode.INVALID_ARGUMENT, "a zero")
        return [x * 2]


@pytest.fixture
def model() -> Doubling:
    return Doubling()


Batched = Callable[..., Batcher]


@pytest.fixture
def batched(model: Doubling) -> Iterator[Batched]:
    made: list[Batcher] = []

    def make(**options: object) -> Batcher:
        made.append(Batcher(model, ["y"], BatchingOptions(**options)))
        return made[-1]

    yield make
    model.go.set()
    for batcher in made:
        batcher.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def rows(*values: float) -> Feeds:
    return {"x": np.array(values, np.float32)}


def busy(batcher: Batcher, model: Doubling, pool: ThreadPoolExecutor) -> Future[list[np.ndarray]]:
    """A first request, at which the model is until it is let go."""
    model.go.clear()
    first = pool.submit(batcher.submit, rows(1), 30.0)
    model.begun.acquire()
    return first


def waiting(batcher: Batcher, pool: ThreadPoolExecutor, tasks: Sequence[Feeds]) -> list:
    """Submits tasks one after the other, so that their order is known."""
    futures = []
    for task in tasks:
        before = len(batcher._waiting)
        futures.append(pool.submit(batcher.submit, task, 30.0))
        while len(batcher._waiting) == before:
            pass
    return futures


def test_requests_that_wait_run_together(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=8)
    first = busy(batcher, model, pool)
    others = waiting(batcher, pool, [rows(2), rows(3, 4), rows(5), rows(6, 7, 8), rows(9, 10)])
    model.go.set()
    answers = [future.result()[0].tolist() for future in [first, *others]]
    assert answers == [[2], [4], [6, 8], [10], [12, 14, 16], [18, 20]]
    assert model.sizes == [1, 7, 2]


def test_a_batch_is_filled_up_to_an_allowed_size(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=8, allowed_batch_sizes=(2, 4, 8))
    assert batcher.submit(rows(1, 2, 3), 30.0)[0].tolist() == [2, 4, 6]
    assert model.sizes == [4]


def test_a_request_waits_for_others_no_longer_than_it_may(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=3, batch_timeout_micros=60_000_000)
    futures = waiting(batcher, pool, [rows(1), rows(2)])
    # The third one fills the batch, or the test takes a minute.
    futures.append(pool.submit(batcher.submit, rows(3), 30.0))
    assert [future.result()[0].tolist() for future in futures] == [[2], [4], [6]]
    assert model.sizes == [3]


def test_a_bad_request_does_not_cost_its_neighbours_the_answer(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=8)
    first = busy(batcher, model, pool)
    good, bad, other = waiting(batcher, pool, [rows(2), rows(0), rows(3)])
    model.go.set()
    assert [future.result()[0].tolist() for future in (first, good, other)] == [[2], [4], [6]]
    with pytest.raises(ServingError, match="a zero"):
        bad.result()


def test_too_many_are_refused_and_those_that_wait_are_answered(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=2, max_enqueued_batches=2)
    first = busy(batcher, model, pool)
    queued = waiting(batcher, pool, [rows(2), rows(3), rows(4), rows(5)])
    with pytest.raises(ServingError) as caught:
        batcher.submit(rows(6), 30.0)
    assert caught.value.code is StatusCode.UNAVAILABLE
    model.go.set()
    assert [future.result()[0].tolist() for future in [first, *queued]] == [
        [2],
        [4],
        [6],
        [8],
        [10],
    ]


def test_who_no_longer_waits_is_not_worked_for(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=8)
    first = busy(batcher, model, pool)
    with pytest.raises(ServingError) as caught:
        batcher.submit(rows(2), 0.01)
    assert caught.value.code is StatusCode.DEADLINE_EXCEEDED
    model.go.set()
    assert first.result()[0].tolist() == [2]
    assert batcher.submit(rows(3), 30.0)[0].tolist() == [6]
    assert model.sizes == [1, 1]


def test_what_fits_no_batch_is_refused(model: Doubling, batched: Batched) -> None:
    batcher = batched(max_batch_size=8)
    with pytest.raises(ServingError) as caught:
        batcher.submit(rows(*range(1, 10)), 30.0)
    assert caught.value.code is StatusCode.INVALID_ARGUMENT
    assert caught.value.message == "Task size 9 is larger than maximum input batch size 8"
    assert batcher.submit(rows(), 30.0)[0].tolist() == []


def test_shapes_that_do_not_go_together_run_apart(
    model: Doubling, batched: Batched, pool: ThreadPoolExecutor
) -> None:
    batcher = batched(max_batch_size=8)
    first = busy(batcher, model, pool)
    matrix = {"x": np.ones((1, 2), np.float32)}
    futures = waiting(batcher, pool, [rows(2), matrix, rows(3)])
    model.go.set()
    answers = [future.result()[0].tolist() for future in [first, *futures]]
    assert answers == [[2], [4], [[2, 2]], [6]]


def test_batching_parameters_are_read_as_tf_serving_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "batching.config"
    file.write_text(
        "max_batch_size { value: 8 }\nbatch_timeout_micros { value: 500 }\n"
        'thread_pool_name { value: "brisc" }\nallowed_batch_sizes: [2, 8]\n'
    )
    options = read_batching(file)
    assert options == BatchingOptions(
        max_batch_size=8, batch_timeout_micros=500, allowed_batch_sizes=(2, 8)
    )


@pytest.mark.parametrize(
    "text",
    [
        "max_batch_size: 8",
        "max_batch_size { value: 0 }",
        "allowed_batch_sizes: [2, 4]",
        "pad_variable_length_inputs: true",
        "surprise: 1",
    ],
)
def test_other_batching_parameters_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "batching.config"
    file.write_text(text)
    with pytest.raises(InputError, match="BatchingParameters"):
        read_batching(file)
