"""A scheduler that is killed with the component that it runs, and a run that comes to its end."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from pipeline.airflow.processes import wait
from tests.airflow_api import ENDED
from tests.airflow_environment import airflow_environment
from tests.airflow_instance import PASS, Airflow, airflow_up, export
from tests.end_to_end.conftest import TINY
from tests.postgres import running_postgres

pytestmark = [pytest.mark.orchestration, pytest.mark.timeout(2400)]

KILLED = "Transform"
# After so long without a sign of life Airflow takes a task for dead: 300 seconds by default.
SOON = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30"}


def outputs(airflow: Airflow) -> list[Path]:
    """The folders that the component has begun to fill."""
    found = (airflow.workspace / "artifacts" / KILLED).glob("*/*")
    return [path for path in found if path.is_dir() and path.parent.name != ".system"]


def kill_scheduler(airflow: Airflow, run: str) -> None:
    """Kills it and all that it has started, at once, in the middle of a component."""
    while not outputs(airflow):
        assert airflow.api.run_state(run) not in ENDED, airflow.api.tasks(run)
        time.sleep(0.05)
    # Again for what was started between a look and its kill.
    while processes := airflow.record.running.get("scheduler"):
        for process in processes:
            process.send(signal.SIGKILL)
        assert wait(processes, 10)
    for folder in outputs(airflow):
        (folder / "half").write_text("written by nobody who came to an end")


def test_a_run_is_continued_by_the_next_scheduler(small_data: Path, tmp_path: Path) -> None:
    dags, environment = export(tmp_path, *TINY), airflow_environment()
    with running_postgres() as server:
        with airflow_up(dags, environment, server) as airflow:
            answer = airflow.api.trigger(data=str(small_data), set=PASS)
            run = str(answer.raise_for_status().json()["dag_run_id"])
            kill_scheduler(airflow, run)
            before = airflow.api.tasks(run)
        with airflow_up(dags, environment, server, **SOON) as airflow:
            airflow.api.wait(run)
            after = airflow.api.tasks(run)
            assert airflow.api.run_state(run) == "success"

    assert after[KILLED] == ("success", 2)
    done = [name for name, (state, _) in before.items() if state == "success"]
    assert "BriscExampleGen" in done
    # What had succeeded is not run again.
    assert {name: after[name] for name in done} == {name: before[name] for name in done}
    assert not [path for path in outputs(airflow) if (path / "half").exists()]
    (report,) = airflow.workspace.glob("runs/*/report.json")
    assert Path(json.loads(report.read_text())["pushed"]).is_dir()
