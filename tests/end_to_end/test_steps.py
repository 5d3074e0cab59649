"""A run in steps on PostgreSQL, as an orchestrator starts it: several nodes at once, one of them
killed, the server away for a while, and another run that finds everything in the cache."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from pipeline.status import RunStatus
from pipeline.steps.record import PIPELINE
from pipeline.store import connection, open_store
from pipeline.store_address import StoreAddress
from pipeline.workspace import Workspace
from tests.command import COMMAND, ROOT, environment
from tests.end_to_end.conftest import TINY, Bench, Finished
from tests.postgres import PASSWORD, QUOTED, Postgres, running_postgres

pytestmark = pytest.mark.orchestration

PASS = ("--set=gate.thresholds=[{metric: accuracy, min: 0}]", "--set=gate.changes=[]")
RUN = "first"
KILLED = "Transform"
AWAY = "Trainer"
AT_ONCE = 3


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@dataclass
class Steps:
    """A run in steps, in a workspace whose metadata is on PostgreSQL."""

    bench: Bench
    address: str
    graph: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    """What each node said on standard output."""

    @property
    def logs(self) -> list[str]:
        """What each process said on standard error."""
        found = sorted(self.bench.workspace.parent.glob("*.log"))
        return [path.read_text() for path in found]

    def _log(self) -> IO[bytes]:
        folder = self.bench.workspace.parent
        return (folder / f"{len(list(folder.glob('*.log'))):03}.log").open("wb")

    @property
    def workspace(self) -> Workspace:
        return Workspace.at(self.bench.workspace, store=StoreAddress.parse(self.address))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command about this run."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**environment(), "BRISC_METADATA_STORE": self.address},
            stdout=subprocess.PIPE,
            # A pipe would be full before anybody reads it.
            stderr=self._log(),
            text=True,
        )

    def end(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """Waits for it, and returns what it said on standard output."""
        output, _ = process.communicate()
        assert process.returncode == code, "".join(self.logs)[-9000:]
        return output

    def start_node(self, node: str) -> subprocess.Popen[str]:
        return self.start(
            "run-node", node, f"--run-id={RUN}", f"--workspace={self.bench.workspace}"
        )

    def run_nodes(self, during: dict[str, Callable[[subprocess.Popen[str]], None]]) -> None:
        """Runs every node as soon as those before it have succeeded.

        Args:
            during: What is to happen, once, while a node is running.
        """
        running: dict[str, subprocess.Popen[str]] = {}
        while len(self.said) < len(self.graph):
            for node, upstream in self.graph.items():
                ready = node not in self.said and set(upstream) <= self.said.keys()
                if ready and node not in running and len(running) < AT_ONCE:
                    running[node] = self.start_node(node)
                    if node in during:
                        during.pop(node)(running[node])
            for node, process in list(running.items()):
                if process.poll() is not None:
                    del running[node]
                    if process.returncode == -9:
                        process.communicate()
                    else:
                        self.said[node] = self.end(process)
            time.sleep(0.1)

    def outputs(self, node: str) -> list[Path]:
        """The folders that a node has begun to fill."""
        found = self.workspace.artifacts.glob(f"{node}/*/*")
        return [path for path in found if path.is_dir() and path.parent.name != ".system"]


@pytest.fixture(scope="module")
def steps(small_data: Path, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Steps:
    """A run that has come to its end in spite of all."""
    bench = Bench(small_data, tmp_path_factory.mktemp("steps") / "workspace")
    steps = Steps(bench, postgres.address("steps"))
    listing = steps.start("nodes", *TINY)
    folders = [f"--data={bench.data}", f"--workspace={bench.workspace}"]
    steps.end(steps.start("prepare-run", f"--run-id={RUN}", *folders, *TINY, *PASS))
    steps.graph = {node["id"]: node["upstream"] for node in json.loads(steps.end(listing))}

    def kill(process: subprocess.Popen[str]) -> None:
        while not steps.outputs(KILLED):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
        for folder in steps.outputs(KILLED):
            (folder / "half").write_text("written by nobody who came to an end")

    def take_away(process: subprocess.Popen[str]) -> None:
        while not steps.outputs(AWAY):
            assert process.poll() is None
            time.sleep(0.05)
        postgres.stop()
        time.sleep(10)
        postgres.start()

    steps.run_nodes({KILLED: kill, AWAY: take_away})
    return steps


def test_each_node_says_how_it_came_to_its_result(steps: Steps) -> None:
    resolvers = {"PreviousStatistics", "Baseline"}
    assert steps.said == {
        node: f"{node}: {'resolved' if node in resolvers else 'run'}\n" for node in steps.graph
    }


def test_a_node_that_was_killed_leaves_nothing_of_its_first_start(steps: Steps) -> None:
    assert not list(steps.workspace.artifacts.rglob("half"))


def test_no_execution_is_lost_or_doubled(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    store = open_store(connection(steps.workspace))
    states = {item.node: item.state for item in RunStatus(store, RUN).nodes()}
    assert {node: f"{node}: {state}\n" for node, state in states.items()} == steps.said
    (context,) = (c for c in store.get_contexts_by_type("pipeline_run") if c.name == RUN)
    assert len(store.get_executions_by_context(context.id)) == len(steps.graph)


def test_a_finished_run_is_reported_as_any_other(steps: Steps) -> None:
    output = steps.end(
        steps.start("finish-run", f"--run-id={RUN}", f"--workspace={steps.bench.workspace}")
    )
    folder = steps.workspace.reports / RUN
    report = json.loads((folder / "report.json").read_text())
    assert f"blessed and pushed: {report['pushed']}" in output and f"report: {folder}" in output
    assert (Path(report["pushed"]) / "saved_model.pb").is_file()
    assert (folder / "model_card.md").is_file()


def test_the_password_is_nowhere(steps: Steps) -> None:
    written = [
        path
        for folder in (steps.workspace.reports, steps.workspace.artifacts / ".system")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert steps.workspace.reports / RUN / PIPELINE in written
    texts = [path.read_bytes().decode(errors="replace") for path in written]
    for text in (*texts, *steps.logs, *steps.said.values()):
        assert PASSWORD not in text and QUOTED not in text
    # An address with user and host is no secret, and what a log needs.
    assert not steps.workspace.metadata.exists()


def test_a_node_that_has_succeeded_is_not_run_again(steps: Steps) -> None:
    before = sorted(steps.outputs("LeakAudit"))
    assert steps.end(steps.start_node("LeakAudit")) == "LeakAudit: run\n"
    assert sorted(steps.outputs("LeakAudit")) == before


def test_another_run_takes_all_from_the_cache(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "BRISC_METADATA_STORE", steps.address)
    second: Finished = steps.bench.run(*PASS)
    assert second.code == 0, second.errors
    again = {node: state for node, state in second.states.items() if state == "run"}
    assert again == {"Pusher": "run"}
    assert not steps.workspace.metadata.exists()
