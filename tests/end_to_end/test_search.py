"""A run that searches for better training parameters before it trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Bench


@pytest.mark.orchestration
def test_what_a_search_finds_is_trained_with_and_searched_once(
    small_data: Path, tmp_path: Path
) -> None:
    bench = Bench(small_data, tmp_path / "workspace")
    search = (
        "--set=tuning.trials=2",
        "--set=tuning.epochs=1",
        "--set=tuning.space={learning_rate: {min: 0.0001, max: 0.001}, pixel_loss: [focal, none]}",
        "--set=training.epochs=1",
        "--set=gate.thresholds=[{metric: accuracy, min: 0}]",
    )
    ended = bench.run(*search)
    assert ended.code == 0, ended.errors
    tuned = ended.report["tuned"]
    assert 0.0001 <= tuned["learning_rate"] <= 0.001 and tuned["pixel_loss"] in ("focal", "none")
    assert f"learning_rate={tuned['learning_rate']}" in ended.output
    # The report names the parameters that were trained with.
    page = max(bench.workspace.glob("runs/*/report.html")).read_text()
    assert str(tuned["learning_rate"]) in page
    log = (max(bench.workspace.glob("runs/*")) / "log.txt").read_text()
    assert log.count("epoch 1/1: ") == 3, "two trials and the training itself"
    assert not list(bench.workspace.glob("training/*/trial-*"))

    again = bench.run(*search)
    assert again.states["Tuner"] == again.states["Trainer"] == "cached"
