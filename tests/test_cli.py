"""What the command says of its inputs: those that cannot be used, each named, and the others."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from data.sample import write_sample
from pipeline.command import COMMAND
from tests.command import environment
from tests.command_line import Brisc
from tests.folders import broken_set, encode, grey, put
from tests.ports import free_ports
from tests.scans import PATIENT, dicom, ramp

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
    assert lines[3] == "model: is a folder. Give files; `brisc predict-batch` takes a folder."
    assert lines[-1].startswith("brisc: 4 of 4 slices could not be read: see above. ")
    assert json.loads(ended.stdout) == []


def test_predict_does_not_write_two_masks_to_one_file(brisc: Brisc) -> None:
    put(brisc.folder / "model" / "saved_model.pb", b"x")
    for name in ("a/scan.jpg", "b/scan.png"):
        put(brisc.folder / name, encode(grey(), "PNG"))
    more = ["--model", "model", "--overlay", "masks"]
    error = brisc("predict", "a/scan.jpg", "b/scan.png", *more, code=1).stderr
    assert error.startswith("brisc: b/scan.png: its mask would overwrite that of a/scan.jpg")


def test_predict_refuses_an_overlay_that_cannot_be_written_before_it_loads_a_model(
    brisc: Brisc,
) -> None:
    # Loading it would fail, too.
    put(brisc.folder / "model" / "saved_model.pb", b"no model")
    put(brisc.folder / "slice.png", encode(grey(), "PNG"))
    for place in ("slice.png", "/proc/brisc"):
        error = brisc("predict", "slice.png", "--model=model", "--overlay", place, code=1).stderr
        assert error.startswith(f"brisc: {place}: cannot be written (")
        assert error.endswith("). Give --overlay another folder.\n")


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
        (["app", "--server=http://127.0.0.1:1", "--trusted-host=a:1"], "--trusted-host", "'a:1'"),
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


def test_all_ports_that_are_taken_are_named_at_once(brisc: Brisc) -> None:
    put(brisc.folder / "model" / "1" / "saved_model.pb", b"no model")
    serve = ["serve", "--model-base-path", "model"]
    with contextlib.ExitStack() as stack:
        taken = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for _ in range(2)
        ]
        gave = (f"--grpc-port {taken[0]}", f"--rest-port {taken[1]}")
        both = brisc(*serve, *" ".join(gave).split(), code=2).stderr
        assert both.startswith(f"brisc: {gave[0]}, {gave[1]}: 127.0.0.1:{taken[0]} cannot be ")
        assert "Give another --grpc-port and another --rest-port, or 0 for any" in both
        one = brisc(*serve, "--grpc-port", "0", *gave[1].split(), code=2).stderr
        assert one.startswith(f"brisc: {gave[1]}: 127.0.0.1:{taken[1]} cannot be ")
        # At another address of this machine they are free, and so the model is what is wrong.
        free = [*gave[0].split(), *gave[1].split(), "--host", "127.0.0.2"]
        said = brisc("serve", "--model-base-path", "nowhere", *free, code=1).stderr
        assert said.startswith("brisc: nowhere: no such folder")


def test_two_ports_are_not_one(brisc: Brisc) -> None:
    (port,) = free_ports(1)
    ports = [f"--grpc-port={port}", f"--rest-port={port}"]
    error = brisc("serve", "--model-base-path", "m", *ports, code=2).stderr
    assert "each needs a port of its own" in error


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("nowhere", "no such folder. Give the folder that `brisc run` pushed to"),
        ("empty", "no version of a model in it, a folder named by a number. Give"),
        ("models/7", "is one version of a model. Give the folder of its versions, {}/models."),
        ("exported", "is a saved model, and no folder of a model's versions. Move it"),
    ],
)
def test_a_folder_without_versions_is_refused_before_anything_is_loaded(
    brisc: Brisc, base: str, said: str
) -> None:
    (brisc.folder / "empty").mkdir()
    put(brisc.folder / "models" / "7" / "saved_model.pb", b"x")
    put(brisc.folder / "exported" / "saved_model.pb", b"x")
    ports = ["--grpc-port=0", "--rest-port=0"]
    error = brisc("serve", "--model-base-path", base, *ports, code=1).stderr
    # Not even begun to be.
    assert error.startswith(f"brisc: {base}: {said.format(brisc.folder.resolve())}")


def test_a_server_says_that_it_loads_before_it_does(brisc: Brisc) -> None:
    put(brisc.folder / "models" / "1" / "saved_model.pb", b"no model")
    ports = ["--grpc-port=0", "--rest-port=0"]
    ended = subprocess.run(
        [*COMMAND, "serve", "--model-base-path=models", *ports],
        cwd=brisc.folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    first, second, *_ = ended.stderr.splitlines()
    assert first.endswith(" INFO loading TensorFlow and the models of models")
    assert " ERROR brisc: version 1 is not served: " in second


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
