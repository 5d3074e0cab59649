"""Sends everything a process prints elsewhere, but for one console."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console


@contextlib.contextmanager
def quiet(log: Path) -> Iterator[Console]:
    """Redirects standard output and error to ``log``, also what C++ libraries write there.

    Yields:
        A console on the standard output that was there before.
    """
    with log.open("ab") as file, _redirected(file.fileno(), logging.INFO) as console:
        yield console


@contextlib.contextmanager
def on_stderr(level: int) -> Iterator[Console]:
    """Redirects standard output to standard error, also what C++ libraries write there.

    Args:
        level: From which on what is logged is shown.

    Yields:
        A console on the standard output that was there before.
    """
    with _redirected(2, level) as console:
        yield console


@contextlib.contextmanager
def _redirected(target: int, level: int) -> Iterator[Console]:
    sys.stdout.flush()
    sys.stderr.flush()
    screen, error = os.dup(1), os.dup(2)
    with os.fdopen(os.dup(screen), "w") as stream:
        os.dup2(target, 1)
        os.dup2(target, 2)
        root = logging.getLogger()
        handlers, known = root.handlers, root.level
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.handlers, root.level = [handler], level
        try:
            yield Console(file=stream)
        finally:
            root.handlers, root.level = handlers, known
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(screen, 1)
            os.dup2(error, 2)
            os.close(screen)
            os.close(error)
