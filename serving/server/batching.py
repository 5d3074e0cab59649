"""Joins requests that wait into one run of the session, and parts its answer again.

As in TF Serving: along the first axis, filled up to an allowed size, refused where too many wait.
Only signatures are batched of which every input and output has an unknown first dimension.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field

import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2

from serving.server.errors import ServingError, StatusCode, invalid
from serving.server.options import BatchingOptions

Feeds = Mapping[str, np.ndarray]
"""Values by name of the tensor in the graph."""

Run = Callable[[Feeds, Sequence[str]], list[np.ndarray]]


def has_batches(signature: meta_graph_pb2.SignatureDef) -> bool:
    """Whether the first dimension of all inputs and outputs is that of a batch."""
    tensors = [*signature.inputs.values(), *signature.outputs.values()]
    return all(
        not tensor.tensor_shape.unknown_rank
        and len(tensor.tensor_shape.dim) > 0
        and tensor.tensor_shape.dim[0].size == -1
        for tensor in tensors
    )


@dataclass
class _Task:
    feeds: Feeds
    size: int
    deadline: float | None
    arrived: float = field(default_factory=time.monotonic)
    answer: Future[list[np.ndarray]] = field(default_factory=Future)

    def joins(self, other: _Task) -> bool:
        """Whether both fit into one array for each input."""
        pairs = ((array, other.feeds[name]) for name, array in self.feeds.items())
        return all(
            array.shape[1:] == twin.shape[1:] and array.dtype == twin.dtype for array, twin in pairs
        )

    @property
    def wanted(self) -> bool:
        """Whether someone still waits for the answer; from then on it is being worked on."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            self.answer.cancel()
        return self.answer.set_running_or_notify_cancel()


class Batcher:
    """The queue of one set of inputs and outputs of one loaded version."""

    def __init__(self, run: Run, fetches: Sequence[str], options: BatchingOptions) -> None:
        self._run = run
        self._fetches = list(fetches)
        self._options = options
        self._waiting: deque[_Task] = deque()
        self._changed = threading.Condition()
        self._closed = False
        for number in range(options.num_batch_threads):
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True).start()

    def submit(self, feeds: Feeds, seconds: float | None) -> list[np.ndarray]:
        """The answer for ``feeds``, whenever its batch has been run.

        Args:
            feeds: Arrays [n, ...], with the same n.
            seconds: Until nobody waits for the answer; ``None``: for ever.

        Raises:
            ServingError: It is larger than a batch, too many wait, or the time is over.
        """
        if not all(array.ndim for array in feeds.values()):
            raise invalid("Batching session Run() input tensors must have at least one dimension")
        sizes = {array.shape[0] for array in feeds.values()}
        if len(sizes) != 1:
            raise invalid("Batching session Run() input tensors must have equal 0th-dimension size")
        size = sizes.pop()
        most = self._options.max_batch_size
        if size > most:
            raise invalid(f"Task size {size} is larger than maximum input batch size {most}")
        task = _Task(feeds, size, None if seconds is None else time.monotonic() + seconds)
        with self._changed:
            if self._closed:
                raise ServingError(StatusCode.UNAVAILABLE, "This version is no longer served")
            waiting = sum(other.size for other in self._waiting)
            if waiting + size > most * self._options.max_enqueued_batches:
                raise ServingError(
                    StatusCode.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            self._waiting.append(task)
            self._changed.notify()
        try:
            return task.answer.result(seconds)
        except (NotInTime, CancelledError) as error:
            task.answer.cancel()
            raise ServingError(StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded") from error

    def close(self) -> None:
        """Ends its threads; nothing may wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while batch := self._next():
            self._answer([task for task in batch if task.wanted])

    def _next(self) -> list[_Task]:
        """The tasks of the next batch; none when it is closed."""
        with self._changed:
            while True:
                if self._closed:
                    return []
                if not self._waiting:
                    self._changed.wait()
                    continue
                batch = self._joined()
                due = batch[0].arrived + self._options.batch_timeout_micros / 1e6
                left = due - time.monotonic()
                full = len(batch) < len(self._waiting)
                full |= sum(task.size for task in batch) >= self._options.max_batch_size
                if full or left <= 0:
                    for _ in batch:
                        self._waiting.popleft()
                    return batch
                self._changed.wait(left)

    def _joined(self) -> list[_Task]:
        first = self._waiting[0]
        sizes = itertools.accumulate(task.size for task in self._waiting)
        fitting = itertools.takewhile(
            lambda pair: pair[1] <= self._options.max_batch_size and pair[0].joins(first),
            zip(self._waiting, sizes, strict=True),
        )
        return [task for task, _ in fitting]

    def _answer(self, tasks: list[_Task]) -> None:
        if not tasks:
            return
        try:
            outputs = self._run_together(tasks)
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].answer.set_exception(error)
                return
            # One bad image among them must not cost the others their answer.
            for task in tasks:
                self._answer([task])
            return
        ends = list(itertools.accumulate(task.size for task in tasks))
        for task, end in zip(tasks, ends, strict=True):
            task.answer.set_result([array[end - task.size : end] for array in outputs])

    def _run_together(self, tasks: list[_Task]) -> list[np.ndarray]:
        size = sum(task.size for task in tasks)
        allowed = (entry for entry in self._options.allowed_batch_sizes if entry >= size)
        padding = next(allowed, size) - size if size else 0
        feeds = {}
        for name in tasks[0].feeds:
            rows = np.concatenate([task.feeds[name] for task in tasks])
            # By a row of the batch itself, which the model is known to take.
            feeds[name] = np.concatenate([rows, np.repeat(rows[:1], padding, axis=0)])
        outputs = self._run(feeds, self._fetches)
        for name, array in zip(self._fetches, outputs, strict=True):
            if array.ndim == 0 or array.shape[0] != size + padding:
                raise ServingError(
                    StatusCode.FAILED_PRECONDITION,
                    f"Batched output tensor {name} has not the 0th dimension of the batch",
                )
        return outputs
