"""`brisc tensorboard` on the workspace of a run, asked as its own page asks it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from data import naming
from tests.command import COMMAND, ROOT, environment
from tests.end_to_end.conftest import Bench, Finished

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def served(bench: Bench, blessed: Finished) -> Iterator[Ask]:
    """Asks for a path below ``/data/``, and again until what comes back is not empty."""
    assert blessed.code == 0, blessed.errors
    process = subprocess.Popen(
        [*COMMAND, "tensorboard", f"--workspace={bench.workspace}", "--port=0"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        if found is None:
            process.kill()
            pytest.fail(f"no address in {said!r}")

        def ask(path: str, body: Any = None) -> Any:
            request = urllib.request.Request(
                f"{found[0]}data/{path}",
                data=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
            # The files are read in the background.
            deadline = time.monotonic() + 60
            while True:
                with urllib.request.urlopen(request) as response:
                    answer = json.load(response)
                if answer or time.monotonic() > deadline:
                    return answer
                time.sleep(0.2)

        yield ask
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(60) == 0
        finally:
            # Without it, a command that does not end would keep the test from failing.
            process.kill()
        assert process.stdout.read() == ""


@pytest.fixture(scope="module")
def run_id(bench: Bench, blessed: Finished) -> str:
    """Of the run that trained; it is the first one in the workspace."""
    return min(folder.name for folder in bench.workspace.glob("runs/*"))


def test_losses_and_metrics_are_shown_by_run_and_split(served: Ask, run_id: str) -> None:
    scalars = served("plugin/scalars/tags")
    both = {
        "epoch_loss",
        "epoch_classification_loss",
        "epoch_segmentation_loss",
        "epoch_classification_accuracy",
        "epoch_segmentation_dice_all",
        "epoch_segmentation_dice_tumour",
        "epoch_segmentation_healthy_false_mask_rate",
    }
    assert both <= set(scalars[f"{run_id}/validation"])
    train = set(scalars[f"{run_id}/train"])
    weights = {"loss_weight/classification", "loss_weight/segmentation"}
    assert both | weights | {"epoch_learning_rate"} <= train
    points = served(f"plugin/scalars/scalars?run={run_id}/train&tag=epoch_loss")
    assert [step for _, step, _ in points] == [0, 1]


def test_pictures_curves_and_graph_are_shown(served: Ask, run_id: str) -> None:
    images = served("plugin/images/tags")[f"{run_id}/validation"]
    assert images["confusion_matrix"]["samples"] == 1
    assert {f"slices/{name}/1" for name in naming.CLASSES} <= set(images)
    curves = served(f"plugin/pr_curves/pr_curves?run={run_id}/validation&tag=mask/pixels/pr_curves")
    assert [entry["step"] for entry in curves[f"{run_id}/validation"]] == [0, 1]
    assert served("plugin/graphs/info")[f"{run_id}/train"]["run_graph"]


def test_settings_and_scores_are_compared(served: Ask, run_id: str) -> None:
    asked = {
        "startIndex": 0,
        "sliceSize": 10,
        "allowedStatuses": ["STATUS_UNKNOWN"],
        "colParams": [{"metric": {"group": "", "tag": "best/score"}}],
    }
    groups = served("plugin/hparams/session_groups", asked)["sessionGroups"]
    own = [group for group in groups if group["sessions"][0]["name"] == run_id]
    assert own[0]["hparams"]["training.epochs"] == 2
    score = [m for m in own[0]["metricValues"] if m["name"]["tag"] == "best/score"]
    assert 0 <= score[0]["value"] <= 1
