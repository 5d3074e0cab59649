"""Rounds in which both sides take turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from tests.bench.side import Side


@dataclass(frozen=True)
class Setting:
    """What all rows are measured with.

    Attributes:
        data: In BRISC layout.
        peers: The environment of requirements/bench.in.
        folder: Where logs and what is written meanwhile go.
        rounds: How often each side has its turn.
        models: The folder of a model's versions; ``None``: an untrained one is made.
        threads: Of each side.
    """

    data: Path
    peers: Path
    folder: Path
    rounds: int
    models: Path | None = None
    threads: int = len(os.sched_getaffinity(0))

    def ours(self, module: str, **options: Any) -> Side:
        """Starts a module of ``tests.bench.sides``."""
        return self._start(Path(sys.executable), f"sides.{module}", options)

    def peer(self, module: str, **options: Any) -> Side:
        """Starts a module of ``tests.bench.peers`` in their environment."""
        return self._start(self.peers / "bin" / "python", f"peers.{module}", options)

    def _start(self, python: Path, module: str, options: Mapping[str, Any]) -> Side:
        return Side(python, module, options, self.folder / f"{module}.log")


def take_turns(*sides: Side, rounds: int) -> dict[str, list[float]]:
    """One measurement a round of each variant of each side, by the variant's name."""
    measured: dict[str, list[float]] = {}
    with ExitStack() as stack:
        for side in sides:
            stack.enter_context(side)
        turns = [(side, variant) for side in sides for variant in side.variants]
        console = Console(stderr=True)
        for side, variant in track(
            turns * rounds,
            f"{rounds} rounds",
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ):
            measured.setdefault(variant, []).append(side.measure(variant))
    return measured
