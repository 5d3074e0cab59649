"""The logger on which long work says how far it is; a terminal shows its latest message."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

progress = logging.getLogger("brisc.progress")
# In a log it would be a line a step.
progress.propagate = False


@contextlib.contextmanager
def stepwise(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Says while the body runs how many of ``total`` are done.

    Yields:
        What to call with the number of items that have been finished since the last call.
    """
    done = 0

    def advance(finished: int) -> None:
        nonlocal done
        done += finished
        progress.info("%s %d/%d", description, done, total)

    yield advance
