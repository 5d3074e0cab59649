"""`brisc runs gc`: what goes, and what is never removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.main import main
from tests.run_records import CACHED, RUNNING, RunRecords
from tests.runs.recorded import FIRST, SECOND, THIRD, Ask, finish, train


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
