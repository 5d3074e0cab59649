"""A workspace with the metadata and folders that TFX leaves, made without TFX."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from pipeline.workspace import Workspace

COMPLETE = metadata_store_pb2.Execution.COMPLETE
CACHED = metadata_store_pb2.Execution.CACHED
FAILED = metadata_store_pb2.Execution.FAILED
RUNNING = metadata_store_pb2.Execution.RUNNING

# What each component leaves, as name of the output and type of the artifact.
OUTPUTS = {
    "LeakAudit": {"audit": "DataAudit"},
    "BriscExampleGen": {"examples": "Examples"},
    "StatisticsGen": {"statistics": "ExampleStatistics"},
    "Transform": {"transformed_examples": "Examples"},
    "Trainer": {"model": "Model", "model_run": "ModelRun"},
    "Evaluator": {"evaluation": "ModelEvaluation", "blessing": "ModelBlessing"},
    "Pusher": {"pushed_model": "PushedModel"},
}


class RunRecords:
    """Writes runs into a workspace, component by component.

    Attributes:
        workspace: Where.
        store: Its metadata.
    """

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace.at(root)
        root.mkdir(parents=True)
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(self.workspace.metadata)
        config.sqlite.connection_mode = (
            metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        )
        self.store = mlmd.MetadataStore(config)

    def node(
        self,
        run: str,
        name: str,
        state: int = COMPLETE,
        *,
        inputs: Sequence[int] = (),
        cached: Sequence[int] = (),
        settings: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Records one execution; returns the ids of what it left or took from the cache.

        Args:
            run: Id of the run.
            name: The component.
            state: How far it is; artifacts are left by ``COMPLETE`` alone.
            inputs: What it read.
            cached: What it took from the cache.
            settings: Its parameters.
            properties: Custom properties of what it leaves.
        """
        (execution,) = self.store.put_executions(
            [
                metadata_store_pb2.Execution(
                    type_id=self.store.put_execution_type(
                        metadata_store_pb2.ExecutionType(name=f"some.module.{name}")
                    ),
                    last_known_state=state,
                    custom_properties=_values(settings or {}),
                )
            ]
        )
        made = (
            [self._artifact(name, key, execution, properties or {}) for key in OUTPUTS[name]]
            if state == COMPLETE
            else []
        )
        left = [*cached, *made]
        event = metadata_store_pb2.Event
        self.store.put_events(
            [
                *(event(execution_id=execution, artifact_id=i, type=event.INPUT) for i in inputs),
                *(event(execution_id=execution, artifact_id=i, type=event.OUTPUT) for i in left),
            ]
        )
        contexts = [self._context("node", f"brisc.{name}"), self._context("pipeline_run", run)]
        self.store.put_attributions_and_associations(
            [],
            [
                metadata_store_pb2.Association(execution_id=execution, context_id=context)
                for context in contexts
            ],
        )
        return left

    def report(self, run: str, **content: Any) -> None:
        """Writes what a run leaves at its end."""
        folder = self.workspace.reports / run
        folder.mkdir(parents=True, exist_ok=True)
        scores = {part: {"accuracy": 0.5, "dice_tumour": 0.25} for part in ("all", "leak=none")}
        (folder / "report.json").write_text(json.dumps({"scores": scores, **content}))

    def folder(self, artifact: int) -> Path:
        """Where an artifact lies, or lay."""
        (found,) = self.store.get_artifacts_by_id([artifact])
        return Path(found.uri)

    def live(self, artifact: int) -> bool:
        """Whether the cache may hand an artifact out."""
        (found,) = self.store.get_artifacts_by_id([artifact])
        return bool(found.state == metadata_store_pb2.Artifact.LIVE)

    def _artifact(self, node: str, key: str, execution: int, properties: Mapping[str, Any]) -> int:
        folder = self.workspace.artifacts / node / key / str(execution)
        folder.mkdir(parents=True)
        (folder / "content").write_bytes(bytes(1000))
        (made,) = self.store.put_artifacts(
            [
                metadata_store_pb2.Artifact(
                    type_id=self.store.put_artifact_type(
                        metadata_store_pb2.ArtifactType(name=OUTPUTS[node][key])
                    ),
                    uri=str(folder),
                    state=metadata_store_pb2.Artifact.LIVE,
                    custom_properties=_values(properties),
                )
            ]
        )
        return int(made)

    def _context(self, kind: str, name: str) -> int:
        known = self.store.get_context_by_type_and_name(kind, name)
        if known is not None:
            return int(known.id)
        type_id = self.store.put_context_type(metadata_store_pb2.ContextType(name=kind))
        (made,) = self.store.put_contexts([metadata_store_pb2.Context(type_id=type_id, name=name)])
        return int(made)


def _values(content: Mapping[str, Any]) -> dict[str, metadata_store_pb2.Value]:
    return {
        key: metadata_store_pb2.Value(int_value=value)
        if isinstance(value, int)
        else metadata_store_pb2.Value(string_value=str(value))
        for key, value in content.items()
    }
