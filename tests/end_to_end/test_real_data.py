"""The whole pipeline on slices of BRISC itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Bench


@pytest.mark.integration
def test_real_slices_pass_through_all_components(brisc_dir: Path, tmp_path: Path) -> None:
    bench = Bench(brisc_dir, tmp_path / "workspace")
    ended = bench.run("--runner=beam", "--set=split.limit=240", "--set=training.epochs=1")
    # One epoch teaches nothing: that the gate refuses is the right end.
    assert ended.code == 3, ended.errors
    assert set(ended.states.values()) <= {"run", "resolved"}
    assert ended.states["Pusher"] == "run"
    assert not bench.models.exists()
    scores = ended.report["scores"]
    assert {"plane=coronal,class=meningioma", "class=no_tumor", "leak=copy"} <= set(scores)
    assert ended.report["split"]["leak"]["copy"] > 0
    assert scores["class=no_tumor"]["dice_tumour"] is None
