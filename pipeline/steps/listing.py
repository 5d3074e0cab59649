"""``brisc nodes``: the nodes of the pipeline that some parameters give."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pipeline.compiled import compile_pipeline
from pipeline.configuration import Parameters
from pipeline.graph import build_pipeline
from pipeline.nodes import upstream_nodes
from pipeline.workspace import Workspace


def list_nodes(parameters: Parameters) -> list[dict[str, Any]]:
    """Each node's ``id`` and its ``upstream``, the ids that it waits for; needs no data.

    They are in an order in which they can run.
    """
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
        upstream = upstream_nodes(compile_pipeline(pipeline, "any"))
    return [{"id": name, "upstream": waited} for name, waited in upstream.items()]
