"""The command line, as far as it gets without TensorFlow: help, faults, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.sample import write_sample
from pipeline.cli.main import main
from pipeline.command import COMMAND
from tests.folders import broken_set, encode, grey, put
from tests.scans import PATIENT, dicom, ramp

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ended:
    """What a command has printed."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Brisc:
    """Calls the command in a folder of its own, where no params.yaml or config.yaml is found."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path, code: int = 0) -> Ended:
        """Asserts the exit code; only a ``SystemExit`` is no traceback."""
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        ended = Ended(*self.capture.readouterr())
        assert (caught.value.code or 0) == code, ended.stderr
        return ended


@pytest.fixture
def brisc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Brisc:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # The help is laid out for the terminal.
    monkeypatch.setenv("COLUMNS", "100")
    return Brisc(folder, capsys)


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


# Unusable inputs


@pytest.mark.parametrize("verb", ["run", "evaluate"])
def test_missing_folder_exits_1_and_is_named(brisc: Brisc, verb: str) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    arguments = ["--model", "model"] if verb == "evaluate" else ["--workspace", "w"]
    error = brisc(verb, "--data", "nowhere", *arguments, code=1).stderr
    assert error.startswith("brisc: nowhere: no such folder. Give the folder that holds the BRISC")


def test_folder_of_something_else_exits_1_and_is_named(brisc: Brisc) -> None:
    (brisc.folder / "holiday").mkdir()
    error = brisc("run", "--data", "holiday", "--workspace", "w", code=1).stderr
    assert error.startswith("brisc: holiday: not a BRISC folder, it has no classification_task")


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_missing_model_exits_1_and_is_named(brisc: Brisc, verb: str) -> None:
    arguments = ["--data", "x"] if verb == "evaluate" else ["x.jpg"]
    error = brisc(verb, *arguments, "--model", "nowhere", code=1).stderr
    assert error.startswith("brisc: nowhere: no such folder. Give the folder of a saved model")


@pytest.mark.parametrize("verb", ["run", "evaluate"])
def test_unusable_files_are_all_listed_and_exit_1(brisc: Brisc, verb: str) -> None:
    files = broken_set(brisc.folder / "set")
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    more = ["--model", "model", "--split", "all"] if verb == "evaluate" else ["--workspace", "w"]
    lines = brisc(verb, "--data", "set", *more, code=1).stderr.splitlines()
    # A line each, and one for the whole.
    assert len(lines) == len(files) + 1
    for path in files:
        shown = str(path.relative_to(brisc.folder)).replace("\n", "\\n")
        (line,) = (line for line in lines if line.startswith(f"{shown}: "))
        assert re.fullmatch(r"\S.+[^.]\. [A-Z].+[^.]\.", line), "no reason or no remedy"
    assert lines[-1].startswith("brisc: set: 5 unusable input(s). ")
    assert "--skip-bad" in lines[-1]


def test_skipping_bad_files_does_not_hide_that_a_class_is_lost(brisc: Brisc) -> None:
    files = broken_set(brisc.folder / "set")
    error = brisc("run", "--data", "set", "--workspace", "w", "--skip-bad", code=1).stderr
    assert f"going on without {len(files)} unusable input(s)\n" in error
    # Of the good ones there is no pituitary, and no glioma to test on.
    last = error.splitlines()[-1]
    assert last.startswith("brisc: set/classification_task: split train gets no usable image of")


def test_predict_lists_all_unusable_files_and_exits_1(brisc: Brisc) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    put(brisc.folder / "empty.jpg", b"")
    put(brisc.folder / "text.jpg", b"text")
    names = ["empty.jpg", "text.jpg", "missing.jpg", "model"]
    ended = brisc("predict", *names, "--model", "model", "--json", code=1)
    lines = ended.stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [*names, "brisc"]
    assert "4 of 4 slices" in lines[-1]
    assert json.loads(ended.stdout) == []


def test_predict_does_not_write_two_masks_to_one_file(brisc: Brisc) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    for name in ("a/scan.jpg", "b/scan.png"):
        put(brisc.folder / name, encode(grey(), "PNG"))
    more = ["--model", "model", "--overlay", "masks"]
    error = brisc("predict", "a/scan.jpg", "b/scan.png", *more, code=1).stderr
    assert error.startswith("brisc: b/scan.png: its mask would overwrite that of a/scan.jpg")


def test_predict_lists_unusable_scans_beside_other_files(brisc: Brisc) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    put(brisc.folder / "report.dcm", dicom(ramp(), PixelData=None))
    put(brisc.folder / "short.dcm", dicom(ramp(), Rows=90))
    put(brisc.folder / "text.jpg", b"text")
    names = ["report.dcm", "short.dcm", "text.jpg"]
    lines = brisc("predict", *names, "--model", "model", code=1).stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [*names, "brisc"]
    assert "not an image" in lines[0] and "3 of 3 slices" in lines[-1]
    assert not [line for line in lines if PATIENT in line]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nowhere", "--out", "o"], "nowhere: no such folder. Give a folder"),
        (["x.jpg", "--out", "o"], "x.jpg: is a file. Give a folder; `brisc predict` takes"),
        (["empty", "--out", "o"], "empty: no file in it matches *. "),
        (["model", "--out", "x.jpg"], "x.jpg: is a file. Give --out a folder"),
        (["model", "--out", "/proc/brisc"], "/proc/brisc: the folder of results cannot be written"),
    ],
)
def test_a_batch_that_cannot_begin_exits_1_and_makes_nothing(
    brisc: Brisc, arguments: list[str], named: str
) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    put(brisc.folder / "x.jpg", b"x")
    (brisc.folder / "empty").mkdir()
    ended = brisc("predict-batch", *arguments, "--model", "model", code=1)
    assert ended.stderr.startswith(f"brisc: {named}")
    assert sorted(path.name for path in brisc.folder.iterdir()) == ["empty", "model", "x.jpg"]


# Import


def test_import_writes_a_set_and_says_what_it_holds(brisc: Brisc) -> None:
    put(brisc.folder / "scans" / "a.dcm", dicom(ramp()))
    put(
        brisc.folder / "scans" / "labels.csv",
        b"file,class,split,plane,patient\na.dcm,no_tumor,train,axial,x\n",
    )
    arguments = ["data", "import", "scans", "set", "--labels", "scans/labels.csv"]
    ended = brisc(*arguments)
    assert ended.stdout == "set: 1 train and 0 test slices, 0 masks, 1 patients\n"
    assert ended.stderr == "note: scans/a.dcm: it has no window: percentiles are used\n"
    assert brisc(*arguments, code=1).stderr.startswith("brisc: set: is not empty")


def test_import_lists_every_bad_row_and_goes_on_when_told(brisc: Brisc) -> None:
    put(brisc.folder / "scans" / "a.dcm", dicom(ramp()))
    rows = ["a.dcm,no_tumor,train,axial", *(f"{n}.dcm,no_tumor,test,axial" for n in range(60))]
    content = "\n".join(["file,class,split,plane", *rows]).encode()
    put(brisc.folder / "labels.csv", content)
    arguments = ["data", "import", "scans", "set", "--labels", "labels.csv"]
    lines = brisc(*arguments, code=1).stderr.splitlines()
    assert len(lines) == 60 + 1
    assert lines[0].startswith("scans/0.dcm: No such file or directory. ")
    assert "60 unusable input(s)" in lines[-1] and "--skip-bad" in lines[-1]
    assert not (brisc.folder / "set").exists()
    ended = brisc(*arguments, "--skip-bad")
    assert ended.stderr.splitlines()[-1] == "went on without 60 unusable row(s)"
    assert ended.stdout == "set: 1 train and 0 test slices, 0 masks\n"


def test_import_names_a_folder_or_labels_that_are_not_there(brisc: Brisc) -> None:
    arguments = ["data", "import", "scans", "set", "--labels", "labels.csv"]
    assert brisc(*arguments, code=1).stderr.startswith("brisc: scans: no such folder")
    (brisc.folder / "scans").mkdir()
    assert brisc(*arguments, code=1).stderr.startswith("brisc: labels.csv: cannot be read as CSV")


# The workspace


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/brisc"])
def test_unwritable_workspace_exits_1_and_is_named(brisc: Brisc, place: str) -> None:
    put(brisc.folder / "file", b"mine")
    error = brisc("run", "--data", "x", "--workspace", place, code=1).stderr
    shown = brisc.folder / place
    assert error.startswith(f"brisc: {shown}: the workspace cannot be written")
    assert "--workspace" in error


def test_file_where_the_runs_should_lie_exits_1_and_is_named(brisc: Brisc) -> None:
    write_sample(brisc.folder / "set", images=24, seed=0)
    put(brisc.folder / "w" / "runs", b"mine")
    error = brisc("run", "--data", "set", "--workspace", "w", code=1).stderr
    assert error.startswith(f"brisc: {brisc.folder / 'w' / 'runs'}/")
    assert "cannot be made" in error


def test_workspace_without_training_exits_1_and_is_named(brisc: Brisc) -> None:
    error = brisc("tensorboard", "--workspace", "w", code=1).stderr
    assert error.startswith(f"brisc: {brisc.folder / 'w'}: no training has begun")
    assert "`brisc run --workspace`" in error
    assert list(brisc.folder.iterdir()) == []


# Serving


@pytest.mark.parametrize(
    ("arguments", "where", "reason"),
    [
        (["serve"], "--model-base-path, --model-config-file", "exactly one"),
        (
            ["serve", "--model-base-path", "m", "--certificate", "c.pem"],
            "--certificate, --private-key",
            "one of them is missing",
        ),
        (["predict", "slice.png"], "--model, --server", "exactly one"),
        (["app"], "--model, --server", "exactly one"),
        (["app", "--server", "127.0.0.1:1"], "server 127.0.0.1:1", "no address"),
        (["predict", "slice.png", "--server", "127.0.0.1:1"], "server 127.0.0.1:1", "no address"),
        (
            ["predict", "slice.png", "--server", "http://x", "--secrets", "s.yaml"],
            "s.yaml",
            "serving_token",
        ),
    ],
)
def test_what_cannot_be_served_or_asked_exits_2_and_is_named(
    brisc: Brisc, arguments: list[str], where: str, reason: str
) -> None:
    put(brisc.folder / "slice.png", encode(grey(), "PNG"))
    put(brisc.folder / "s.yaml", b"serving_token: short")
    ended = brisc(*arguments, code=2)
    assert ended.stderr.startswith(f"brisc: {where}: ") and reason in ended.stderr
    # A secret is not shown, not even to its owner.
    assert ended.stdout == "" and "short" not in ended.stderr


def test_a_server_that_does_not_answer_exits_1_and_is_named(brisc: Brisc) -> None:
    put(brisc.folder / "slice.png", encode(grey(), "PNG"))
    # Port 9 is that of a service which nobody runs.
    error = brisc("predict", "slice.png", "--server", "http://127.0.0.1:9", code=1).stderr
    assert error.startswith("brisc: http://127.0.0.1:9: no answer") and "brisc serve" in error


# Sample data


def test_sample_writes_a_set_and_says_what_it_holds(brisc: Brisc) -> None:
    ended = brisc("data", "sample", "set", "--images", "24", "--seed", "3")
    assert ended.stdout == "set: 20 train and 4 test slices, 18 masks\n"
    assert (brisc.folder / "set" / "manifest.csv").is_file()


def test_sample_does_not_write_over_what_is_there(brisc: Brisc) -> None:
    put(brisc.folder / "set" / "mine.txt", b"mine")
    error = brisc("data", "sample", "set", "--images", "24", code=1).stderr
    assert error.startswith("brisc: set: is not empty")
    assert [path.name for path in (brisc.folder / "set").iterdir()] == ["mine.txt"]


def test_pipeline_py_is_the_run_verb(brisc: Brisc) -> None:
    command = [sys.executable, str(ROOT / "pipeline.py"), "--profile", "dem", "--data", "x"]
    ended = subprocess.run(command, cwd=brisc.folder, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith("brisc: --profile dem: no such profile")


def test_an_audit_of_another_folder_is_refused_before_a_model_is_loaded(
    sample_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "saved_model.pb").touch()
    audit = tmp_path / "audit.json"
    audit.write_text('{"leak": {"brisc2025_test_99999_gl_ax_t1": "copy"}, "pairs": []}')
    ended = subprocess.run(
        [
            *(*COMMAND, "evaluate"),
            *(f"--model={tmp_path}", f"--data={sample_dir}", f"--audit={audit}"),
        ],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert str(audit) in ended.stderr and "of this very folder" in ended.stderr
