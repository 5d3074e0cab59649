"""The server that is asked: the embedded one, or that at TFS_REST and TFS_GRPC."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.server import Server
from tests.serving_command import serve


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
    config = f"--model-config-file={folder / CONFIG}"
    with serve(config, "--file-system-poll-wait-seconds=0.1") as served:
        yield Server(served.rest, served.grpc, folder)
        served.process.terminate()
        assert served.process.wait(60) == 0
