"""Finds the data that this run's is compared with."""

from __future__ import annotations

from collections.abc import Iterable

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common.resolver import ResolverStrategy

from data.statistics.store import FINGERPRINT

_DONE = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)


class PreviousStatisticsStrategy(ResolverStrategy):
    """The statistics of the last data set, other than this one, that got as far as Transform.

    Other means another content: an unchanged set compared with itself would tell nothing, and
    would change the inputs of a run that is unchanged. What a gate has stopped before Transform
    is nothing to keep to.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves ``statistics`` and ``examples``; neither where there was no such data set.

        ``current`` holds the examples of this run.
        """
        current = input_dict["current"]
        own = {_fingerprint(artifact) for artifact in current}
        # Those of Transform are examples too, and have no fingerprint.
        others = {a.id: a for a in input_dict["examples"] if _fingerprint(a) not in {*own, ""}}
        statistics = {artifact.id: artifact for artifact in input_dict["statistics"]}
        # Newest first; a run whose Transform came from the cache counts as any other.
        for examples in _executions(store, "Transform", others).values():
            for generator in _executions(store, "StatisticsGen", [examples]):
                for event in store.get_events_by_execution_ids([generator]):
                    if event.type == event.OUTPUT and event.artifact_id in statistics:
                        return {
                            "current": current,
                            "examples": [others[examples]],
                            "statistics": [statistics[event.artifact_id]],
                        }
        return {"current": current, "examples": [], "statistics": []}


def _executions(
    store: mlmd.MetadataStore, component: str, artifacts: Iterable[int]
) -> dict[int, int]:
    """The finished executions of a component, the latest first, and what each read."""
    ids = list(artifacts)
    events = store.get_events_by_artifact_ids(ids) if ids else []
    read = {event.execution_id: event.artifact_id for event in events if event.type == event.INPUT}
    found = store.get_executions_by_id(list(read)) if read else []
    return {
        item.id: read[item.id]
        for item in sorted(found, key=lambda item: item.id, reverse=True)
        if item.last_known_state in _DONE and item.type.rpartition(".")[2] == component
    }


def _fingerprint(examples: types.Artifact) -> str:
    return examples.get_string_custom_property(FINGERPRINT)
