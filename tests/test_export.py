"""`brisc export`: what it refuses, and that other runtimes answer as the saved model does."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.main import main

ROOT = Path(__file__).parents[1]
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
    assert "`export`" in said
    assert not (tmp_path / "out").exists()


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
    """A real network at 32 pixels, its weights random, behind a real Transform graph."""
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    import tf_keras as keras
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

    from data.examples import to_example
    from data.layout import scan
    from preprocessing.config import PreprocessingConfig
    from preprocessing.transform import preprocessing_fn
    from serving.signatures import save_model
    from trainer.config import ModelConfig
    from trainer.inference import AnsweringNetwork
    from trainer.network import build_network

    folder = tmp_path_factory.mktemp("model")
    text = (ROOT / "data" / "schema.pbtxt").read_text()
    schema = text_format.Parse(text, schema_pb2.Schema())
    spec = schema_utils.schema_as_feature_spec(schema).feature_spec
    preprocessing = PreprocessingConfig(image_size=SIZE)
    parsed = [
        tf.io.parse_single_example(to_example(item, "none"), spec)
        for item in scan(sample_dir).slices[:8]
    ]
    rows = [{name: value.numpy() for name, value in row.items()} for row in parsed]
    metadata = dataset_metadata.DatasetMetadata.from_feature_spec(spec)
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        transform = (rows, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"preprocessing": preprocessing.model_dump()})
        )
        _ = transform | tft_beam.WriteTransformFn(str(folder / "transform"))
    metadata_io.write_metadata(metadata, str(folder / "transform" / "metadata"))
    # Else a run in some dozens has weights whose answers hang on the last digits of float32.
    keras.utils.set_random_seed(0)
    network = build_network(ModelConfig(image_size=SIZE, encoder_weights="none"))
    # Batch norms that have seen nothing let numbers grow until float32 has no digits left for them.
    noise = np.random.default_rng(0).normal(114, 58, (16, SIZE, SIZE, 3)).astype(np.float32)
    for _ in range(40):
        network(noise, training=True)
    answering = AnsweringNetwork(network, mirrored=True, temperature=2)
    output = tft.TFTransformOutput(str(folder / "transform"))
    save_model(answering, output, preprocessing, folder / "saved" / "1")
    return folder / "saved"


@pytest.fixture(scope="module")
def extra() -> Path:
    """What the extra `export` adds to this environment, in a folder of its own."""
    target = ROOT / ".cache" / "export-extra" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    target.mkdir(parents=True, exist_ok=True)
    pins = target / "installed.txt"
    pip = [Path(sys.executable).with_name("uv"), "pip"]
    python = ["--python", sys.executable]
    freeze = [*pip, "freeze", *python, "--exclude-editable"]
    pins.write_text(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout)
    into = ["--quiet", "--target", target, "--constraint", pins]
    packages = ["tf2onnx>=1.17", "onnxruntime", "openvino"]
    subprocess.run([*pip, "install", *python, *into, *packages], check=True)
    return target


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
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, check=True)


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
