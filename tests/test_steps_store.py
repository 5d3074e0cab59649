"""Many nodes at once on either metadata store, and what a real PostgreSQL refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.errors import InputError
from pipeline.status import RunStatus
from pipeline.store import connection, open_store
from pipeline.store_address import StoreAddress
from pipeline.workspace import Workspace
from tests.postgres import Postgres, running_postgres

pytestmark = pytest.mark.orchestration

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a connection puts into the environment is gone after the test."""
    monkeypatch.setenv("PGPASSWORD", "")


@pytest.mark.parametrize(("kind", "count"), [("postgresql", 8), ("sqlite", 4)])
def test_nodes_that_run_at_once_are_neither_lost_nor_doubled(
    kind: str, count: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    address = None
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        environment["BRISC_METADATA_STORE"] = server.address("many")
        address = StoreAddress.parse(server.address("many"))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.many_nodes", str(tmp_path / "w"), str(count)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    codes = json.loads(ended.stdout.splitlines()[-1])
    assert codes == [[0] * count, [0] * count], ended.stderr[-9000:]
    store = open_store(connection(Workspace.at(tmp_path / "w", store=address), readonly=True))
    nodes = [f"Schema{number}" for number in range(count)]
    for run_id, expected in (("many", nodes), ("same", nodes[:1])):
        states = {item.node: item.state for item in RunStatus(store, run_id).nodes()}
        assert states == dict.fromkeys(sorted(expected), "run")
    assert len(store.get_executions()) == count + 1
    assert len(store.get_artifacts()) == count + 1


def test_a_wrong_password_is_refused_at_once(postgres: Postgres, tmp_path: Path) -> None:
    address = StoreAddress.parse(postgres.address("runs", password="wrongword"))
    config = connection(Workspace.at(tmp_path, store=address))
    with pytest.raises(InputError, match="password authentication failed") as caught:
        open_store(config, patience=1000)
    assert "wrongword" not in str(caught.value)
