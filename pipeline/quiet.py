"""Sends everything a process prints into a log file, but for one console."""

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
    sys.stdout.flush()
    sys.stderr.flush()
    screen, error = os.dup(1), os.dup(2)
    with log.open("ab") as file, os.fdopen(os.dup(screen), "w") as stream:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        root = logging.getLogger()
        handlers, level = root.handlers, root.level
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.handlers, root.level = [handler], logging.INFO
        try:
            yield Console(file=stream)
        finally:
            root.handlers, root.level = handlers, level
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(screen, 1)
            os.dup2(error, 2)
            os.close(screen)
            os.close(error)
