"""``brisc nodes``: the nodes of the pipeline that some parameters give."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipeline.compiled import compile_pipeline
from pipeline.configuration import Parameters
from pipeline.graph import build_pipeline
from pipeline.steps.node import upstream_nodes
from pipeline.workspace import Workspace


def list_nodes(parameters: Parameters) -> dict[str, list[str]]:
    """Each node and those it waits for, in an order in which they can run; needs no data."""
    with tempfile.TemporaryDirectory(prefix="brisc-nodes-") as folder:
        root = Path(folder)
        pipeline = build_pipeline(
            parameters,
            Workspace.at(root),
            data_dir=root,
            data_fingerprint="0",
            skipped=[],
            beam_args=[],
        )
        return upstream_nodes(compile_pipeline(pipeline, "any"))
