"""Where commands about runs read ML Metadata from."""

from __future__ import annotations

from data.errors import InputError
from pipeline.status import RunStatus
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace


class RunStore:
    """The metadata of a workspace.

    Attributes:
        metadata: The store itself.
    """

    def __init__(self, workspace: Workspace, *, writable: bool = False) -> None:
        """Connects; reading is possible while a run writes.

        Raises:
            InputError: No run has begun there, or the store cannot be used.
        """
        if not workspace.used:
            raise InputError(
                workspace.root,
                "no run has begun in this workspace",
                "Start one with `brisc run --workspace`, or give another --workspace",
            )
        self.metadata = open_store(connection(workspace, readonly=not writable))

    def begun(self) -> dict[str, float]:
        """The ids of all runs that have come to a component, and when, in seconds of the epoch."""
        contexts = self.metadata.get_contexts_by_type("pipeline_run")
        return {context.name: context.create_time_since_epoch / 1000 for context in contexts}

    def status(self, run_id: str) -> RunStatus:
        """How far a run is."""
        return RunStatus(self.metadata, run_id)
