"""Data that arrives span by span: trained on, passed over, and trained on from where the last
model ended."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from rich.console import Console

from data.layout import scan
from data.sample import write_sample
from pipeline.cli.options import read_parameters, read_paths, run_request
from pipeline.steps.finish import finish
from pipeline.steps.node import run_node
from pipeline.steps.prepare import prepare
from pipeline.workspace import Workspace
from tests.end_to_end.conftest import TINY, Bench, Finished

pytestmark = pytest.mark.orchestration

SETTINGS = [
    *TINY[1:],
    "--set=model.image_size=32",
    "--set=serving.infra_check=none",
    "--set=training.epochs=1",
    "--set=training.warm_start=true",
    # Of 48 slices distances are large by chance; slices of another size have 1 for the sizes.
    "--set=drift.runs={height: 0.5, width: 0.5, tumor_area: 0.8}",
    "--set=drift.within=stop",
    "--set=gate.thresholds=[{metric: accuracy, min: 0}]",
    "--set=gate.changes=[]",
]


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A workspace, and where its data arrives."""
    root = tmp_path_factory.mktemp("continuous")
    return Bench(root / "span-{SPAN}", root / "workspace")


def arrive(spans: Bench, number: int, *, halved: bool = False) -> None:
    """Brings the data of a span."""
    folder = Path(str(spans.data).format(SPAN=number))
    write_sample(folder, images=48, seed=number)
    for item in scan(folder).slices if halved else ():
        for file in filter(None, (item.image, item.mask)):
            whole = Image.open(file)
            whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.NEAREST).save(file)


@pytest.fixture(scope="module")
def first(spans: Bench) -> Finished:
    arrive(spans, 1)
    return spans.run(*SETTINGS)


@pytest.fixture(scope="module")
def second(spans: Bench, first: Finished) -> Finished:
    arrive(spans, 2)
    return spans.run(*SETTINGS)


@pytest.fixture(scope="module")
def third(spans: Bench, second: Finished) -> Finished:
    arrive(spans, 3, halved=True)
    # Weights that are not moved are those that it began with, and no seed of its own counts.
    return spans.run(*SETTINGS, "--set=training.learning_rate=0", "--set=training.seed=7")


def log(spans: Bench) -> str:
    """That of the last run."""
    return (max(spans.workspace.glob("runs/*")) / "log.txt").read_text()


def kernels(model: Path) -> list[np.ndarray]:
    """The weights of Trainer's model that training moves, without the batch norms'."""
    prefix = str(model / "Format-Training" / "weights")
    names = [name for name, shape in tf.train.list_variables(prefix) if len(shape) > 1]
    return [tf.train.load_variable(prefix, name) for name in names]


def test_a_first_span_is_trained_on_and_its_model_served(spans: Bench, first: Finished) -> None:
    assert first.code == 0, first.errors
    assert first.errors.startswith(f"span 1: {spans.data.parent / 'span-1'}\n")
    assert first.states["Trainer"] == "run"
    assert "no blessed model of other data: beginning with none weights" in log(spans)
    assert Path(first.report["pushed"]).is_dir()


def test_a_span_that_the_model_in_service_fits_is_not_trained_on(
    spans: Bench, first: Finished, second: Finished
) -> None:
    assert second.code == 0, second.errors
    assert second.errors.startswith("span 2: ")
    (said,) = [line for line in second.output.splitlines() if line.startswith("not trained: ")]
    assert said.endswith(f"it stays in service: {first.report['pushed']}")
    assert second.states["DriftGate"] == "run"
    assert not {"Transform", "BaseModel", "Trainer", "Pusher"} & set(second.states)
    assert [str(version) for version in spans.models.iterdir()] == [first.report["pushed"]]
    listed = json.loads(spans.command("runs", f"--workspace={spans.workspace}", "--json").stdout)
    assert [run["state"] for run in listed] == ["finished", "not trained"]


def test_a_span_that_has_drifted_is_trained_on_from_the_last_model(
    spans: Bench, first: Finished, third: Finished
) -> None:
    assert third.code == 0, third.errors
    assert third.states["BaseModel"] == "resolved" and third.states["Trainer"] == "run"
    assert third.report["drift"]["previous"] is not None
    assert "beginning with the weights of" in log(spans)
    trained = spans.workspace.glob("artifacts/Trainer/model/*")
    base, begun = map(kernels, sorted(trained, key=lambda folder: int(folder.name)))
    assert third.report["pushed"] != first.report["pushed"]
    assert len(base) == len(begun) > 30
    for one, other in zip(base, begun, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_in_steps_what_waits_for_the_gate_is_skipped_and_the_run_finished(
    spans: Bench, third: Finished
) -> None:
    parameters = read_parameters(None, "demo", [item.removeprefix("--set=") for item in SETTINGS])
    paths = read_paths(None, data=spans.data, workspace=spans.workspace)
    # The very data of the model that is served now.
    folder = prepare(run_request(paths, parameters, None, span=3, skip_bad=False), "steps")
    workspace = Workspace.at(spans.workspace)
    nodes = json.loads(folder.path.joinpath("pipeline.json").read_text())["nodes"]
    names = [node["pipelineNode"]["nodeInfo"]["id"] for node in nodes]
    states = {name: run_node(workspace, "steps", name) for name in names}
    assert states["DriftGate"] == "run"
    assert states["Transform"] == states["BaseModel"] == states["ModelReport"] == "skipped"
    refused, told = finish(workspace, "steps", Console(file=io.StringIO()))
    assert not refused
    assert str(told["not trained"]).endswith(f"it stays in service: {third.report['pushed']}")
