"""The whole pipeline as a user runs it: both verdicts, the cache, and a run that is killed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from data.layout import scan
from data.sample import write_sample
from data.split_record import read_table
from data.splits import SPLITS
from pipeline.trainings import find_trainings
from pipeline.workspace import Workspace
from serving.warmup_requests import WARMUP_REQUESTS
from tests.command import ROOT, environment
from tests.end_to_end.conftest import Bench, Finished
from tests.pages import table_below

PASS = ("--set=gate.thresholds=[{metric: accuracy, min: 0}]", "--set=gate.changes=[]")
REFUSE = ("--set=gate.thresholds=[{metric: dice_tumour, min: 0.99}]", "--set=gate.changes=[]")
COMPONENTS = [
    "LeakAudit",
    "BriscExampleGen",
    "StatisticsGen",
    "ImportSchemaGen",
    "ExampleValidator",
    "AnomalyGate",
    "PreviousStatistics",
    "DriftReport",
    "Transform",
    "Trainer",
    "Baseline",
    "Evaluator",
    "InfraCheck",
    "Pusher",
    "ModelReport",
]


def test_a_first_run_is_blessed_and_pushed(bench: Bench, blessed: Finished) -> None:
    assert blessed.code == 0, blessed.errors
    assert sorted(blessed.states) == sorted(COMPONENTS)
    assert "cached" not in blessed.states.values()
    versions = list(bench.models.iterdir())
    assert [version.name.isdigit() for version in versions] == [True]
    assert (versions[0] / "saved_model.pb").is_file()
    assert str(versions[0]) in blessed.output


def test_the_reference_lists_what_a_run_leaves(bench: Bench, blessed: Finished) -> None:
    assert blessed.code == 0, blessed.errors
    artifacts = bench.workspace / "artifacts"
    listed = {
        (component, name)
        for component, outputs, *_ in table_below(
            "reference/artifacts.md", "What each component leaves"
        )
        for name in outputs.replace("`", "").split(", ")
        # These two are in no run by default.
        if component not in ("DriftGate", "Tuner")
    }
    left = {folder.relative_to(artifacts).parts for folder in artifacts.glob("*/[!.]*")}
    assert listed == left
    files = {file for file, _ in table_below("reference/artifacts.md", "The folder of a run")}
    run = min((bench.workspace / "runs").iterdir())
    assert files == {file.name for file in run.iterdir()}


def test_a_run_says_what_it_measured_and_where_things_lie(bench: Bench, blessed: Finished) -> None:
    scores = blessed.report["scores"]
    assert 0 <= scores["all"]["accuracy"] <= 1
    assert {"class=glioma", "plane=axial", "leak=none", "leak=none,class=glioma"} <= set(scores)
    # A slice without tumour cannot have a tumour-only Dice, and the tumour slices no false mask.
    assert scores["class=no_tumor"]["dice_tumour"] is None
    assert scores["class=glioma"]["healthy_false_mask_rate"] is None
    assert list(Path(blessed.report["tensorboard"]).rglob("events.out.tfevents.*"))
    named = dict(re.findall(r"^(report|split|audit): (/.+)$", blessed.output, re.MULTILINE))
    page = Path(named["report"])
    assert "Not a medical device" in page.read_text()
    assert "## Intended use" in page.with_name("model_card.md").read_text()
    own = json.loads(page.with_name("evaluation.json").read_text())
    assert (own["n"], own["split"]) == (12, "test")
    assert own["accuracy"] == pytest.approx(scores["all"]["accuracy"])
    assert len(page.with_name("slices.csv").read_text().splitlines()) == 1 + 12
    assert "Audit of 60 slices" in Path(named["audit"]).read_text()
    table = read_table(Path(named["split"]))
    assert {row.split for row in table.values()} == set(SPLITS)
    assert sorted(table) == [item.id for item in scan(bench.data).slices]


def test_what_drawn_slices_have_taught_is_said_wherever_the_model_goes(
    bench: Bench, blessed: Finished
) -> None:
    (version,) = bench.models.iterdir()
    asked = bench.command("predict", str(scan(bench.data).slices[0].image), f"--model={version}")
    assert asked.returncode == 0 and "synthetic slices alone" in asked.stderr
    page = Path(re.findall(r"^report: (/.+)$", blessed.output, re.MULTILINE)[-1])
    for text in (page.read_text(), page.with_name("model_card.md").read_text()):
        assert "Measured on synthetic slices" in text
        # Neither is it one of the systems that BRISC was tried with, nor are its slices BRISC's.
        assert "Published figures" not in text and "CC BY" not in text


def test_a_run_says_what_its_split_proves(blessed: Finished) -> None:
    assert re.search(
        r"^split: official: \d+ train, \d+ val, 12 test$", blessed.output, re.MULTILINE
    )
    assert re.search(r"^leak: of 12 test slices \d+ have a copy and", blessed.output, re.MULTILINE)
    assert "not proven patient-disjoint" in blessed.output
    leak = blessed.report["split"]["leak"]
    assert sum(leak.values()) == sum(blessed.report["split"]["slices"]["test"].values())


def test_an_unchanged_run_is_cached_and_pushes_nothing_twice(
    bench: Bench, blessed: Finished
) -> None:
    before = sorted(bench.models.iterdir())
    again = bench.run(*PASS)
    assert again.code == 0, again.errors
    # Earlier runs are looked up each time, and Pusher looks whether the model still lies there.
    looking = ("PreviousStatistics", "Baseline", "Pusher")
    states = {name: again.states[name] for name in COMPONENTS if name not in looking}
    assert set(states.values()) == {"cached"}
    assert sorted(bench.models.iterdir()) == before


def test_a_run_says_how_far_distributions_lie_apart(blessed: Finished) -> None:
    drift = blessed.report["drift"]
    assert drift["previous"] is None
    compared = {(item["kind"], item["split"]) for item in drift["comparisons"]}
    assert compared == {("skew", "val"), ("skew", "test")}
    assert "no earlier data set" in blessed.output


def test_data_that_has_drifted_is_stopped_where_that_is_asked(
    bench: Bench, blessed: Finished, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write_sample(other, images=60, seed=4)
    stopped = Bench(other, bench.workspace).run(
        "--set=drift.above=stop", "--set=drift.runs.tumor_area=0"
    )
    assert stopped.code == 1
    assert "tumor/area_fraction of train against previous train" in stopped.errors
    assert "drift.above=train" in stopped.errors
    page = tmp_path / "stats.html"
    shown = bench.command("data", "stats", str(bench.workspace), f"--html={page}")
    assert shown.returncode == 0, shown.stderr
    # Also off a terminal, nothing of what TensorFlow says of itself.
    assert shown.stderr == ""
    assert "previous train" in shown.stdout
    assert "tumor/area_fraction" in page.read_text()


def test_a_deleted_version_is_pushed_again(bench: Bench, blessed: Finished) -> None:
    (version,) = bench.models.iterdir()
    kept = version.rename(bench.workspace / "taken-away")
    again = bench.run(*PASS)
    assert again.code == 0, again.errors
    assert again.states["Trainer"] == "cached"
    (pushed,) = bench.models.iterdir()
    assert (pushed / "saved_model.pb").read_bytes() == (kept / "saved_model.pb").read_bytes()


def test_a_model_below_a_bound_is_not_pushed(bench: Bench, blessed: Finished) -> None:
    before = sorted(bench.models.iterdir())
    refused = bench.run(*REFUSE)
    assert refused.code == 3, refused.errors
    assert refused.states["Trainer"] == "cached"
    assert re.search(
        r"dice_tumour on slice all is 0\.\d+, demanded: at least 0\.99", refused.output
    )
    assert sorted(bench.models.iterdir()) == before


def test_a_model_that_cannot_be_served_is_not_pushed(bench: Bench, blessed: Finished) -> None:
    before = sorted(bench.models.iterdir())
    (trained,) = bench.workspace.glob(f"artifacts/Trainer/model/*/Format-Serving/{WARMUP_REQUESTS}")
    kept = trained.read_bytes()
    trained.write_bytes(kept[: len(kept) // 2])
    try:
        # Asks for other slices, and so is not taken from the cache.
        refused = bench.run(*PASS, "--set=serving.infra_check_slices=3")
    finally:
        trained.write_bytes(kept)
    assert refused.code == 3, refused.errors
    assert refused.states["Trainer"] == "cached" and refused.states["InfraCheck"] == "run"
    assert {verdict["passed"] for verdict in refused.report["verdicts"]} == {True}
    assert "no warm-up requests" in refused.output
    assert sorted(bench.models.iterdir()) == before


def test_beam_orchestrates_to_the_same_verdict(bench: Bench, blessed: Finished) -> None:
    bound = "--set=gate.thresholds=[{metric: dice_all, min: 0.98}]"
    refused = bench.run("--runner=beam", bound, "--set=gate.changes=[]")
    assert refused.code == 3, refused.errors
    assert refused.states["Evaluator"] == "run"
    # It too looks past its own data, and past what was stopped.
    assert refused.states["DriftReport"] == "cached"
    parts = refused.report["scores"]
    assert parts.keys() == blessed.report["scores"].keys()
    for name, scores in blessed.report["scores"].items():
        # Beam batches by how long batches take, and the last digits of float32 differ with that.
        assert _numbers(parts[name]) == pytest.approx(_numbers(scores), rel=1e-5, nan_ok=True)


def _numbers(scores: dict[str, float | None]) -> dict[str, float]:
    return {name: float("nan") if value is None else value for name, value in scores.items()}


def test_a_run_killed_in_trainer_is_continued_by_the_same_command(
    bench: Bench, blessed: Finished
) -> None:
    change = ("--set=training.epochs=3", "--set=gate.changes=[{metric: accuracy, tolerance: 1}]")
    with subprocess.Popen(
        bench.arguments(*PASS[:1], *change),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _wait_for(lambda: any(bench.workspace.glob("training/*/backup/*/checkpoint")), process)
        process.send_signal(signal.SIGKILL)
    # What it has written so far is found by its own id.
    *_, stopped = find_trainings(Workspace.at(bench.workspace))
    assert stopped.runs == (max(bench.workspace.glob("runs/*")).name,)
    assert bench.workspace / "training" in stopped.folder.parents

    continued = bench.run(*PASS[:1], *change)
    assert continued.code == 0, continued.errors
    assert continued.states["Transform"] == "cached"
    assert continued.states["Trainer"] == "run"
    log = (max(bench.workspace.glob("runs/*")) / "log.txt").read_text()
    trained = [int(number) for number in re.findall(r"epoch (\d)/3: ", log)]
    assert trained[0] > 1, "an epoch that was finished has been trained again"
    assert trained[-1] == 3
    assert not list(bench.workspace.glob("training/*")), "a finished training leaves nothing"
    # The gate compared it with the model blessed before.
    assert any("the blessed" in verdict["bound"] for verdict in continued.report["verdicts"])
    assert len(list(bench.models.iterdir())) == 2


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail("the run ended, or took too long, before it could be killed")
        time.sleep(0.2)
