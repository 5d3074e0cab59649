"""A candidate is served on trial: what is wrong with it is said, and it is not blessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tfx.components import InfraValidator
from tfx.types import Channel, standard_artifacts

from pipeline.config import GateConfig
from pipeline.judging import gated
from serving import served_check
from serving.config import ServingConfig
from serving.prediction import Prediction
from serving.served_check import find_faults
from tests.affine_model import write_version
from tests.folders import encode


def test_a_model_of_another_kind_is_at_fault(tmp_path: Path) -> None:
    model = write_version(tmp_path / "other", 1, offset=1.0)
    (fault,) = find_faults(model, [b"slice"])
    assert str(model) in fault and "does not return" in fault


def test_a_damaged_model_is_at_fault(tmp_path: Path) -> None:
    model = write_version(tmp_path / "damaged", 1, offset=1.0)
    (model / "saved_model.pb").write_bytes(b"no model")
    (fault,) = find_faults(model, [b"slice"])
    assert str(model) in fault


def prediction(mask: bytes, *probabilities: float) -> Prediction:
    names = ("glioma", "meningioma", "pituitary", "no_tumor")
    return Prediction("glioma", dict(zip(names, probabilities, strict=True)), mask, 1)


def png(pixels: list[list[int]]) -> bytes:
    return encode(Image.fromarray(np.array(pixels, np.uint8)), "PNG")


def test_answers_that_differ_are_at_fault() -> None:
    mask = png([[0, 255], [0, 0]])
    own = prediction(mask, 0.7, 0.1, 0.1, 0.1)
    assert served_check._differences(own, own) == []
    (fault,) = served_check._differences(prediction(mask, 0.6, 0.2, 0.1, 0.1), own)
    assert "probability is off by 0.1" in fault
    (fault,) = served_check._differences(prediction(mask, *[float("nan")] * 4), own)
    assert "probability" in fault
    other = prediction(png([[0, 255], [255, 0]]), 0.7, 0.1, 0.1, 0.1)
    assert served_check._differences(other, own) == ["1 pixels of the mask differ"]


@pytest.mark.parametrize(("engine", "nodes"), [("embedded", 4), ("docker", 4), ("none", 3)])
def test_configuration_decides_what_serves_it(tmp_path: Path, engine: str, nodes: int) -> None:
    channels = (
        Channel(type=standard_artifacts.Model),
        Channel(type=standard_artifacts.Examples),
        Channel(type=standard_artifacts.Schema),
    )
    serving = ServingConfig(infra_check=engine)
    judging = gated(*channels, GateConfig(), serving, tmp_path)
    assert len(judging) == nodes
    tried = [node for node in judging if node.id == "InfraCheck"]
    assert len(tried) == nodes - 3
    assert any(isinstance(node, InfraValidator) for node in judging) == (engine == "docker")
    assert ("infra_blessing" in judging[-1].inputs) == (engine != "none")
