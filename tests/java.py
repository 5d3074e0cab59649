"""Processes of Java, each until the test is done."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest


def add_opens(packages: Sequence[str]) -> list[str]:
    """Options that open ``packages`` of Java itself to all code."""
    return [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in packages]


@contextlib.contextmanager
def java(
    jars: Path,
    arguments: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Runs ``java`` on all of ``jars`` while the body runs; what it says goes to ``log``."""
    with log.open("w") as output:
        process = subprocess.Popen(
            ["java", "-cp", f"{jars}/*", *arguments],
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def await_cores(cores: Callable[[], int], number: int, folder: Path) -> None:
    """Waits until a cluster has so many; fails the test with the ends of the logs in ``folder``."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if cores() == number:
                return
        time.sleep(0.5)
    said = {log.name: log.read_text()[-2000:] for log in folder.glob("*.log")}
    pytest.fail(f"the cluster does not start: {said}")
