"""Processes of Java, each until the test is done."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


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


def said(folder: Path) -> dict[str, str]:
    """The end of each log in ``folder``, by its name."""
    return {log.name: log.read_text()[-2000:] for log in folder.glob("*.log")}
