"""How the command is called: help, bad usage, and the files it reads its settings from."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.command import ROOT
from tests.command_line import Brisc
from tests.folders import put

# Help


@pytest.mark.parametrize(
    "verb",
    [
        [],
        ["run"],
        ["evaluate"],
        ["predict"],
        ["serve"],
        ["predict-batch"],
        ["tensorboard"],
        ["report"],
        ["train-worker"],
        ["runs"],
        ["runs", "show"],
        ["runs", "diff"],
        ["runs", "gc"],
        ["data"],
        ["data", "sample"],
        ["data", "import"],
        ["airflow"],
        ["airflow", "export"],
        ["airflow", "up"],
        ["airflow", "down"],
    ],
)
def test_help_has_an_example(brisc: Brisc, verb: list[str]) -> None:
    text = " ".join(brisc(*verb, "--help").stdout.split())
    assert f"Example: {' '.join(['brisc', *verb])} " in text


def test_help_lists_the_verbs_and_the_exit_codes(brisc: Brisc) -> None:
    verbs = ("data", "run", "train-worker", "evaluate", "predict", "predict-batch", "report")
    for verb in (*verbs, "tensorboard"):
        assert f"\n  {verb} " in brisc("--help").stdout
    text = " ".join(brisc("run", "--help").stdout.split())
    assert "0 blessed and pushed, 3 finished but not blessed, 1 failed, 2 bad usage" in text


def test_the_version_is_that_of_setup_py(brisc: Brisc) -> None:
    (version,) = re.findall(r'version="([^"]+)"', (ROOT / "setup.py").read_text())
    assert brisc("--version").stdout == f"brisc {version}\n"


# Bad usage


@pytest.mark.parametrize(
    ("arguments", "where", "reason", "remedy"),
    [
        (
            ["--set", "training.epoch=3"],
            "--set training.epoch=3",
            "unknown key training.epoch",
            "ep",
        ),
        (["--set", "training.epochs=x"], "--set training.epochs=x", "valid integer", "Correct"),
        (["--set", "training"], "--set training", "not an assignment", "section.key=value"),
        (["--profile", "dem"], "--profile dem", "no such profile", "demo"),
        (["--params", "p.yaml"], "p.yaml", "No such file or directory", "YAML file"),
        (
            ["--runner", "beam", "--set", "drift.within=stop"],
            "drift.within",
            "--runner beam",
            "drift.within=train",
        ),
        (["--config", "c.yaml"], "c.yaml", "No such file or directory", "YAML file"),
    ],
)
def test_bad_setting_exits_2_and_is_named(
    brisc: Brisc, arguments: list[str], where: str, reason: str, remedy: str
) -> None:
    ended = brisc("run", "--data", ROOT, "--workspace", "w", *arguments, code=2)
    assert ended.stderr.startswith(f"brisc: {where}: ")
    assert reason in ended.stderr and remedy in ended.stderr
    assert ended.stdout == ""
    # Nothing is made for a run that cannot be.
    assert list(brisc.folder.iterdir()) == []


def test_run_without_data_exits_2_and_says_how_to_give_it(brisc: Brisc) -> None:
    error = brisc("run", code=2).stderr
    assert error.startswith("brisc: --data: no data folder is given")
    assert "--data DIR" in error and "config.yaml" in error


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--no-such-option"], "--no-such-option"),
        (["run", "--runner", "cloud"], "'local'"),
        (["run", "--data", "x", "--span", "1"], "x has no spans"),
        (["trian"], "trian"),
        (["evaluate", "--data", "x"], "--model"),
        (["evaluate", "--model", "x", "--data", "x", "--split", "dev"], "'train'"),
        (["evaluate", "--model", "x", "--data", "x", "--split", "val"], "--split-table of a run"),
        (
            ["evaluate", "--model", "x", "--data", "x", "--audit", "a", "--split-table", "s"],
            "--split-table says of leaks, too",
        ),
        (["predict", "--model", "x"], "images"),
        (["predict-batch", "x", "--model", "x"], "--out"),
        (["predict-batch", "x", "--model", "x", "--out", "o", "--format", "xml"], "'parquet'"),
        (["predict-batch", "x", "--model", "x", "--out", "o", "--batch-size", "0"], "--batch-size"),
        (["data", "sample"], "directory"),
        (["data", "sample", "d", "--images", "few"], "--images"),
        (["data", "sample", "d", "--images", "3"], "24 to 99999"),
        (["data", "sample", "d", "--seed", "-1"], "seed"),
        (["predict", "x", "--model", "x", "--slice", "0"], "--slice"),
        (["predict", "x", "--model", "x", "--plane", "oblique"], "'coronal'"),
        (["data", "import", "s", "d"], "--labels"),
    ],
)
def test_bad_usage_exits_2_and_names_what_is_wrong(
    brisc: Brisc, arguments: list[str], named: str
) -> None:
    assert named in brisc(*arguments, code=2).stderr.lower()
    assert list(brisc.folder.iterdir()) == []


# Files of the current folder


def test_files_of_the_current_folder_are_read(brisc: Brisc) -> None:
    put(brisc.folder / "params.yaml", b"training: {epoch: 3}")
    error = brisc("run", "--data", "x", code=2).stderr
    assert error.startswith("brisc: params.yaml: unknown key training.epoch")
    put(brisc.folder / "config.yaml", b"runer: beam")
    error = brisc("run", "--data", "x", code=2).stderr
    assert error.startswith("brisc: config.yaml: unknown key runer")


def test_data_and_workspace_may_come_from_the_configuration(brisc: Brisc) -> None:
    put(brisc.folder / "config.yaml", b"data: nowhere\nworkspace: work")
    assert brisc("run", code=1).stderr.startswith("brisc: nowhere: no such folder")
    assert (brisc.folder / "work").is_dir()


@pytest.mark.parametrize(
    ("verb", "wanted", "said"),
    [
        (["run"], [], "span 10: span-10"),
        (["prepare-run", "--run-id=first"], ["--span=9"], "span 9: span-9"),
    ],
)
def test_the_folder_of_a_span_is_found_and_said(
    brisc: Brisc, verb: list[str], wanted: list[str], said: str
) -> None:
    for name in ("span-9", "span-10"):
        (brisc.folder / name).mkdir()
    put(brisc.folder / "config.yaml", b"data: 'span-{SPAN}'")
    lines = brisc(*verb, *wanted, code=1).stderr.splitlines()
    assert lines[0] == said
    assert lines[1].startswith(f"brisc: {said.split()[-1]}: ")


def test_a_params_file_that_is_given_is_read_beside_that_of_the_current_folder(
    brisc: Brisc,
) -> None:
    put(brisc.folder / "params.yaml", b"training: {epochs: 3}")
    put(brisc.folder / "mine.yaml", b"training: {epochs: 0}")
    error = brisc("run", "--data", "x", "--params", "mine.yaml", code=2).stderr
    assert error.startswith("brisc: mine.yaml: training.epochs: ")


def test_pipeline_py_is_the_run_verb(brisc: Brisc) -> None:
    command = [sys.executable, str(ROOT / "pipeline.py"), "--profile", "dem", "--data", "x"]
    ended = subprocess.run(command, cwd=brisc.folder, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith("brisc: --profile dem: no such profile")
