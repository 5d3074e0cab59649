"""`brisc runs` on workspaces whose metadata the tests write: states, differences, what may go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.main import main
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
