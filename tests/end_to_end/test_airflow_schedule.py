"""Airflow with what it has by itself, SQLite and its own export, and a DAG that nobody triggers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.airflow_environment import airflow_environment
from tests.airflow_instance import export, started
from tests.end_to_end.conftest import TINY

pytestmark = [pytest.mark.orchestration, pytest.mark.timeout(1200)]


def test_a_dag_with_a_schedule_begins_by_itself(small_data: Path, tmp_path: Path) -> None:
    dags = export(tmp_path, *TINY, "--schedule=* * * * *", f"--data={small_data}")
    workspace = tmp_path / "workspace"
    with started(workspace, dags, airflow_environment(), f"--dags={dags}") as airflow:
        while not (runs := airflow.api.runs()):
            time.sleep(1)
        airflow.api.wait(runs[0]["dag_run_id"], "prepare", "success")
    assert {run["run_type"] for run in runs} == {"scheduled"}
    assert [*workspace.glob("runs/*/pipeline.json")]


def test_up_exports_by_itself(small_data: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    dags, options = workspace / "airflow" / "dags", (f"--workspace={workspace}", *TINY)
    with started(
        workspace, dags, airflow_environment(), *options, f"--data={small_data}"
    ) as airflow:
        assert airflow.api.runs() == []
        run = airflow.api.trigger().raise_for_status().json()["dag_run_id"]
        airflow.api.wait(run, "prepare", "success")
    assert {"Trainer", "Pusher"} < set(airflow.nodes)
