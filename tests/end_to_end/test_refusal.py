"""What a run refuses: a slice that cannot be used, and a model that has learnt nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from data.layout import scan
from tests.end_to_end.conftest import Bench


def test_a_model_that_learns_nothing_is_refused_on_the_slices_that_are_left(
    small_data: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_data, data)
    broken = next(item for item in scan(data).slices if item.official_split == "train")
    broken.image.write_bytes(b"no image")
    other = Bench(data, tmp_path / "workspace")
    stopped = other.run()
    assert stopped.code == 1
    assert str(broken.image) in stopped.errors and "--skip-bad" in stopped.errors

    refused = other.run("--skip-bad", "--set=training.learning_rate=0", "--set=training.epochs=1")
    assert refused.code == 3, refused.errors
    assert str(broken.image) in refused.errors and "going on without 1" in refused.errors
    assert {verdict["passed"] for verdict in refused.report["verdicts"]} == {False}
    assert not other.models.exists()
