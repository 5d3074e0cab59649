"""The ``brisc`` command as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.command import COMMAND

ROOT = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """This process's environment; the command finds its packages from another folder too."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def announced(
    pattern: str,
    *arguments: str,
    stderr: int | None = None,
    end: signal.Signals = signal.SIGKILL,
) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """Starts a command that runs until it is ended, and waits for the line that says it is ready.

    Args:
        pattern: What that line, its first one, holds.
        arguments: Of the command.
        stderr: As of ``subprocess.Popen``.
        end: What ends it.

    Yields:
        The process, and what was found of ``pattern``.
    """
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(pattern, said)
        assert found is not None, said
        yield process, found
    finally:
        process.send_signal(end)
        process.wait()
