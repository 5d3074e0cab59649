"""The whole pipeline on slices of BRISC itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.layout import scan
from tests.end_to_end.conftest import Bench

STEP = 22
"""Leaves 240 slices, three of the test part with a copy in train among them."""


@pytest.mark.integration
def test_real_slices_pass_through_all_components(brisc_dir: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for item in scan(brisc_dir).slices[::STEP]:
        for file in filter(None, (item.image, item.mask)):
            place = data / file.relative_to(brisc_dir)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    bench = Bench(data, tmp_path / "workspace")
    ended = bench.run("--runner=beam", "--set=model.encoder=resnet50", "--set=training.epochs=1")
    # One epoch teaches nothing: that the gate refuses is the right end.
    assert ended.code == 3, ended.errors
    assert set(ended.states.values()) <= {"run", "resolved"}
    assert ended.states["Pusher"] == "run"
    assert not bench.models.exists()
    scores = ended.report["scores"]
    assert {"plane=coronal,class=meningioma", "class=no_tumor", "leak=copy"} <= set(scores)
    assert ended.report["split"]["leak"]["copy"] > 0
    assert scores["class=no_tumor"]["dice_tumour"] is None
