"""The pipeline under a real Airflow 3, with PostgreSQL for its database and for the metadata."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.airflow.processes import Process
from tests.airflow_environment import airflow_environment
from tests.airflow_instance import PASS, Airflow, airflow_up, brisc_airflow, export
from tests.end_to_end.conftest import TINY
from tests.postgres import running_postgres

# Three runs, each component a process of its own.
pytestmark = [pytest.mark.orchestration, pytest.mark.timeout(2400)]

# The second keeps the gate where a run is to train in any case. Between the splits of a few dozen
# slices distances are large by chance.
ANY = dict.fromkeys(("label", "plane", "height", "width", "tumor_area"), 1)
GATE = [
    "--set=drift.within=stop",
    "--set=drift.above=stop",
    f"--set=drift.splits={json.dumps(ANY)}",
]

# Earlier runs are looked up each time, and Pusher looks whether the model still lies there.
LOOKING = {"PreviousStatistics", "Baseline", "Pusher"}


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DAG of the tiny run, with a gate that says whether it trains."""
    return export(tmp_path_factory.mktemp("airflow"), *TINY, *GATE)


@pytest.fixture(scope="module")
def data(dags: Path, small_data: Path) -> Path:
    """Where data sets arrive: a pattern of folders, of which there is one."""
    (dags.parent / "span-007").symlink_to(small_data)
    return dags.parent / "span-{SPAN:3}"


@pytest.fixture(scope="module")
def environment() -> Path:
    """Airflow's own environment."""
    return airflow_environment()


@pytest.fixture(scope="module")
def airflow(dags: Path, environment: Path) -> Iterator[Airflow]:
    """Airflow with that DAG, until the tests of this file are done."""
    with running_postgres() as server, airflow_up(dags, environment, server) as up:
        yield up


# Asked in Airflow's environment: what the scheduler would see.
BAG = """
import importlib.util, json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
dag = bag.dags["brisc"]
print(json.dumps({
    "errors": bag.import_errors,
    "upstream": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
    "tfx": importlib.util.find_spec("tfx") is not None,
}))
"""


def test_the_dag_is_the_compiled_pipeline_and_needs_no_tfx(
    dags: Path, environment: Path, tmp_path: Path
) -> None:
    settings = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    ended = subprocess.run(
        [environment / "bin" / "python", "-c", BAG, dags],
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout.splitlines()[-1])
    assert (found["errors"], found["tfx"]) == ({}, False)
    nodes = json.loads((dags / "brisc_nodes.json").read_text())
    wanted = {node["id"]: sorted(node["upstream"]) or ["prepare"] for node in nodes}
    waited = {name for node in nodes for name in node["upstream"]}
    wanted |= {"prepare": [], "finish": sorted(set(wanted) - waited)}
    assert found["upstream"] == wanted
    assert "Trainer" in waited and "Pusher" in wanted["finish"]


def listening(process: Process) -> set[str]:
    """Where a process listens, as /proc writes it: address and port, in hexadecimal."""
    proc = Path("/proc", str(process.pid))
    files = [os.readlink(file) for file in (proc / "fd").iterdir() if file.is_symlink()]
    rows = [row.split() for table in ("tcp", "tcp6") for row in (proc / "net" / table).open()]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in files}


def test_nothing_listens_beyond_loopback(airflow: Airflow) -> None:
    processes = [process for family in airflow.record.running.values() for process in family]
    found = set().union(*(listening(process) for process in processes))
    # 127.0.0.1, its last byte first, and the one port that was asked for.
    assert found == {f"0100007F:{airflow.record.port:04X}"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("image_size", "64"),
        ("image_size", 65),
        ("split_strategy", "random"),
        ("skip_bad", "yes"),
        ("set", ["epochs 3"]),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused(
    airflow: Airflow, data: Path, parameter: str, value: object
) -> None:
    answer = airflow.api.trigger(**{"data": str(data), parameter: value})
    assert answer.status_code == 400
    assert f"Invalid input for param {parameter}" in answer.json()["detail"]


@pytest.fixture(scope="module")
def first(airflow: Airflow, data: Path) -> str:
    """A run of which one component could do its work only when it was tried again."""
    # Pusher makes a folder of this name.
    obstacle = airflow.workspace / "serving"
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.touch()
    answer = airflow.api.trigger(data=str(data), set=PASS)
    run = str(answer.raise_for_status().json()["dag_run_id"])
    airflow.api.wait(run, "Pusher", "up_for_retry")
    obstacle.unlink()
    airflow.api.wait(run)
    return run


def test_every_component_succeeds_and_what_failed_is_tried_again_alone(
    airflow: Airflow, first: str
) -> None:
    tries = {**dict.fromkeys([*airflow.nodes, "prepare", "finish"], 1), "Pusher": 2}
    assert airflow.api.tasks(first) == {name: ("success", n) for name, n in tries.items()}
    assert airflow.api.run_state(first) == "success"


def test_the_run_is_reported_and_its_model_pushed(airflow: Airflow, first: str) -> None:
    (report,) = airflow.workspace.glob("runs/*/report.json")
    told = json.loads(report.read_text())
    assert {node["node"] for node in told["nodes"]} == set(airflow.nodes)
    assert Path(told["pushed"]).parent == airflow.workspace / "serving" / "brisc"


def test_a_components_log_is_that_of_its_task(airflow: Airflow, first: str) -> None:
    assert str(airflow.workspace / "serving") in airflow.api.log(first, "Pusher", 1)
    assert "Trainer: run" in airflow.api.log(first, "Trainer", 1).splitlines()


def test_a_run_whose_data_the_model_in_service_fits_does_not_train(
    airflow: Airflow, data: Path, first: str
) -> None:
    answer = airflow.api.trigger(data=str(data), set=PASS)
    run = str(answer.raise_for_status().json()["dag_run_id"])
    airflow.api.wait(run)
    states = {name: state for name, (state, _) in airflow.api.tasks(run).items()}
    assert states["DriftGate"] == states["finish"] == airflow.api.run_state(run) == "success"
    for name in ("Transform", "Trainer", "Pusher", "ModelReport"):
        assert states[name] == "skipped"
        assert f"{name}: skipped" in airflow.api.log(run, name, 1).splitlines()
    assert "it stays in service: " in airflow.api.log(run, "finish", 1)
    assert len(list((airflow.workspace / "serving" / "brisc").iterdir())) == 1


def test_an_unchanged_run_comes_from_the_cache_and_says_so(
    airflow: Airflow, data: Path, first: str
) -> None:
    answer = airflow.api.trigger(data=str(data), set=[*PASS, "drift.within=train"])
    run = str(answer.raise_for_status().json()["dag_run_id"])
    airflow.api.wait(run)
    states = {name: state for name, (state, _) in airflow.api.tasks(run).items()}
    # The gate is asked another question.
    done = LOOKING | {"prepare", "finish", "DriftGate"}
    assert states == {name: "success" if name in done else "skipped" for name in states}
    assert airflow.api.run_state(run) == "success"


def test_parameters_that_no_run_has_end_it_at_once(airflow: Airflow, data: Path) -> None:
    run = airflow.api.trigger(data=str(data), epoch=3).json()["dag_run_id"]
    airflow.api.wait(run)
    assert airflow.api.tasks(run)["prepare"] == ("failed", 1)
    assert "no such parameter: epoch" in airflow.api.log(run, "prepare", 1)


def test_down_ends_every_process_of_it(airflow: Airflow, environment: Path) -> None:
    started = [process for family in airflow.record.running.values() for process in family]
    assert len(started) > len(airflow.record.processes)
    said = brisc_airflow(
        "down", f"--workspace={airflow.workspace}", BRISC_AIRFLOW_VENV=str(environment)
    )
    assert all(name in said for name in airflow.record.processes)
    assert not [process for process in started if process.runs]
