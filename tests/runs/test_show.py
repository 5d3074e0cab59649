"""`brisc runs show` and `diff`: one run, and two."""

from __future__ import annotations

import json

import pytest

from pipeline.cli.main import main
from pipeline.plain import plain
from tests.run_records import FAILED, RunRecords
from tests.runs.recorded import FIRST, SECOND, Ask, finish, train


def test_two_runs_are_compared_by_what_differs(records: RunRecords, ask: Ask) -> None:
    finish(records, FIRST, 2, blessed=True)
    finish(records, SECOND, 3, blessed=False)
    shown = ask("show", FIRST)
    assert shown["parameters"]["training"] == {"epochs": 2}
    assert [node["node"] for node in shown["nodes"]][:2] == ["LeakAudit", "Trainer"]
    found = ask("diff", FIRST, SECOND)
    assert found["parameters"] == {"training.epochs": {"first": 2, "second": 3}}
    assert found["metrics"]["accuracy all"] == {"first": 0.5, "second": 0.5}
    assert found["nodes"]["LeakAudit"] == {"first": "cached", "second": "cached"}


@pytest.mark.parametrize(("wanted", "reason"), [("2026", "several"), ("x", "no such run")])
def test_an_id_that_names_no_single_run_is_refused_with_those_there_are(
    records: RunRecords, ask: Ask, wanted: str, reason: str
) -> None:
    for run in (FIRST, SECOND):
        finish(records, run, 2, blessed=True)
    error = ask("show", wanted, code=2)
    assert reason in error and SECOND in error
    assert ask("show", SECOND[:12])["id"] == SECOND


def show(records: RunRecords, run: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as caught:
        main(["runs", "show", run, f"--workspace={records.workspace.root}"])
    assert not caught.value.code
    return capsys.readouterr().out.splitlines()


def test_a_run_is_shown_verdict_and_scores_first_and_paths_last(
    records: RunRecords, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = {"thresholds": [{"metric": "accuracy", "slice": {"leak": "none", "class": None}}]}
    sections = {"model": {"calibrate": True}, "training": {"augmentation": {"flip": None}}}
    records.node(FIRST, "Trainer", settings={"custom_config": json.dumps(sections)})
    records.node(FIRST, "Evaluator", properties={"blessed": 0})
    records.report(FIRST)
    shown = show(records, FIRST, capsys)
    assert shown[:3] == [f"Run {FIRST}", "  state: finished", "  model: not blessed"]
    order = [
        next(number for number, line in enumerate(shown) if line.startswith(part))
        for part in ("Test split", "Components", "Parameters", "Where things lie")
    ]
    assert order == sorted(order)
    assert "  model.calibrate=true" in shown and "  training.augmentation.flip=null" in shown
    assert plain(gate) == "{thresholds: [{metric: accuracy, slice: {leak: none}}]}"
    assert [line for line in shown if line.startswith("  artifacts of Trainer: /")]


def test_a_failed_run_says_which_component_and_why(
    records: RunRecords, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    train(records, FIRST, 2, state=FAILED)
    folder = records.workspace.reports / FIRST
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text(
        "Traceback (most recent call last):\n  File x\nOSError: no network\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n  File y\n    raise\n"
        "data.errors.InputError: weights: cannot be fetched. Set none.\nmore\n"
    )
    shown = show(records, FIRST, capsys)
    assert "  state: failed in Trainer" in shown
    assert "  reason: InputError: weights: cannot be fetched. Set none." in shown
    assert ask("show", FIRST)["reason"].startswith("InputError: weights")
    (folder / "log.txt").unlink()
    assert not [line for line in show(records, FIRST, capsys) if "reason" in line]


def test_an_export_says_where_the_model_lies(
    records: RunRecords, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(records, FIRST, 2, blessed=False)
    monkeypatch.setattr("pipeline.experiment.export.export_run", lambda run, folder: None)
    with pytest.raises(SystemExit):
        main(["runs", "export", "--out=out", f"--workspace={records.workspace.root}"])
    first, model, *_ = capsys.readouterr().out.splitlines()
    assert first == f"run {FIRST}, not blessed"
    assert model.startswith("model: out/model ")


def test_what_two_runs_do_not_differ_in_has_no_empty_table(
    records: RunRecords, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in (FIRST, SECOND):
        finish(records, run, 2, blessed=True)
    with pytest.raises(SystemExit):
        main(["runs", "diff", FIRST, SECOND, f"--workspace={records.workspace.root}"])
    assert "Parameters that differ: none" in capsys.readouterr().out
