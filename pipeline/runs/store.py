"""Where commands about runs read ML Metadata from."""

from __future__ import annotations

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from data.errors import InputError
from pipeline.workspace import Workspace


def connection(
    workspace: Workspace, *, writable: bool = False
) -> metadata_store_pb2.ConnectionConfig:
    """How the metadata of ``workspace`` is reached; reading is possible while a run writes.

    Raises:
        InputError: No run has begun there.
    """
    if not workspace.metadata.is_file():
        raise InputError(
            workspace.root,
            "no run has begun in this workspace",
            "Start one with `brisc run --workspace`, or give another --workspace",
        )
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(workspace.metadata)
    modes = metadata_store_pb2.SqliteMetadataSourceConfig
    config.sqlite.connection_mode = modes.READWRITE if writable else modes.READONLY
    return config


def run_ids(store: mlmd.MetadataStore) -> list[str]:
    """The ids of all runs that have come to a component, in the order in which they began."""
    contexts = store.get_contexts_by_type("pipeline_run")
    return [context.name for context in sorted(contexts, key=lambda context: context.id)]
