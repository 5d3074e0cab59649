"""Calls a function in a process of its own that has run no TensorFlow yet."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from data.progress import progress

_INTERVAL = 0.5


class ProcessDied(Exception):
    """The process ended without a word."""


def call(
    function: Callable[..., None], *arguments: Any, watch: Callable[[], None] | None = None
) -> None:
    """Calls ``function``, a module's own; its progress and its errors are those of this call.

    Args:
        function: What is called.
        arguments: With what; they are pickled.
        watch: Called every half second; what it raises ends the process and this call.

    Raises:
        ProcessDied: The process was killed or crashed.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            if watch is not None:
                watch()
            if not ours.poll(_INTERVAL):
                continue
            message = ours.recv()
            if isinstance(message, BaseException):
                raise message
            if message is None:
                return
            progress.info("%s", message)
    except EOFError as error:
        process.join()
        raise ProcessDied(f"the process ended with exit code {process.exitcode}") from error
    finally:
        process.kill()
        process.join()


def _answer(
    connection: Connection, function: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Says each all-reduce of the graph, twice.
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    progress.addHandler(_Sender(connection))
    progress.setLevel(logging.INFO)
    try:
        function(*arguments)
    except Exception as error:
        logging.exception("the call failed")
        _send_error(connection, error)
    else:
        connection.send(None)


def _send_error(connection: Connection, error: Exception) -> None:
    try:
        connection.send(error)
    except Exception:
        # TensorFlow's errors hold what cannot be pickled.
        connection.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    # A process that outlives the command would keep its port and its part of the training.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Sender(logging.Handler):
    """Passes messages on."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            self._connection.send(record.getMessage())
