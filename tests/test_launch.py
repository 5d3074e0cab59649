"""Single nodes of a small pipeline, in an order of one's own."""

from pathlib import Path

import pytest
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model

from data.errors import ConfigurationError, InputError
from pipeline.launch import launch
from pipeline.steps.node import run_node
from pipeline.steps.record import RunFolder
from pipeline.store import connection
from pipeline.workspace import Workspace
from tests.prepared_run import prepare

RUN = "one"


@component
def Make(model: OutputArtifact[Model]) -> None:
    """Leaves an artifact."""
    Path(model.uri).mkdir(parents=True, exist_ok=True)


@component
def Use(model: InputArtifact[Model]) -> None:
    """Needs it."""
    assert Path(model.uri).is_dir()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Has run ``RUN`` of both components prepared."""
    place = Workspace.at(tmp_path)
    made = Make()
    used = Use(model=made.outputs["model"])
    pipeline = Pipeline("two", str(place.artifacts), components=[made, used])
    prepare(place, RUN, pipeline)
    return place


def test_a_node_whose_inputs_are_missing_fails_and_runs_once_they_are_there(
    workspace: Workspace,
) -> None:
    # TFX's launcher logs this and returns as if it had run.
    ir, config = RunFolder(workspace, RUN).pipeline(), connection(workspace)
    with pytest.raises(InputError, match="Use: what it needs of other components is not there"):
        launch(ir, "Use", config)
    assert launch(ir, "Make", config).state == "run"
    assert launch(ir, "Use", config).state == "run"


def test_a_step_says_what_has_to_run_before_it(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="Use: Make has not succeeded in run one"):
        run_node(workspace, RUN, "Use")
    with pytest.raises(ConfigurationError, match="Its nodes are Make, Use"):
        run_node(workspace, RUN, "Throw")
    assert [run_node(workspace, RUN, node) for node in ("Make", "Use")] == ["run", "run"]
