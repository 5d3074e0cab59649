"""What a side of a comparison does: it times itself when it is asked to, in a process of its own.

Both sides live at once and take turns, so that what else the machine does falls on both. A line
of JSON each way: the side begins with the names of its variants, then answers each name with
a measurement. Imports nothing of the product: peers run in an environment without it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

MARK = "bench: "
"""Begins the lines that are meant for the other end: libraries print as they like."""


def answer(variants: Mapping[str, Callable[[], float]]) -> None:
    """Serves as a side: measures each variant as often as it is asked for.

    Args:
        variants: What measures each of them, by name.
    """
    for measure in variants.values():
        # Traces, compiles, fills caches.
        measure()
    _say(list(variants))
    for line in sys.stdin:
        _say(variants[json.loads(line)]())


def _say(what: Any) -> None:
    print(MARK + json.dumps(what), flush=True)


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """How long ``work`` takes, the mean of so many times in a row."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) / times


def steady_seconds(work: Callable[[], object], times: int = 1) -> float:
    """As ``seconds``, after a call that is not counted.

    That one finds the caches as the other side left them, those that follow do not.
    """
    work()
    return seconds(work, times)
