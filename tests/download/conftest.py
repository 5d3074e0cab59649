"""A data set, a server that publishes it, and where it is to go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import put_set
from tests.publisher import Server, running, zipped


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_set(tmp_path_factory.mktemp("published") / "brisc2025")


@pytest.fixture
def server(published: Path) -> Iterator[Server]:
    with running(Server(zipped(published))) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "home" / "brisc2025"
