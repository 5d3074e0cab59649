"""``brisc finish-run``: says and keeps what the nodes of a run came to."""

from __future__ import annotations

from rich.console import Console

from data.errors import InputError
from pipeline.console import Place
from pipeline.decision import left_out
from pipeline.nodes import upstream_nodes
from pipeline.outcome import read_outcome
from pipeline.report import report
from pipeline.status import SUCCEEDED, RunStatus
from pipeline.steps.record import RunFolder
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace
from trainer.checkpoints import forget_finished


def finish(workspace: Workspace, run_id: str, console: Console) -> tuple[bool, dict[str, Place]]:
    """Writes the run's report and prints it.

    Returns:
        Whether a model was trained and refused, and where what lies, by name.

    Raises:
        InputError: The run has not been prepared, or not all of its nodes have succeeded, apart
            from those that its gate has left out.
    """
    folder = RunFolder(workspace, run_id)
    request, ir = folder.request(), folder.pipeline()
    with workspace.locked(run_id):
        status = RunStatus(open_store(connection(workspace)), run_id)
        states = {node.node: node.state for node in status.nodes()}
        skipped = left_out(ir, status)
        wanted = [name for name in upstream_nodes(ir) if name not in skipped]
        missing = [name for name in wanted if states.get(name) not in SUCCEEDED]
        if missing:
            found = ", ".join(f"{name} ({states.get(name, 'not run')})" for name in missing)
            raise InputError(
                folder.path,
                f"run {run_id} is not at its end: {found}",
                "Run these nodes with `brisc run-node`, then finish it again",
            )
        forget_finished(workspace.training)
        outcome = read_outcome(status, request.parameters.gate)
        return outcome.refused, report(outcome, folder.path, console)
