"""``brisc train-worker``: a machine that trains along with ``brisc run`` on another one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train_worker(
    workspace: Annotated[
        Path, typer.Option(help="The run's workspace, under the same path as there.")
    ],
    index: Annotated[
        int, typer.Option(min=1, help="This machine's place in the run's cluster.workers, from 0.")
    ],
) -> None:
    """Takes part in the trainings of a run on another machine, until it is stopped.

    That run lists both machines in its config.yaml, as cluster.workers.

    Example: brisc train-worker --workspace /shared/work --index 1
    """
    from pipeline.workspace import Workspace
    from trainer.several_machines import follow

    follow(Workspace.at(workspace).training, index, lambda line: print(line, flush=True))
