"""ML Metadata as runs on several data sets leave it, and what later runs find in it."""

from __future__ import annotations

from pathlib import Path

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.types import Artifact, standard_artifacts

from data.statistics.store import FINGERPRINT
from pipeline.components.base_model import BaseModelStrategy
from pipeline.components.previous_statistics import (
    PreviousStatisticsStrategy,
    ServedStatisticsStrategy,
)


class DataRecords:
    """ML Metadata in memory, filled as runs fill it."""

    def __init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.fake_database.SetInParent()
        self.metadata = MetadataStore(config)
        self.examples: dict[str, standard_artifacts.Examples] = {}
        self.statistics: dict[str, standard_artifacts.ExampleStatistics] = {}
        self.models: list[standard_artifacts.Model] = []
        self.blessings: list[standard_artifacts.ModelBlessing] = []
        self.pushed: list[standard_artifacts.PushedModel] = []

    def run(
        self, data: str, *, state: int = mlmd.Execution.COMPLETE, push: Path | None = None
    ) -> str | None:
        """A run on ``data``: which other data it is compared with.

        Args:
            data: Its fingerprint.
            state: Transform's.
            push: Where its model is pushed; ``None``: it is trained and refused.
        """
        if data not in self.examples:
            self.examples[data] = self._artifact(standard_artifacts.Examples())
            self.examples[data].set_string_custom_property(FINGERPRINT, data)
            self.metadata.put_artifacts([self.examples[data].mlmd_artifact])
            self.statistics[data] = self._artifact(standard_artifacts.ExampleStatistics())
        examples, statistics = self.examples[data], self.statistics[data]
        self._execution("StatisticsGen", mlmd.Execution.COMPLETE, examples, statistics)
        found = PreviousStatisticsStrategy().resolve_artifacts(self.metadata, self._known(data))
        transformed, model = (
            self._artifact(kind())
            for kind in (standard_artifacts.Examples, standard_artifacts.Model)
        )
        self._execution("Transform", state, examples, transformed)
        if state != mlmd.Execution.FAILED:
            self._execution("Trainer", state, transformed, model)
            self.models.append(model)
            self.blessings.append(blessing(model.id, blessed=push is not None))
        if push is not None:
            push.mkdir(parents=True, exist_ok=True)
            self.pushed.append(self._artifact(pushed_to(str(push))))
            self._execution("Pusher", mlmd.Execution.COMPLETE, model, self.pushed[-1])
        return self._name(found)

    def served(self, data: str, folder: Path) -> str | None:
        """Which data a run on ``data`` is compared with, by the model in service in ``folder``."""
        given = {**self._known(data), "pushed": self.pushed}
        found = ServedStatisticsStrategy(str(folder)).resolve_artifacts(self.metadata, given)
        assert len(found["pushed"]) == len(found["statistics"])
        return self._name(found)

    def base(self, data: str) -> int | None:
        """With which model, from 0 in the order of runs, a training on ``data`` begins."""
        given = {
            "current": [self.examples[data]],
            "model": list(self.models),
            "model_blessing": self.blessings,
        }
        found = BaseModelStrategy().resolve_artifacts(self.metadata, given)
        assert found is not None and found["current"] == given["current"]
        return self.models.index(found["model"][0]) if found["model"] else None

    def _known(self, data: str) -> dict[str, list[Artifact]]:
        return {
            "current": [self.examples[data]],
            "examples": list(self.examples.values()),
            "statistics": list(self.statistics.values()),
        }

    def _name(self, found: dict[str, list[Artifact]]) -> str | None:
        if not found["statistics"]:
            assert not found["examples"]
            return None
        name = found["examples"][0].get_string_custom_property(FINGERPRINT)
        assert found["statistics"] == [self.statistics[name]]
        return str(name)

    def _artifact(self, artifact):
        artifact.type_id = self.metadata.put_artifact_type(
            mlmd.ArtifactType(name=artifact.type_name)
        )
        (artifact.id,) = self.metadata.put_artifacts([artifact.mlmd_artifact])
        return artifact

    def _execution(self, component, state, read, written) -> None:
        type_id = self.metadata.put_execution_type(mlmd.ExecutionType(name=f"tfx.{component}"))
        execution = mlmd.Execution(type_id=type_id, last_known_state=state)
        (number,) = self.metadata.put_executions([execution])
        events = [
            mlmd.Event(artifact_id=read.id, execution_id=number, type=mlmd.Event.INPUT),
            mlmd.Event(artifact_id=written.id, execution_id=number, type=mlmd.Event.OUTPUT),
        ]
        self.metadata.put_events(events)


def pushed_to(place: str) -> standard_artifacts.PushedModel:
    pushed = standard_artifacts.PushedModel()
    pushed.set_string_custom_property("pushed_destination", place)
    return pushed


def blessing(model: int, *, blessed: bool) -> standard_artifacts.ModelBlessing:
    artifact = standard_artifacts.ModelBlessing()
    artifact.set_int_custom_property("current_model_id", model)
    artifact.set_int_custom_property("blessed", int(blessed))
    return artifact
