"""What the cache gives back where the metadata is kept in a real PostgreSQL."""

from pathlib import Path
from typing import Literal

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model, ModelRun

from pipeline.runner import run_pipeline
from pipeline.status import RunStatus
from pipeline.store import connection, open_store
from pipeline.store_address import StoreAddress
from pipeline.workspace import Workspace
from tests.postgres import running_postgres

pytestmark = pytest.mark.integration


@component
def Learn(model: OutputArtifact[Model], model_run: OutputArtifact[ModelRun]) -> None:
    """Leaves two artifacts, as Trainer does."""
    for artifact in (model, model_run):
        Path(artifact.uri).mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("runner", ["local", "beam"])
def test_a_cached_artifact_keeps_its_name_whatever_order_rows_come_in(
    runner: Literal["local", "beam"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A connection leaves it in the environment.
    monkeypatch.setenv("PGPASSWORD", "")
    with running_postgres() as server:
        address = StoreAddress.parse(server.address("runs"))
        config = connection(Workspace.at(tmp_path, store=address))
        store = open_store(config)
        # Rows of a type that was known before come first.
        store.put_artifact_type(metadata_store_pb2.ArtifactType(name="ModelRun"))
        for run in ("first", "second"):
            pipeline = Pipeline("two", str(tmp_path), components=[Learn()], enable_cache=True)
            run_pipeline(pipeline, runner, run, config)
        (first,), (second,) = (RunStatus(store, run).nodes() for run in ("first", "second"))
        types = {artifact.id: artifact.type for artifact in store.get_artifacts()}
        events = store.get_events_by_execution_ids([second.execution_id])
    assert (first.state, second.state) == ("run", "cached")
    named = {event.path.steps[0].key: types[event.artifact_id] for event in events}
    assert named == {"model": "Model", "model_run": "ModelRun"}
    assert {event.type for event in events} == {metadata_store_pb2.Event.OUTPUT}
