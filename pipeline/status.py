"""Reads from ML Metadata how far a run is, whatever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

SUCCEEDED = ("run", "cached", "resolved")

_STATES = {
    metadata_store_pb2.Execution.RUNNING: "running",
    metadata_store_pb2.Execution.COMPLETE: "run",
    metadata_store_pb2.Execution.CACHED: "cached",
    metadata_store_pb2.Execution.FAILED: "failed",
}


@dataclass(frozen=True)
class NodeStatus:
    """One component of one run.

    Attributes:
        node: Its id.
        state: ``running``, ``run``, ``cached``, ``failed``, or ``resolved`` for a node that
            only looks up artifacts of earlier runs.
        seconds: From its start to its end, or to the last change seen.
        execution_id: Its execution in ML Metadata.
    """

    node: str
    state: str
    seconds: float
    execution_id: int


class RunStatus:
    """The executions of one pipeline run."""

    def __init__(self, store: mlmd.MetadataStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._nodes: dict[int, str] = {}

    def nodes(self) -> list[NodeStatus]:
        """The components that have started, in order, each by its last start."""
        context = self._store.get_context_by_type_and_name("pipeline_run", self._run_id)
        if context is None:
            return []
        executions = self._store.get_executions_by_context(context.id)
        nodes = [
            NodeStatus(
                self._node(execution.id),
                self._state(execution),
                (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000,
                execution.id,
            )
            for execution in sorted(executions, key=lambda item: item.id)
        ]
        # A resolver that was interrupted begins anew under another number.
        return list({node.node: node for node in nodes}.values())

    def artifact(self, node: str, type_name: str) -> metadata_store_pb2.Artifact | None:
        """The artifact of one type that a component of this run left or took from the cache."""
        for status in self.nodes():
            if status.node != node:
                continue
            events = self._store.get_events_by_execution_ids([status.execution_id])
            ids = [
                event.artifact_id
                for event in events
                if event.type == metadata_store_pb2.Event.OUTPUT
            ]
            for artifact in self._store.get_artifacts_by_id(ids):
                if artifact.type == type_name:
                    return artifact
        return None

    def blessed(self) -> bool | None:
        """Whether Evaluator blessed the model, and it could be served; ``None``: not judged yet."""
        blessing = self.artifact("Evaluator", "ModelBlessing")
        if blessing is None:
            return None
        served = self.artifact("InfraCheck", "InfraBlessing")
        return is_blessed(blessing) and (served is None or is_blessed(served))

    def pushed(self) -> Path | None:
        """The folder of the version that was pushed, whether or not it is still there."""
        found = self.artifact("Pusher", "PushedModel")
        place = found.custom_properties["pushed_destination"].string_value if found else ""
        return Path(place) if place else None

    def _state(self, execution: metadata_store_pb2.Execution) -> str:
        state = _STATES.get(execution.last_known_state, "running")
        resolver = execution.type.rpartition(".")[2] == "Resolver"
        return "resolved" if resolver and state == "run" else state

    def _node(self, execution_id: int) -> str:
        if execution_id not in self._nodes:
            contexts = self._store.get_contexts_by_execution(execution_id)
            name = next(item.name for item in contexts if item.type == "node")
            # TFX names the context PIPELINE.NODE.
            self._nodes[execution_id] = name.partition(".")[2]
        return self._nodes[execution_id]


def is_blessed(artifact: metadata_store_pb2.Artifact) -> bool:
    """What a blessing says, of Evaluator or InfraCheck."""
    return bool(artifact.custom_properties["blessed"].int_value == 1)
