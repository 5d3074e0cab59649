"""The real command on synthetic slices: one workspace that the tests of a run share."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from data.sample import write_sample
from tests.command import COMMAND, ROOT, environment

# Small enough for minutes: what the network learns of it is another matter, so the bounds of
# the gate are set by each test. `make demo` is a run with the encoder that users get.
TINY = [
    "--profile=demo",
    "--set=model.encoder=resnet18",
    "--set=model.image_size=64",
    "--set=training.epochs=2",
    "--set=training.batch_size=8",
]


@dataclass(frozen=True)
class Finished:
    """A run that has ended: exit code, what it printed, and its own report."""

    code: int
    output: str
    errors: str
    report: dict[str, Any]

    @property
    def states(self) -> dict[str, str]:
        """How each component came to its result: run or cached."""
        return {node["node"]: node["state"] for node in self.report["nodes"]}


@dataclass(frozen=True)
class Bench:
    """A data set and a workspace, and the command between them."""

    data: Path
    workspace: Path

    @property
    def models(self) -> Path:
        """Where blessed models are pushed."""
        return self.workspace / "serving" / "brisc"

    def arguments(self, *more: str) -> list[str]:
        """The command line of a run."""
        folders = [f"--data={self.data}", f"--workspace={self.workspace}"]
        return [*COMMAND, "run", *folders, *TINY, *more]

    def run(self, *more: str) -> Finished:
        """Runs the pipeline to its end."""
        known = set(self._reports())
        ended = self.command(*self.arguments(*more)[len(COMMAND) :])
        new = [path for path in self._reports() if path not in known]
        report = json.loads(new[0].read_text()) if new else {}
        return Finished(ended.returncode, ended.stdout, ended.stderr, report)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs any ``brisc`` command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=environment(), capture_output=True, text=True
        )

    def _reports(self) -> list[Path]:
        return sorted(self.workspace.glob("runs/*/report.json"))


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic set of 60 slices."""
    folder = tmp_path_factory.mktemp("small") / "data"
    write_sample(folder, images=60, seed=3)
    return folder


@pytest.fixture(scope="session")
def bench(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The workspace that the tests of this folder share, in their order."""
    return Bench(small_data, tmp_path_factory.mktemp("bench") / "workspace")


@pytest.fixture(scope="session")
def blessed(bench: Bench) -> Finished:
    """A first run whose gate any model passes."""
    return bench.run("--set=gate.thresholds=[{metric: accuracy, min: 0}]", "--set=gate.changes=[]")
