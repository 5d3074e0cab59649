"""`brisc runs` on workspaces of real runs; TFX itself says what its cache still has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT, environment
from tests.end_to_end.conftest import Bench, Finished

QUICK = ("--set=gate.changes=[]", "--set=training.epochs=1", "--set=serving.infra_check=none")
BLESSED = "--set=gate.thresholds=[{metric: accuracy, min: 0}]"
REFUSED = "--set=gate.thresholds=[{metric: dice_tumour, min: 0.99}]"

# Says at the end what has been imported.
TELL = """
import atexit, sys
heavy = ("tensorflow", "tfx", "apache_beam", "tensorflow_model_analysis", "tf_keras")
atexit.register(lambda: print([name for name in heavy if name in sys.modules], file=sys.stderr))
from pipeline.cli.main import main
main()
"""


def ask(bench: Bench, *arguments: str) -> Any:
    ended = bench.command("runs", *arguments, f"--workspace={bench.workspace}", "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_first_run_is_listed_as_its_report_has_it(bench: Bench, blessed: Finished) -> None:
    assert blessed.code == 0, blessed.errors
    first = ask(bench)[0]
    assert (first["state"], first["blessed"]) == ("finished", True)
    assert first["pushed"] == blessed.report["pushed"]
    assert first["metrics"]["accuracy all"] == blessed.report["scores"]["all"]["accuracy"]
    shown = ask(bench, "show", first["id"])
    assert {node["node"]: node["state"] for node in shown["nodes"]} == blessed.states
    assert shown["parameters"]["model"]["image_size"] == 64
    assert shown["parameters"]["training"]["epochs"] == 2
    assert shown["verdicts"] == blessed.report["verdicts"]
    for folders in shown["artifacts"].values():
        assert all(Path(folder).exists() for folder in folders)


def test_a_list_imports_no_tensorflow(bench: Bench, blessed: Finished) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TELL, "runs", f"--workspace={bench.workspace}"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "[]\n"
    assert "finished" in ended.stdout


def test_a_run_is_exported_with_what_other_tools_read(
    bench: Bench, blessed: Finished, tmp_path: Path
) -> None:
    first = ask(bench)[0]["id"]
    ended = bench.command(
        "runs", "export", first, f"--out={tmp_path / 'out'}", f"--workspace={bench.workspace}"
    )
    assert ended.returncode == 0, ended.stderr
    out = tmp_path / "out"
    assert f"model: {out / 'model'} " in ended.stdout
    assert (out / "model" / "saved_model.pb").is_file()
    assert json.loads((out / "run" / "report.json").read_text()) == blessed.report
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["blessed"] == 1
    assert metrics["all"]["accuracy"] == blessed.report["scores"]["all"]["accuracy"]
    curves = (out / "curves.csv").read_text().splitlines()
    assert {"train_loss", "validation_loss"} <= set(curves[0].split(","))
    assert [line.split(",")[0] for line in curves] == ["epoch", "1", "2"]


@pytest.mark.orchestration
def test_what_is_removed_is_made_anew_and_what_is_kept_comes_from_the_cache(
    small_data: Path, tmp_path: Path
) -> None:
    own = Bench(small_data, tmp_path / "workspace")
    first = own.run(*QUICK, BLESSED)
    assert first.code == 0, first.errors
    second = own.run(*QUICK, "--set=training.learning_rate=0.002", REFUSED)
    assert second.code == 3, second.errors
    one, other = (run["id"] for run in ask(own))
    anew = {
        name
        for name, pair in ask(own, "diff", one, other)["nodes"].items()
        if pair["second"] == "run"
    }
    assert "Trainer" in anew and "Transform" not in anew
    before = ask(own, "show", one)

    removed = ask(own, "gc", "--keep=1")
    assert removed["kept"] == [other]
    assert removed["bytes"] > 0
    # The model is the latest blessed one, and was pushed; its event files are of no more use.
    model, events = sorted(before["artifacts"]["Trainer"])
    assert Path(model).exists() and not Path(events).exists()
    assert (Path(before["pushed"]) / "saved_model.pb").is_file()

    again = own.run(*QUICK, "--set=training.learning_rate=0.002", REFUSED)
    assert again.code == 3, again.errors
    looking = ("PreviousStatistics", "Baseline", "Pusher")
    assert {again.states[name] for name in again.states if name not in looking} == {"cached"}
    # Of a training half of whose outputs have gone, the cache hands out none.
    anew_too = own.run(*QUICK, BLESSED)
    assert anew_too.code == 0, anew_too.errors
    assert anew_too.states["Trainer"] == "run"
    assert anew_too.states["Transform"] == "cached"
    assert ask(own)[0]["metrics"] == before["metrics"]
