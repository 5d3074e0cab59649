"""The server that is asked: the embedded one, or that at TFS_REST and TFS_GRPC."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.server import Server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all phases, which its exchanges take it through one after another."""
    rest, remote, models = map(os.environ.get, ("TFS_REST", "TFS_GRPC", "TFS_MODELS"))
    if rest and remote and models:
        yield Server(rest, remote, Path(models))
        return
    if rest or remote or models:
        pytest.fail("TFS_REST, TFS_GRPC and TFS_MODELS are set together or not at all")
    from tests.conformance.models import CONFIG, write_models

    folder = tmp_path_factory.mktemp("models").resolve()
    write_models(folder)
    with subprocess.Popen(
        [
            *(sys.executable, "-c", "from pipeline.cli.main import main; main()", "serve"),
            *("--model-config-file", str(folder / CONFIG), "--grpc-port", "0"),
            *("--rest-port", "0", "--file-system-poll-wait-seconds", "0.1"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"gRPC at (\S+), REST at (\S+)/v1/models", said)
        try:
            assert found, f"no server was started: {said}"
            yield Server(found[2], found[1], folder)
        finally:
            process.terminate()
            assert process.wait(60) == 0
