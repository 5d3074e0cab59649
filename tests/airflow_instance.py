"""A real Airflow 3 of `brisc airflow up`, its database and the metadata on PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.airflow.home import Home, Record
from tests.airflow_api import Api
from tests.command import COMMAND, ROOT
from tests.postgres import Postgres

PASS = ("gate.thresholds=[{metric: accuracy, min: 0}]", "gate.changes=[]")
"""Parameters of a run whose gate takes any model."""


@dataclass(frozen=True)
class Airflow:
    """An Airflow that is up.

    Attributes:
        api: Its API.
        record: Its services.
        workspace: The workspace of its DAG.
        nodes: The side file of the DAG: what each component waits for.
    """

    api: Api
    record: Record
    workspace: Path
    nodes: dict[str, list[str]]


def brisc_airflow(*arguments: str | Path, **variables: str) -> str:
    """Runs `brisc airflow`, and returns what it printed."""
    ended = subprocess.run(
        [*COMMAND, "airflow", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout


def export(folder: Path, *parameters: str) -> Path:
    """Writes a DAG whose workspace lies in ``folder``; returns the folder of the DAG."""
    dags = folder / "dags"
    place = [f"--workspace={folder / 'workspace'}", "--retry-delay=10"]
    brisc_airflow("export", dags, *place, *parameters)
    return dags


@contextmanager
def airflow_up(
    dags: Path, environment: Path, server: Postgres, **variables: str
) -> Iterator[Airflow]:
    """Airflow with that DAG while the body runs, both databases on ``server``."""
    variables |= {
        "BRISC_AIRFLOW_DATABASE": server.address("postgres"),
        "BRISC_METADATA_STORE": server.address("metadata"),
    }
    workspace = dags.parent / "workspace"
    with started(workspace, dags, environment, f"--dags={dags}", **variables) as up:
        yield up


@contextmanager
def started(
    workspace: Path, dags: Path, environment: Path, *options: str, **variables: str
) -> Iterator[Airflow]:
    """What `brisc airflow up` with ``options`` starts, while the body runs.

    Args:
        workspace: Where the DAG's runs lie.
        dags: Where the DAG lies by then.
        environment: Airflow's own.
        options: Of the command.
        variables: Of its environment.
    """
    variables["BRISC_AIRFLOW_VENV"] = str(environment)
    said = brisc_airflow("up", *options, "--port=0", **variables)
    try:
        found = re.search(r"(http://127\.0\.0\.1:\d+)/dags/brisc: user (.+), password (.+)", said)
        assert found is not None, said
        record = Home.at(workspace / "airflow", environment).record()
        assert record is not None
        nodes = json.loads((dags / "brisc_nodes.json").read_text())
        yield Airflow(
            api=Api.at(found[1], "brisc", found[2], found[3]),
            record=record,
            workspace=workspace,
            nodes={node["id"]: node["upstream"] for node in nodes},
        )
    finally:
        brisc_airflow("down", f"--workspace={workspace}", BRISC_AIRFLOW_VENV=str(environment))
