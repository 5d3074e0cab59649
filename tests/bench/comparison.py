"""Starts the sides of a comparison, and has them take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from tests.bench.side import MARK
from tests.command import ROOT


class Side:
    """A side that has been started.

    Attributes:
        variants: The names it can measure.
    """

    def __init__(
        self,
        python: Path,
        module: str,
        options: Mapping[str, Any],
        log: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it and waits until it is warm.

        Args:
            python: The interpreter of its environment.
            module: Below ``tests.bench``; it calls ``answer``.
            options: What it finds as JSON in its first argument.
            log: Where its standard error goes.
            variables: Of environment, beside those of this process.

        Raises:
            RuntimeError: It ended instead.
        """
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [python, "-m", f"tests.bench.{module}", json.dumps(dict(options))],
                cwd=ROOT,
                env={**os.environ, **(variables or {})},
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
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        raise RuntimeError(f"{self._process.args}: ended; see {self._log}")


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

    def ours(self, module: str, variables: Mapping[str, str] | None = None, **options: Any) -> Side:
        """Starts a module of ``tests.bench.sides``, with further variables of environment."""
        return self._start(Path(sys.executable), f"sides.{module}", options, variables)

    def peer(self, module: str, **options: Any) -> Side:
        """Starts a module of ``tests.bench.peers`` in their environment."""
        return self._start(self.peers / "bin" / "python", f"peers.{module}", options)

    def _start(
        self,
        python: Path,
        module: str,
        options: Mapping[str, Any],
        variables: Mapping[str, str] | None = None,
    ) -> Side:
        return Side(python, module, options, self.folder / f"{module}.log", variables)


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
