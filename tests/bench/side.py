"""One side of a comparison: a process of its own that times itself when it is asked to.

Both sides live at once and take turns, so that what else the machine does falls on both. A line
of JSON each way: the side begins with the names of its variants, then answers each name with
a measurement. Imports nothing of the product: peers run in an environment without it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_MARK = "bench: "
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
    print(_MARK + json.dumps(what), flush=True)


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """How long ``work`` takes, the mean of so many times in a row."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) / times


class Side:
    """A side that has been started.

    Attributes:
        variants: The names it can measure.
    """

    def __init__(self, python: Path, module: str, options: Mapping[str, Any], log: Path) -> None:
        """Starts it and waits until it is warm.

        Args:
            python: The interpreter of its environment.
            module: Below ``tests.bench``; it calls ``answer``.
            options: What it finds as JSON in its first argument.
            log: Where its standard error goes.

        Raises:
            RuntimeError: It ended instead.
        """
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [python, "-m", f"tests.bench.{module}", json.dumps(dict(options))],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.variants: list[str] = self._answer()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def measure(self, variant: str) -> float:
        """Has it measure ``variant`` once."""
        assert self._process.stdin is not None
        print(json.dumps(variant), file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        raise RuntimeError(f"{self._process.args}: ended; see {self._log}")
