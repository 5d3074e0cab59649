"""What a run refuses: a slice that cannot be used, and a model that has learnt nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

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


def test_weights_that_cannot_be_fetched_end_a_run_before_its_work_begins(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for proxy in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    other = Bench(small_data, tmp_path / "workspace")
    stopped = other.run("--set=model.encoder_weights=imagenet", "--set=model.image_size=256")
    assert stopped.code == 2
    assert "could not be fetched" in stopped.errors and "set none" in stopped.errors
    assert "no GPU found" in stopped.output
    assert not any((other.workspace / "artifacts").glob("*"))
    (listed,) = json.loads(other.command("runs", f"--workspace={other.workspace}", "--json").stdout)
    assert listed["state"] == "failed"
