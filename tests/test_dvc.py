"""`dvc.yaml` under DVC itself: a clone of the repository, a small set, `dvc repro` to its end."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from data.sample import write_sample
from pipeline.command import COMMAND
from tests.tools import CACHE, install

pytestmark = pytest.mark.orchestration

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "dvc.lock"
TRAIN, EVALUATE = "experiment/train/metrics.json", "experiment/evaluate/metrics.json"


@dataclass(frozen=True)
class Clone:
    """A copy of the repository, and DVC in an environment of its own."""

    folder: Path
    python: Path

    def dvc(self, *arguments: str) -> str:
        """Runs DVC; its stages find ``brisc`` as in an activated environment."""
        return self.call(self.python, "-m", "dvc", *arguments)

    def git(self, *arguments: str) -> str:
        return self.call("git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments)

    def call(self, *command: str | Path) -> str:
        path = f"{self.folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"},
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def change(self, **sections: dict[str, Any]) -> None:
        """Changes keys of ``params.yaml`` by section."""
        file = self.folder / "params.yaml"
        values = yaml.safe_load(file.read_text())
        for section, keys in sections.items():
            values[section] |= keys
        file.write_text(yaml.safe_dump(values))

    def ran(self, said: str) -> list[str]:
        """The stages that ``dvc repro`` says it ran."""
        lines = [line for line in said.splitlines() if line.startswith("Running stage '")]
        return [line.split("'")[1] for line in lines]

    def metrics(self) -> dict[str, Any]:
        files = json.loads(self.dvc("metrics", "show", "--json"))[""]["data"]
        return {name: file["data"] for name, file in files.items()}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git repository, whose tracked files could be cloned")
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    environment = (
        CACHE / "python" / f"dvc-{digest}-{sys.version_info.major}.{sys.version_info.minor}"
    )
    pip = f"bin/python -m pip install -q --require-hashes -r '{LOCK}'"
    install(environment, ["sh", "-c", f"'{sys.executable}' -m venv . && {pip}"])

    root = tmp_path_factory.mktemp("dvc")
    made = Clone(root / "clone", environment / "bin" / "python")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made.folder / name)
    command = root / "bin" / "brisc"
    command.parent.mkdir()
    variables = f"PYTHONPATH='{made.folder}' PYTHONDONTWRITEBYTECODE=1"
    command.write_text(f'#!/bin/sh\n{variables} exec {shlex.join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    made.change(
        model={"image_size": 64, "encoder_weights": "none"},
        training={"epochs": 1, "batch_size": 8},
        gate={"thresholds": [{"metric": "accuracy", "min": 0}], "changes": []},
        serving={"infra_check": "none"},
    )
    write_sample(made.folder / "brisc2025", images=60, seed=3)
    made.git("init", "-q")
    made.dvc("init", "-q")
    made.git("add", ".")
    made.git("commit", "-q", "-m", "parameters")
    return made


# One test, since each step needs the minutes of the one before.
def test_an_experiment_is_made_repeated_compared_and_shared(clone: Clone) -> None:
    assert clone.ran(clone.dvc("repro")) == ["data", "train", "evaluate", "report"]
    first = clone.metrics()
    assert first[TRAIN]["blessed"] == 1
    assert 0 <= first[TRAIN]["all"]["accuracy"] <= 1
    assert first[EVALUATE]["all"]["accuracy"] == pytest.approx(first[TRAIN]["all"]["accuracy"])
    assert "leak_none" in first[EVALUATE]
    assert "Not a medical device" in (clone.folder / "experiment/report/report.html").read_text()
    assert clone.ran(clone.dvc("repro")) == []

    page = Path(clone.dvc("plots", "show", "--out=plots").split("file://")[-1].strip()).read_text()
    for title in ("Loss", "Confusion matrix", "Reliability", "Precision and recall"):
        assert title in page
    assert "train_loss" in page and "no_tumor" in page

    # Large files go to the remote, and git has the rest.
    clone.dvc("remote", "add", "--default", "shelf", str(clone.folder.parent / "remote"))
    clone.git("add", ".")
    clone.git("commit", "-q", "-m", "blessed")
    clone.dvc("push")
    tracked = clone.git("ls-files", "experiment").split()
    assert TRAIN in tracked and "experiment/evaluate/confusion.csv" in tracked
    assert not any(name.startswith("experiment/train/model/") for name in tracked)

    # A gate that refuses is a result, and changes neither the data nor the model.
    clone.change(gate={"thresholds": [{"metric": "dice_tumour", "min": 0.99}]})
    assert clone.ran(clone.dvc("repro")) == ["train", "report"]
    assert clone.metrics()[TRAIN]["blessed"] == 0
    (compared,) = json.loads(clone.dvc("metrics", "diff", "--json")).values()
    assert compared["blessed"] == {"old": 1, "new": 0, "diff": -1}
    assert "gate.thresholds" in json.loads(clone.dvc("params", "diff", "--json"))["params.yaml"]
    clone.dvc("plots", "diff", "HEAD", "--out=compared")

    other = Clone(clone.folder.parent / "other", clone.python)
    clone.git("clone", "-q", ".", str(other.folder))
    other.dvc("pull", "train", "report")
    for name in ("train/model/saved_model.pb", "report/model_card.md"):
        assert (other.folder / "experiment" / name).is_file()
    assert "Blessed" in (other.folder / "experiment/report/model_card.md").read_text()
