"""`brisc runs`: which there are, and what each came to."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.cli.main import main
from pipeline.runs.narrow import print_rows
from pipeline.runs.read import read_runs
from pipeline.runs.tables import FIRST as FIRST_COLUMNS
from pipeline.runs.tables import run_table
from tests.run_records import FAILED, RUNNING, RunRecords
from tests.runs.recorded import FIRST, SECOND, Ask, finish, train


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


def test_a_folder_without_runs_is_named_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ([], ["show", "x"], ["gc", "--keep=1"]):
        with pytest.raises(SystemExit) as caught:
            main(["runs", *verb, "--workspace", str(tmp_path / "none")])
        assert caught.value.code == 1
        assert f"{tmp_path / 'none'}: no run has begun" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
