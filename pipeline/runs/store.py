"""Where commands about runs read ML Metadata from."""

from __future__ import annotations

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from data.errors import InputError
from pipeline.status import RunStatus
from pipeline.workspace import Workspace


class RunStore:
    """The metadata of a workspace.

    Attributes:
        metadata: The store itself.
    """

    def __init__(self, workspace: Workspace, *, writable: bool = False) -> None:
        """Connects; reading is possible while a run writes.

        Raises:
            InputError: No run has begun there.
        """
        if not workspace.metadata.is_file():
            raise InputError(
                workspace.root,
                "no run has begun in this workspace",
                "Start one with `brisc run --workspace`, or give another --workspace",
            )
        self._connection = metadata_store_pb2.ConnectionConfig()
        self._connection.sqlite.filename_uri = str(workspace.metadata)
        modes = metadata_store_pb2.SqliteMetadataSourceConfig
        mode = modes.READWRITE if writable else modes.READONLY
        self._connection.sqlite.connection_mode = mode
        self.metadata = mlmd.MetadataStore(self._connection)

    def begun(self) -> dict[str, float]:
        """The ids of all runs that have come to a component, and when, in seconds of the epoch."""
        contexts = self.metadata.get_contexts_by_type("pipeline_run")
        return {context.name: context.create_time_since_epoch / 1000 for context in contexts}

    def status(self, run_id: str) -> RunStatus:
        """How far a run is."""
        return RunStatus(self._connection, run_id)
