"""Shows on a terminal which component runs, for how long, and how far it is."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

import ml_metadata as mlmd
from rich.console import Console

from data.progress import progress
from pipeline.console import status_line
from pipeline.status import RunStatus

_INTERVAL = 0.5


class _Latest(logging.Handler):
    """Keeps the latest message of a logger."""

    message = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.message = record.getMessage()


@contextlib.contextmanager
def show_progress(console: Console, status: RunStatus, components: int) -> Iterator[None]:
    """Follows a run while the body runs it; silent where ``console`` is not a terminal."""
    if not console.is_terminal:
        yield
        return
    latest = _Latest()
    progress.addHandler(latest)
    progress.setLevel(logging.INFO)
    done = threading.Event()
    follower = threading.Thread(
        target=_follow, args=(console, status, components, latest, done), daemon=True
    )
    follower.start()
    try:
        yield
    finally:
        done.set()
        follower.join()
        progress.removeHandler(latest)


def _follow(
    console: Console,
    status: RunStatus,
    components: int,
    latest: _Latest,
    done: threading.Event,
) -> None:
    printed: set[str] = set()
    current, started = "", time.monotonic()
    with status_line(console, "starting") as line:
        while not done.wait(_INTERVAL):
            try:
                nodes = status.nodes()
            except mlmd.errors.StatusError:
                # The store is busy; it is asked again in a moment.
                continue
            for node in nodes:
                if node.state == "running":
                    if node.node != current:
                        current, started, latest.message = node.node, time.monotonic(), ""
                    seconds = time.monotonic() - started
                    so_far = f"{len(printed) + 1}/{components} {current} {seconds:.0f} s"
                    line.update(text=f"{so_far} {latest.message}")
                elif node.node not in printed:
                    printed.add(node.node)
                    console.print(f"{node.node:<18} {node.state:<7} {node.seconds:7.1f} s")
