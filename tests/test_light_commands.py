"""No command imports TensorFlow, TFX or a reader of scans before it needs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import environment
from tests.folders import broken_set, encode, grey, put

HEAVY = ("tensorflow", "tfx", "apache_beam", "tensorflow_model_analysis", "ml_metadata", "tf_keras")
# Only the reader of a scan needs these.
READERS = ("pydicom", "nibabel")
# What has been imported is told at the very end, however the command ends.
TELL = f"""
import atexit, sys
from pathlib import Path
heavy = lambda: ",".join(name for name in {HEAVY + READERS} if name in sys.modules)
atexit.register(lambda: Path("imported").write_text(heavy()))
from pipeline.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["run", "--help"], 0),
        (["evaluate", "--help"], 0),
        (["predict", "--help"], 0),
        (["predict", "slice.png", "--server", "http://127.0.0.1:9"], 1),
        (["--version"], 0),
        (["serve", "--help"], 0),
        (["serve", "--model-base-path", "nowhere", "--grpc-port=0", "--rest-port=0"], 1),
        (["serve", "--model-base-path", "model", "--host", "192.0.2.1"], 2),
        (["app", "--help"], 0),
        (["app", "--model", "nowhere"], 1),
        (["predict-batch", "--help"], 0),
        (["data", "sample", "sample", "--images", "24"], 0),
        (["run", "--data", "set", "--set", "training.epochs=x"], 2),
        (["run", "--data", "set", "--workspace", "w"], 1),
        (["evaluate", "--data", "set", "--split", "all", "--model", "model"], 1),
        (["predict", "empty.jpg", "--model", "model"], 1),
        (["predict-batch", "nowhere", "--model", "model", "--out", "out"], 1),
        (["predict-batch", "set", "--model", "model", "--out", "set"], 1),
        (["tensorboard", "--workspace", "w"], 1),
        (["airflow", "export", "dags", "--schedule", "@daily"], 2),
        (["airflow", "up", "--dags", "nowhere"], 2),
        (["airflow", "down", "--workspace", "w"], 0),
        (["prepare-run", "--run-id", "r", "--data", "set", "--workspace", "w"], 1),
        (["run-node", "LeakAudit", "--run-id", "r", "--workspace", "w"], 1),
        (["finish-run", "--run-id", "r", "--workspace", "w"], 1),
        (["nodes", "--set", "training.epochs=x"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_no_command_pays_for_tensorflow_before_it_needs_it(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    broken_set(tmp_path / "set")
    put(tmp_path / "empty.jpg", b"")
    put(tmp_path / "slice.png", encode(grey(), "PNG"))
    put(tmp_path / "model" / "saved_model.pb", b"x")
    ended = subprocess.run(
        [sys.executable, "-c", TELL, *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == code, ended.stderr
    assert (tmp_path / "imported").read_text() == ""
    assert "Traceback" not in ended.stderr
