"""Runs ``brisc run-node`` many times at once: the imports once, then a process for each.

    python -m tests.many_nodes WORKSPACE COUNT

Prepares run ``many`` of COUNT light nodes that wait for nothing, runs them all at the same time,
then the first of another run ``same`` COUNT times at once. Prints the exit codes of both as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration.pipeline import Pipeline

from data.statistics.anomalies import SCHEMA
from pipeline import launch
from pipeline.cli.main import main
from pipeline.cli.options import read_store
from pipeline.workspace import Workspace
from tests import prepared_run

assert launch


def prepare(workspace: Workspace, run_id: str, count: int) -> list[str]:
    """Writes what ``brisc prepare-run`` would, of a pipeline of light nodes; returns their ids."""
    nodes = [f"Schema{number}" for number in range(count)]
    components = [ImportSchemaGen(schema_file=str(SCHEMA)).with_id(node) for node in nodes]
    pipeline = Pipeline("many", str(workspace.artifacts), components=components, enable_cache=False)
    prepared_run.prepare(workspace, run_id, pipeline)
    return nodes


def run_at_once(workspace: Workspace, run_id: str, nodes: list[str]) -> list[int]:
    """Starts a process for each node; returns their exit codes."""
    children = []
    for node in nodes:
        child = os.fork()
        if child == 0:
            main(["run-node", node, f"--run-id={run_id}", f"--workspace={workspace.root}"])
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


if __name__ == "__main__":
    place, number = Workspace.at(Path(sys.argv[1]), store=read_store(None)), int(sys.argv[2])
    many = prepare(place, "many", number)
    same = prepare(place, "same", number)[:1] * number
    # In a process of its own, as prepare-run: none may take a connection along.
    if os.fork() == 0:
        from pipeline.store import connection, open_store

        open_store(connection(place))
        os._exit(0)
    os.wait()
    codes = [run_at_once(place, "many", many), run_at_once(place, "same", same)]
    print(json.dumps(codes), flush=True)
