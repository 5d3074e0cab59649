"""``brisc run-node``: one node of a prepared run."""

from __future__ import annotations

from data.errors import ConfigurationError, InputError
from data.lock import in_turn
from pipeline.decision import left_out
from pipeline.nodes import upstream_nodes
from pipeline.status import SUCCEEDED, RunStatus
from pipeline.steps.record import RunFolder
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace

SKIPPED = "skipped"


def run_node(workspace: Workspace, run_id: str, node: str) -> str:
    """Runs ``node``, unless it has succeeded in this run before, or the gate has left it out.

    Who starts a node that is running waits for it.

    Returns:
        How it came to its result, as ``NodeStatus.state`` has it, or ``skipped``.

    Raises:
        ConfigurationError: The pipeline has no such node.
        InputError: The run has not been prepared, or an upstream node has not succeeded.
    """
    folder = RunFolder(workspace, run_id)
    ir = folder.pipeline()
    upstream = upstream_nodes(ir)
    if node not in upstream:
        raise ConfigurationError(
            node, f"run {run_id} has no such node", f"Its nodes are {', '.join(upstream)}"
        )
    with workspace.locked(run_id), in_turn(folder.path / f".{node}.lock"):
        config = connection(workspace)
        status = RunStatus(open_store(config), run_id)
        done = {item.node: item.state for item in status.nodes() if item.state in SUCCEEDED}
        if node in done:
            return done[node]
        if node in left_out(ir, status):
            return SKIPPED
        missing = [name for name in upstream[node] if name not in done]
        if missing:
            raise InputError(
                node,
                f"{', '.join(missing)} has not succeeded in run {run_id}",
                "Run what a node needs before it",
            )
        if node in ("Tuner", "Trainer"):
            from trainer.hardware import share_gpus

            # Their trainings may run in processes beside this one.
            share_gpus()
        # Not before: it takes TensorFlow and Beam with it.
        from pipeline.launch import launch

        return launch(ir, node, config).state
