"""`brisc export`: what it refuses, and that other runtimes answer as the saved model does."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main
from serving.export.packages import INSTALL
from tests.command import environment
from tests.command_blocks import read_blocks
from tests.export_extra import export_extra
from tests.folders import encode, grey, put

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "export.md"
SIZE = 32


def refusal(capsys: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["export", *map(str, arguments)])
    assert caught.value.code == code
    return capsys.readouterr().err


def test_a_missing_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "none"
    said = refusal(capsys, 1, "--model", model, "--format", "onnx", "--out", tmp_path / "out")
    assert f"{model}: no such folder" in said


def test_an_unknown_format_is_answered_by_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(capsys, 2, "--model", tmp_path, "--format", "tflite", "--out", tmp_path)
    assert all(name in said for name in ("onnx", "openvino", "saved_model"))


@pytest.mark.parametrize(("form", "package"), [("onnx", "tf2onnx"), ("openvino", "openvino")])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    form: str,
    package: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == package else find(name)
    )
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    said = refusal(capsys, 2, "--model", tmp_path, "--format", form, "--out", tmp_path / "out")
    assert package in said
    assert "`export`" in said and INSTALL in said
    assert not (tmp_path / "out").exists()


def test_a_missing_package_is_named_before_tensorflow_is_imported(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    code = (
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'tf2onnx' else find(name)\n"
        "from pipeline.cli.main import main\n"
        "try: main()\n"
        "finally: print('tensorflow' in sys.modules)"
    )
    arguments = ["export", "--model", tmp_path, "--format", "onnx", "--out", tmp_path / "out"]
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (2, "False\n")
    assert ended.stderr.startswith("brisc: --format onnx: tf2onnx ")


def test_the_page_installs_as_the_message_says() -> None:
    (install, *_) = (block for block in read_blocks(PAGE) if block.language == "sh")
    assert install.commands[0] == INSTALL


def test_a_folder_with_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    said = refusal(capsys, 1, "--model", tmp_path, "--format", "saved_model", "--out", tmp_path)
    assert f"{tmp_path}: is not empty" in said


def test_a_damaged_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    out = tmp_path / "out"
    said = refusal(capsys, 1, "--model", tmp_path, "--format", "saved_model", "--out", out)
    assert f"{tmp_path}: the saved model is damaged" in said
    assert not out.exists()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, sample_dir: Path) -> Path:
    """A real network at 32 pixels."""
    # Not before a test needs it: it imports TensorFlow and Beam.
    from tests.untrained_model import put_untrained_model

    return put_untrained_model(tmp_path_factory.mktemp("model"), sample_dir, SIZE)


@pytest.fixture(scope="module")
def extra() -> Path:
    """What the extra `export` adds to this environment."""
    return export_extra()


def expected(model: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Letter-boxed slices and the saved model's answers."""
    from serving.export.standalone import load_model, probe

    known = probe(load_model(model / "1"))
    return known.images, known.expected


def exported(model: Path, form: str, out: Path, extra: Path) -> None:
    """By the command, which finds the extra's packages on its path."""
    code = (
        f"import sys; sys.path.append({str(extra)!r}); from pipeline.cli.main import main; main()"
    )
    arguments = ["export", "--model", str(model), "--format", form, "--out", str(out)]
    said = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    # ONNX Runtime warns of how TensorFlow resizes, which nobody can change.
    assert "deprecated since opset" not in said.stderr


@pytest.mark.integration
@pytest.mark.parametrize("form", ["saved_model", "onnx", "openvino"])
def test_other_runtimes_answer_as_the_saved_model_does(
    form: str, model: Path, extra: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    exported(model, form, out, extra)
    images, answers = expected(model)
    asked = {
        "saved_model": "import tensorflow as tf\n"
        "found = tf.saved_model.load(out).signatures['serving_default'](image=tf.constant(images))",
        "onnx": "import onnxruntime\n"
        "session = onnxruntime.InferenceSession(out + '/network.onnx')\n"
        "names = ['classification', 'segmentation']\n"
        "found = dict(zip(names, session.run(names, {'image': images})))",
        "openvino": "import openvino\n"
        "precision = {'INFERENCE_PRECISION_HINT': 'f32'}\n"
        "network = openvino.compile_model(out + '/network.xml', 'CPU', precision)\n"
        "found = network({'image': images})",
    }[form]
    np.save(tmp_path / "images.npy", images)
    script = (
        f"import sys; sys.path.append({str(extra)!r})\n"
        f"import numpy as np\nout = {str(out)!r}\n"
        f"images = np.load({str(tmp_path / 'images.npy')!r})\n"
        f"{asked}\n"
        f"np.savez({str(tmp_path / 'found.npz')!r}, classification=found['classification'],"
        " segmentation=found['segmentation'])\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    found = np.load(tmp_path / "found.npz")
    assert answers["segmentation"].std() > 1e-3
    for name, answer in answers.items():
        np.testing.assert_allclose(found[name], answer, atol=1e-4)


@pytest.mark.integration
def test_the_code_of_the_page_asks_a_network_of_any_size(
    model: Path, extra: Path, tmp_path: Path
) -> None:
    for form in ("onnx", "openvino"):
        exported(model, form, tmp_path / f"exported-{form}", extra)
    put(tmp_path / "slice.jpg", encode(grey(), "JPEG"))
    shown = [block.code for block in read_blocks(PAGE) if block.language == "python"]
    told = "print(size, image.shape, mask.shape)\n"
    code = f"import sys; sys.path.append({str(extra)!r})\n" + told.join([*shown, ""])
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment() | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    shape = (1, SIZE, SIZE, 1)
    assert ended.stdout == f"{SIZE} {shape} {shape}\n" * len(shown), ended.stderr
    assert "deprecated since opset" not in ended.stderr
