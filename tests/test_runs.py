"""`brisc runs` on workspaces whose metadata the tests write: states, differences, what may go."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.cli.main import main
from pipeline.plain import plain
from pipeline.runs.narrow import print_rows
from pipeline.runs.read import read_runs
from pipeline.runs.tables import FIRST as FIRST_COLUMNS
from pipeline.runs.tables import run_table
from tests.run_records import CACHED, FAILED, RUNNING, RunRecords

Ask = Callable[..., Any]
FIRST, SECOND, THIRD = (f"20260101-0{hour}0000.000000" for hour in range(1, 4))


@pytest.fixture
def records(tmp_path: Path) -> RunRecords:
    return RunRecords(tmp_path / "work")


@pytest.fixture
def ask(records: RunRecords, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Calls ``brisc runs`` on the workspace and reads its JSON; asserts the exit code."""

    def call(*arguments: str, code: int = 0) -> Any:
        workspace = f"--workspace={records.workspace.root}"
        with pytest.raises(SystemExit) as caught:
            main(["runs", *arguments, workspace, "--json"])
        ended = capsys.readouterr()
        assert (caught.value.code or 0) == code, ended.err
        return ended.err if code else json.loads(ended.out)

    return call


def train(records: RunRecords, run: str, epochs: int, **more: Any) -> list[int]:
    """Trainer's execution in a run whose data was audited before; its model and events."""
    records.node(run, "LeakAudit", CACHED, settings={"data_fingerprint": "f1"})
    sections = {"model": {"image_size": 64}, "training": {"epochs": epochs}}
    return records.node(run, "Trainer", settings={"custom_config": json.dumps(sections)}, **more)


def finish(records: RunRecords, run: str, epochs: int, *, blessed: bool) -> list[int]:
    """A run that comes to its end; its model, event files, evaluation and blessing."""
    model, events = train(records, run, epochs)
    judged = records.node(
        run,
        "Evaluator",
        inputs=[model],
        properties={"blessed": int(blessed), "current_model_id": model},
    )
    where = records.workspace.serving / "brisc" / "17"
    records.node(run, "Pusher", properties={"pushed_destination": where} if blessed else {})
    records.report(run)
    return [model, events, *judged]


# States


def test_a_run_is_listed_with_what_it_came_to(records: RunRecords, ask: Ask) -> None:
    finish(records, FIRST, 2, blessed=True)
    (run,) = ask()
    assert (run["id"], run["state"], run["blessed"]) == (FIRST, "finished", True)
    assert Path(run["pushed"]).name == "17"
    assert run["metrics"]["dice_tumour leak=none"] == 0.25
    assert run["data_fingerprint"] == "f1"


def test_a_run_tells_where_its_data_lies(records: RunRecords, ask: Ask, tmp_path: Path) -> None:
    link = records.workspace.link(tmp_path, "f1")
    records.node(FIRST, "LeakAudit", settings={"data_dir": str(link)})
    assert ask("show", FIRST)["data"] == str(tmp_path)
    link.unlink()
    assert ask("show", FIRST)["data"] is None


def test_who_has_the_workspace_tells_a_run_that_goes_on_from_one_that_was_killed(
    records: RunRecords, ask: Ask
) -> None:
    train(records, FIRST, 2, state=RUNNING)
    train(records, SECOND, 2, state=RUNNING)
    assert [run["state"] for run in ask()] == ["interrupted", "interrupted"]
    assert ask("show", SECOND)["nodes"][1]["state"] == "interrupted"
    with records.workspace.locked():
        assert [run["state"] for run in ask()] == ["interrupted", "running"]


def test_a_failed_run_and_one_that_came_to_no_component_are_told_apart(
    records: RunRecords, ask: Ask
) -> None:
    train(records, FIRST, 2, state=FAILED)
    (records.workspace.reports / SECOND).mkdir(parents=True)
    listed = ask()
    assert [(run["id"], run["state"]) for run in listed] == [
        (FIRST, "failed"),
        (SECOND, "interrupted"),
    ]
    assert listed[1]["start"] is None and listed[1]["blessed"] is None


def test_a_run_that_did_not_train_has_come_to_its_end(records: RunRecords, ask: Ask) -> None:
    records.node(FIRST, "LeakAudit")
    records.report(FIRST, not_trained="the model in service fits")
    finish(records, SECOND, 2, blessed=True)
    assert [run["state"] for run in ask()] == ["not trained", "finished"]
    assert ask("gc", "--keep=2", "--dry-run")["kept"] == [FIRST, SECOND]


def test_folds_have_their_reports_within_the_folder_of_their_cross_validation(
    records: RunRecords, ask: Ask
) -> None:
    for fold in ("1", "2"):
        train(records, f"{FIRST}-fold-{fold}", 1)
        records.report(f"{FIRST}/fold-{fold}")
    assert [(run["id"][-6:], run["state"]) for run in ask()] == [
        ("fold-1", "finished"),
        ("fold-2", "finished"),
    ]


# One, and two


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


# On a terminal, and off it


def test_an_id_stays_whole_on_a_narrow_terminal_and_other_columns_are_left_out(
    records: RunRecords,
) -> None:
    finish(records, FIRST, 2, blessed=True)
    table = run_table(read_runs(records.workspace), "work")
    for width, left_out in ((20, "state"), (80, "pushed"), (120, "data"), (300, None)):
        console = Console(width=width, file=io.StringIO())
        print_rows(table, FIRST_COLUMNS, console)
        said = console.file.getvalue()  # type: ignore[attr-defined]
        assert f" {FIRST} " in said, width
        *drawn, last = said.splitlines()
        assert ("left out" in last) == (left_out is not None)
        assert left_out is None or left_out in last
        if width >= 80:
            assert all(len(line) <= width for line in drawn)
            # Headers are broken between words alone.
            assert {"blessed", "dice_tumour", "leak=none"} <= set(said.split())


def test_what_is_piped_is_not_wrapped(
    records: RunRecords, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(records, FIRST, 2, blessed=True)
    monkeypatch.setenv("COLUMNS", "80")
    # Rich would take it for a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(SystemExit):
        main(["runs", f"--workspace={records.workspace.root}"])
    (row,) = (line for line in capsys.readouterr().out.splitlines() if FIRST in line)
    assert "finished" in row and row.split()[-1] == "f1"


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


# What may go


def test_old_artifacts_go_from_disk_and_from_the_cache(records: RunRecords, ask: Ask) -> None:
    old = finish(records, FIRST, 2, blessed=False)
    new = finish(records, SECOND, 3, blessed=False)
    foreseen = ask("gc", "--keep=1", "--dry-run")
    assert all(records.live(item) and records.folder(item).exists() for item in old)
    removed = ask("gc", "--keep=1")
    assert removed == foreseen
    # Those of Trainer and Evaluator, and what Pusher left.
    assert removed["bytes"] == 5 * 1000
    assert not any(records.live(item) or records.folder(item).exists() for item in old)
    assert all(records.live(item) and records.folder(item).exists() for item in new)
    assert ask("gc", "--keep=1")["folders"] == {}
    # The old run is still known for what it was.
    assert ask()[0]["metrics"]["accuracy all"] == 0.5


def test_the_latest_blessed_model_stays_to_be_compared_with(records: RunRecords, ask: Ask) -> None:
    first, *_ = finish(records, FIRST, 2, blessed=True)
    model, events, _, blessing = finish(records, SECOND, 3, blessed=True)
    served = records.workspace.serving / "brisc" / "17" / "saved_model.pb"
    served.parent.mkdir(parents=True)
    served.touch()
    finish(records, THIRD, 4, blessed=False)
    ask("gc", "--keep=1")
    assert [records.live(item) for item in (first, model, events, blessing)] == [
        False,
        True,
        False,
        True,
    ]
    assert records.folder(model).exists() and served.exists()


def test_what_tells_whether_the_model_in_service_fits_stays(records: RunRecords, ask: Ask) -> None:
    version = records.workspace.serving / "brisc" / "17"
    version.mkdir(parents=True)
    (examples,) = records.node(FIRST, "BriscExampleGen", properties={"input_fingerprint": "f1"})
    (statistics,) = records.node(FIRST, "StatisticsGen", inputs=[examples])
    (transformed,) = records.node(FIRST, "Transform", inputs=[examples])
    model, _ = train(records, FIRST, 2, inputs=[transformed])
    (pushed,) = records.node(
        FIRST, "Pusher", inputs=[model], properties={"pushed_destination": version}
    )
    records.report(FIRST)
    finish(records, SECOND, 3, blessed=False)
    ask("gc", "--keep=1")
    live = [records.live(item) for item in (pushed, statistics, examples, transformed, model)]
    assert live == [True, True, False, False, False]
    assert records.folder(statistics).exists()
    version.rmdir()
    ask("gc", "--keep=1")
    assert not records.live(statistics)


def test_what_a_kept_run_took_from_the_cache_or_read_stays(records: RunRecords, ask: Ask) -> None:
    audit = records.node(FIRST, "LeakAudit", settings={"data_fingerprint": "f1"})
    model, events, *_ = finish(records, FIRST, 2, blessed=False)
    records.node(SECOND, "LeakAudit", CACHED, cached=audit)
    records.node(SECOND, "Evaluator", inputs=[model])
    records.report(SECOND)
    ask("gc", "--keep=1")
    assert records.live(audit[0]) and records.folder(model).exists()
    assert not records.live(events)


def test_a_run_that_can_be_continued_keeps_what_it_has(records: RunRecords, ask: Ask) -> None:
    audit = records.node(FIRST, "LeakAudit", settings={"data_fingerprint": "f1"})
    train(records, FIRST, 2, state=RUNNING)
    running = records.store.get_executions()[-1].id
    leftover = records.workspace.training / "abc"
    leftover.mkdir(parents=True)
    target = records.workspace.artifacts / "Trainer" / "model_run" / str(running)
    (leftover / "model_run").write_text(str(target))
    finish(records, SECOND, 3, blessed=False)

    assert ask("gc", "--keep=1")["kept"] == [FIRST, SECOND]
    assert leftover.exists() and records.live(audit[0])
    # Given up, or continued by a run with the same parameters and data.
    assert ask("gc", "--keep=1", "--unfinished", "--dry-run")["kept"] == [SECOND]
    finish(records, THIRD, 2, blessed=False)
    assert ask("gc", "--keep=1")["kept"] == [THIRD]
    assert not leftover.exists() and not records.live(audit[0])


def test_the_folds_of_a_cross_validation_stay_together(records: RunRecords, ask: Ask) -> None:
    models = [train(records, f"{run}-fold-{n}", n)[0] for run in (FIRST, SECOND) for n in (1, 2)]
    for run in (FIRST, SECOND):
        for fold in (1, 2):
            records.report(f"{run}/fold-{fold}")
    ask("gc", "--keep=1")
    assert [records.live(model) for model in models] == [False, False, True, True]


def test_inputs_go_with_the_last_run_that_was_given_them(records: RunRecords, ask: Ask) -> None:
    folders = [records.workspace.root / "inputs" / name for name in ("aa", "bb")]
    for run, folder in zip((FIRST, SECOND), folders, strict=True):
        (folder / "data").mkdir(parents=True)
        records.node(run, "LeakAudit", settings={"data_dir": str(folder / "data")})
        records.report(run)
    ask("gc", "--keep=1")
    assert [folder.exists() for folder in folders] == [False, True]


def test_what_a_prepared_run_is_to_be_given_stays(records: RunRecords, ask: Ask) -> None:
    finish(records, FIRST, 2, blessed=False)
    folder = records.workspace.root / "inputs" / "cc"
    (folder / "data").mkdir(parents=True)
    # No component of it has begun, so that the metadata does not know of it.
    waiting = records.workspace.reports / SECOND
    waiting.mkdir(parents=True)
    (waiting / "pipeline.json").write_text(json.dumps({"data_dir": str(folder / "data")}))
    assert ask("gc", "--keep=1")["kept"] == [FIRST, SECOND]
    assert folder.exists()


def test_a_workspace_may_be_named_by_another_way(records: RunRecords, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(records.workspace.root)
    audit = records.node(FIRST, "LeakAudit", settings={"data_fingerprint": "f1"})
    old, *_ = finish(records, FIRST, 2, blessed=False)
    records.node(SECOND, "LeakAudit", CACHED, cached=audit)
    finish(records, SECOND, 3, blessed=False)
    with pytest.raises(SystemExit):
        main(["runs", "gc", "--keep=1", f"--workspace={tmp_path / 'elsewhere'}"])
    assert records.folder(audit[0]).exists() and not records.folder(old).exists()
    assert [records.live(item) for item in (audit[0], old)] == [True, False]


def test_nothing_is_removed_while_a_run_goes_on(records: RunRecords, ask: Ask) -> None:
    old, *_ = finish(records, FIRST, 2, blessed=False)
    finish(records, SECOND, 3, blessed=False)
    with records.workspace.locked():
        assert "another run is using" in ask("gc", "--keep=1", code=1)
    assert records.folder(old).exists()


def test_a_folder_without_runs_is_named_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ([], ["show", "x"], ["gc", "--keep=1"]):
        with pytest.raises(SystemExit) as caught:
            main(["runs", *verb, "--workspace", str(tmp_path / "none")])
        assert caught.value.code == 1
        assert f"{tmp_path / 'none'}: no run has begun" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
