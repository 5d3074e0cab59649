"""What the end of a run says: the verdict, where the model is, and whether drift matters."""

from __future__ import annotations

import io
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from data.split_record import TABLE, SplitSummary
from data.statistics.record import DriftRecord
from pipeline.cli.runs import export
from pipeline.console import print_paths
from pipeline.judgement import Verdict
from pipeline.outcome import Outcome
from pipeline.report import report

RUN = "20260101-010000.000000"
_SPLIT = SplitSummary(
    "official", None, None, {"test": {"glioma": 1}}, 0, {"neighbour": 0, "copy": 0}, None, None
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "my work" / "runs" / RUN
    found.mkdir(parents=True)
    return found


def said(folder: Path, *, blessed: bool) -> list[str]:
    """The lines that a run ends with."""
    left = folder.parents[1] / "left"
    (left / "page").mkdir(parents=True)
    (left / TABLE).touch()
    outcome = Outcome(
        [], _SPLIT, left,
        DriftRecord(None, ()), left / "audit.html", {}, {"all": {"accuracy": 0.5}},
        [Verdict("accuracy", "leak=none", 0.5, "at least 0.9", blessed)],
        blessed, [] if blessed else ["[no] warm-up requests"], left / "page",
        Path("/models/brisc/17") if blessed else None, None,
    )  # fmt: skip
    console = Console(width=80, file=io.StringIO())
    print_paths(console, report(outcome, folder, console))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_the_verdict_stands_last_with_the_paths(folder: Path) -> None:
    lines = said(folder, blessed=True)
    assert lines[-1] == "blessed and pushed: /models/brisc/17"
    assert f"report: {folder / 'report.html'}" in lines
    assert "blessed" not in lines


def test_a_refused_run_says_why_and_how_its_model_is_to_be_had(folder: Path) -> None:
    *_, why, command = said(folder, blessed=False)
    assert why == (
        "not blessed, nothing pushed: accuracy on slice leak=none is 0.5000, demanded: at least "
        "0.9; served on trial: [no] warm-up requests"
    )
    name, _, line = command.partition(": ")
    assert name == "the model all the same"
    workspace = str(folder.parents[1])
    words = ["brisc", "runs", "export", RUN, "--workspace", workspace, "--out", "exported"]
    assert shlex.split(line) == words
    assert {"run", "workspace", "out"} <= set(export.__annotations__)


def test_drift_is_said_to_be_a_report_alone(folder: Path) -> None:
    (line,) = (line for line in said(folder, blessed=True) if "only reported" in line)
    assert "drift.above=stop" in line and "drift.within=stop" in line
