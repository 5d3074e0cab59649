"""``brisc serve`` as a process of its own, on free ports."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.command import announced


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
    ready = r"gRPC at (\S+), REST at (\S+)/v1/models"
    with announced(ready, "serve", *arguments, *ports) as (process, found):
        yield Served(process, found[1], found[2])
