"""``brisc serve`` as a process of its own, on free ports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = "from pipeline.cli.main import main; main()"


@dataclass(frozen=True)
class Served:
    """A server that listens.

    Attributes:
        process: It.
        grpc: host:port.
        rest: http://host:port.
    """

    process: subprocess.Popen[str]
    grpc: str
    rest: str


@contextmanager
def serve(*arguments: str, grpc_port: str = "0", rest_port: str = "0") -> Iterator[Served]:
    """Starts it with ``arguments`` and waits for its ports; kills what is left of it."""
    ports = (f"--grpc-port={grpc_port}", f"--rest-port={rest_port}")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", *arguments, *ports],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"gRPC at (\S+), REST at (\S+)/v1/models", said)
        assert found is not None, said
        yield Served(process, found[1], found[2])
    finally:
        process.kill()
        process.wait()
