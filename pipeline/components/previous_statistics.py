"""Finds the data that this run's is compared with."""

from __future__ import annotations

from pathlib import Path

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.components.common.resolver import ResolverStrategy

from data.statistics.store import FINGERPRINT
from pipeline.lineage import in_service, readers, sources, trained_on, written


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
        # Newest first; a run whose Transform came from the cache counts as any other.
        for examples in readers(store, "Transform", others).values():
            statistics = _statistics(store, input_dict["statistics"], [examples])
            if statistics:
                return {
                    "current": current,
                    "examples": [others[examples]],
                    "statistics": statistics,
                }
        return {"current": current, "examples": [], "statistics": []}


class ServedStatisticsStrategy(ResolverStrategy):
    """The statistics of the data that the model in service was trained on, this run's own or not.

    What is compared with the last other data set instead would never see a slow change add up.
    """

    def __init__(self, folder: str) -> None:
        """Looks for the model among the versions in ``folder``."""
        self._folder = Path(folder)

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves ``statistics``, ``examples`` and ``pushed``; none where nothing is in service.

        ``current`` holds the examples of this run.
        """
        resolved: dict[str, list[types.Artifact]] = {
            "current": input_dict["current"],
            "statistics": [],
            "examples": [],
            "pushed": [],
        }
        pushed = in_service((item.mlmd_artifact for item in input_dict["pushed"]), self._folder)
        if pushed is None:
            return resolved
        examples = {item.id for item in trained_on(store, sources(store, "Pusher", [pushed.id]))}
        statistics = _statistics(store, input_dict["statistics"], examples)
        if not statistics:
            return resolved
        return {
            **resolved,
            "statistics": statistics,
            "examples": [item for item in input_dict["examples"] if item.id in examples][:1],
            "pushed": [item for item in input_dict["pushed"] if item.id == pushed.id],
        }


def _statistics(
    store: mlmd.MetadataStore, known: list[types.Artifact], examples: list[int] | set[int]
) -> list[types.Artifact]:
    """Those of ``known`` that are of ``examples``: the latest, or none."""
    by_id = {artifact.id: artifact for artifact in known}
    found = written(store, "StatisticsGen", examples)
    return [by_id[number] for number in found if number in by_id][:1]


def _fingerprint(examples: types.Artifact) -> str:
    return examples.get_string_custom_property(FINGERPRINT)
