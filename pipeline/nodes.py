"""Which nodes of a compiled pipeline wait for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfx.proto.orchestration import pipeline_pb2


def upstream_nodes(ir: pipeline_pb2.Pipeline) -> dict[str, list[str]]:
    """The nodes that each node waits for, in an order in which they can run."""
    return {
        item.pipeline_node.node_info.id: list(item.pipeline_node.upstream_nodes)
        for item in ir.nodes
    }


def downstream_nodes(ir: pipeline_pb2.Pipeline, node: str) -> set[str]:
    """The nodes that wait for ``node``, or for one that does."""
    found = {node}
    for name, waited in upstream_nodes(ir).items():
        if found.intersection(waited):
            found.add(name)
    return found - {node}
