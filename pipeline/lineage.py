"""What came of what, by ML Metadata."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from data.statistics.store import FINGERPRINT
from serving.model_files import versions

_DONE = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_INPUT = metadata_store_pb2.Event.INPUT
_OUTPUT = metadata_store_pb2.Event.OUTPUT


def readers(store: mlmd.MetadataStore, component: str, artifacts: Iterable[int]) -> dict[int, int]:
    """The finished executions of a component, the latest first, and what each read."""
    return _executions(store, component, artifacts, _INPUT)


def written(store: mlmd.MetadataStore, component: str, artifacts: Iterable[int]) -> list[int]:
    """What a component left when it had read one of ``artifacts``, the latest first."""
    return _at(store, readers(store, component, artifacts), _OUTPUT)


def sources(store: mlmd.MetadataStore, component: str, artifacts: Iterable[int]) -> list[int]:
    """What a component had read when it left one of ``artifacts``."""
    return _at(store, _executions(store, component, artifacts, _OUTPUT), _INPUT)


def trained_on(
    store: mlmd.MetadataStore, models: Iterable[int]
) -> list[metadata_store_pb2.Artifact]:
    """The examples, as ingest left them, that ``models`` were trained on."""
    transformed = sources(store, "Trainer", models)
    read = sources(store, "Transform", transformed)
    found = store.get_artifacts_by_id(read) if read else []
    return [artifact for artifact in found if FINGERPRINT in artifact.custom_properties]


def in_service(
    pushed: Iterable[metadata_store_pb2.Artifact], folder: Path
) -> metadata_store_pb2.Artifact | None:
    """Of what Pusher left, that of the newest version in ``folder``, which is what is served.

    ``None`` where there is no version, or the newest is from somewhere else.
    """
    newest = [(folder / str(version)).resolve() for version in versions(folder)[-1:]]
    found = [item for item in pushed if destination(item) in newest]
    return max(found, key=lambda item: item.id, default=None)


def destination(pushed: metadata_store_pb2.Artifact) -> Path | None:
    """Where Pusher has put a model, without links; ``None`` where it has put it nowhere."""
    place = pushed.custom_properties["pushed_destination"].string_value
    return Path(place).resolve() if place else None


def _executions(
    store: mlmd.MetadataStore, component: str, artifacts: Iterable[int], kind: int
) -> dict[int, int]:
    ids = list(artifacts)
    events = store.get_events_by_artifact_ids(ids) if ids else []
    of = {event.execution_id: event.artifact_id for event in events if event.type == kind}
    found = store.get_executions_by_id(list(of)) if of else []
    return {
        item.id: of[item.id]
        for item in sorted(found, key=lambda item: item.id, reverse=True)
        if item.last_known_state in _DONE and item.type.rpartition(".")[2] == component
    }


def _at(store: mlmd.MetadataStore, executions: Iterable[int], kind: int) -> list[int]:
    ids = list(executions)
    events = store.get_events_by_execution_ids(ids) if ids else []
    order = {number: place for place, number in enumerate(ids)}
    events = sorted(events, key=lambda event: order[event.execution_id])
    return list(dict.fromkeys(event.artifact_id for event in events if event.type == kind))
