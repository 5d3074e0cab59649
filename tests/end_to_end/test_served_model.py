"""What a pushed model answers: by its signatures, `brisc predict` and `brisc evaluate`."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score

from data import naming
from data.layout import Slice, scan
from serving.model_files import find_saved_model
from tests.command import COMMAND, ROOT, environment
from tests.end_to_end.conftest import Bench, Finished
from tests.pages import table_below
from tests.scans import dicom


@pytest.fixture(scope="module")
def model(bench: Bench, blessed: Finished) -> Path:
    assert blessed.code == 0, blessed.errors
    return find_saved_model(bench.models)


@pytest.fixture(scope="module")
def slices(bench: Bench) -> list[Slice]:
    return [item for item in scan(bench.data).slices if item.official_split == "test"]


def _brisc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment(), capture_output=True, text=True
    )


def test_the_default_signature_answers_for_slices_of_any_size(
    model: Path, slices: list[Slice]
) -> None:
    images = [item.image.read_bytes() for item in slices]
    sizes = [Image.open(item.image).size for item in slices]
    assert len(set(sizes)) > 1
    loaded = tf.saved_model.load(str(model))
    answer = loaded.signatures["serving_default"](image_bytes=tf.constant(images))
    probabilities = answer["probabilities"].numpy()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
    names = [name.decode() for name in answer["class"].numpy()]
    assert names == [naming.CLASSES[index] for index in probabilities.argmax(axis=-1)]
    for size, png, area in zip(
        sizes, answer["mask_png_bytes"].numpy(), answer["mask_area"].numpy(), strict=True
    ):
        mask = np.asarray(Image.open(io.BytesIO(png)))
        assert mask.shape == (size[1], size[0])
        assert set(np.unique(mask)) <= {0, 255}
        assert (mask > 0).sum() == area


def test_the_reference_lists_the_signatures_as_they_answer(
    model: Path, bench: Bench, slices: list[Slice]
) -> None:
    ingested = next(bench.workspace.glob("artifacts/BriscExampleGen/examples/*/Split-test/*.gz"))
    examples = tf.data.TFRecordDataset(str(ingested), compression_type="GZIP").take(2)
    given = {
        "image_bytes": tf.constant([item.image.read_bytes() for item in slices[:2]]),
        "examples": tf.stack(list(examples)),
    }
    signatures = tf.saved_model.load(str(model)).signatures
    assert set(signatures) == {"serving_default", "raw", "evaluate", "transform_features"}
    for name, signature in signatures.items():
        (taken,) = signature.structured_input_signature[1]
        found = {(taken, "input", "string", "[B]")}
        for output, tensor in signature(**{taken: given[taken]}).items():
            assert tensor.shape[0] == 2
            sides = ["B", *("S" if side == 64 else str(side) for side in tensor.shape[1:])]
            found.add((output, "output", tensor.dtype.name, f"[{', '.join(sides)}]"))
        assert {tuple(row[:4]) for row in table_below("reference/signatures.md", name)} == found


@pytest.mark.parametrize(("mode", "suffix"), [("L", "PNG"), ("RGB", "BMP"), ("RGBA", "PNG")])
def test_grey_and_colour_files_of_one_slice_get_one_answer(
    model: Path, slices: list[Slice], mode: str, suffix: str
) -> None:
    grey = Image.open(slices[0].image).convert("L")
    reference, other = io.BytesIO(), io.BytesIO()
    grey.save(reference, "PNG")
    grey.convert(mode).save(other, suffix)
    raw = tf.saved_model.load(str(model)).signatures["raw"]
    answer = raw(image_bytes=tf.constant([reference.getvalue(), other.getvalue()]))
    first, second = answer["classification"].numpy()
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_predict_writes_mask_and_overlay_and_lists_what_it_cannot_read(
    model: Path, slices: list[Slice], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"not an image")
    good = slices[0].image
    ended = _brisc(
        "predict", str(bad), str(good), f"--model={model}", f"--overlay={tmp_path}", "--json"
    )
    assert ended.returncode == 1
    assert f"{bad}: not a JPEG" in ended.stderr
    (answer,) = json.loads(ended.stdout)
    assert answer["class"] in naming.CLASSES
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    mask = np.asarray(Image.open(tmp_path / f"{good.stem}_mask.png"))
    assert (mask > 0).sum() == answer["mask_area"]
    overlay = Image.open(tmp_path / f"{good.stem}_overlay.png")
    assert overlay.size == Image.open(good).size
    assert overlay.mode == "RGB"


def test_predict_answers_for_dicom_as_for_the_slice_it_was_made_of(
    model: Path, slices: list[Slice], tmp_path: Path
) -> None:
    pixels = np.asarray(Image.open(slices[0].image).convert("L"))
    image, scan = tmp_path / "slice.png", tmp_path / "scan"
    Image.fromarray(pixels).save(image)
    # Shown as stored by this window (PS3.3 C.11.2.1.2.1).
    frames = np.stack([255 - pixels, pixels])
    window = {"WindowCenter": 128, "WindowWidth": 256, "PixelSpacing": [0.5, 0.5]}
    scan.write_bytes(dicom(frames, **window))
    ended = _brisc("predict", str(image), f"--model={model}", "--json")
    (expected,) = json.loads(ended.stdout)
    assert not {"slice", "spacing_mm", "mask_area_mm2"} & set(expected)
    ended = _brisc(
        "predict", str(scan), f"--model={model}", f"--overlay={tmp_path / 'out'}", "--json"
    )
    assert ended.returncode == 0, ended.stderr
    answers = json.loads(ended.stdout)
    assert [answer["slice"] for answer in answers] == [1, 2]
    for key in ("class", "probabilities", "mask_area"):
        assert answers[1][key] == pytest.approx(expected[key], abs=1e-4)
    assert answers[1]["spacing_mm"] == [0.5, 0.5]
    assert answers[1]["mask_area_mm2"] == pytest.approx(expected["mask_area"] / 4)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "scan_f0001_mask.png",
        "scan_f0001_overlay.png",
        "scan_f0002_mask.png",
        "scan_f0002_overlay.png",
    ]
    assert answers[1]["mask"].endswith("scan_f0002_mask.png")


@pytest.fixture
def scans(bench: Bench, tmp_path: Path) -> Path:
    """A folder as users have it: images, two of one name, a DICOM series, a file of no use."""
    folder = tmp_path / "scans"
    for item in scan(bench.data).slices:
        (folder / item.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(item.image, folder / item.label)
    for part in ("twin", "series"):
        (folder / part).mkdir()
    shutil.copy(item.image, folder / "twin")
    grey = np.asarray(Image.open(item.image).convert("L"))
    for number in range(3):
        content = dicom(np.roll(grey, number, axis=0), InstanceNumber=number + 1)
        (folder / "series" / f"IM{number}").write_bytes(content)
    (folder / "series" / "frames").write_bytes(dicom(np.stack([grey, grey.T[: len(grey)]])))
    (folder / "series" / "notes.txt").write_text("not an image")
    return folder


def _recorded(out: Path) -> list[dict[str, object]]:
    lines = [line for path in out.glob(".brisc/records/*") for line in path.open()]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def test_predict_batch_goes_on_after_a_kill_and_answers_as_predict_does(
    model: Path, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # One by one, as the other command: batches of another size round otherwise, and a pixel at the
    # threshold may show it.
    folders = [str(scans), f"--out={out}", f"--model={model}"]
    command = ["predict-batch", *folders, "--batch-size=1"]
    files = sorted(path for path in scans.rglob("*") if path.is_file())
    with subprocess.Popen([*COMMAND, *command], cwd=ROOT, env=environment()) as killed:
        while killed.poll() is None and len(_recorded(out)) < 5:
            time.sleep(0.02)
        killed.kill()
    done = {str(row["mask"]) for row in _recorded(out) if row["mask"]}
    assert 0 < len(done) < len(files) // 2, "killed too late to tell"
    before = {name: (out / name).stat() for name in done}
    assert not list(out.glob("predictions.*"))

    ended = _brisc(*command, "--format=csv")
    assert ended.returncode == 1
    bad = scans / "series" / "notes.txt"
    # What TensorFlow's C++ says before it has a log of its own cannot be kept off.
    told = [line.partition(": ")[0] for line in ended.stderr.splitlines()]
    assert [where for where in told if where in (str(bad), "brisc")] == [str(bad), "brisc"]
    assert "Traceback" not in ended.stderr
    assert f"{len(files)} slices of {len(files)} files, {len(done)} of them before" in ended.stdout
    for name, status in before.items():
        found = (out / name).stat()
        assert (found.st_ino, found.st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    (refused,) = (row for row in rows if row["error"])
    assert scans / refused["path"] == bad

    # Nothing is left but the bad file; the table of the other format tells the same.
    assert _brisc(*command).returncode == 1
    table = pq.read_table(out / "predictions.parquet").to_pylist()
    assert [row["mask"] or "" for row in table] == [row["mask"] for row in rows]

    single = [str(path) for path in files if path != bad and path.parent.name != "twin"]
    ended = _brisc("predict", *single, f"--model={model}", f"--overlay={tmp_path}/o", "--json")
    expected = {
        (answer["image"], answer.get("slice")): answer for answer in json.loads(ended.stdout)
    }
    answered = [row for row in table if row["error"] is None]
    (twin,) = (row for row in answered if row["path"].startswith("twin/"))
    answered.remove(twin)
    assert len(answered) == len(expected)
    for row in answered:
        answer = expected[str(scans / row["path"]), row["slice"]]
        assert row["class"] == answer["class"]
        for name, value in answer["probabilities"].items():
            assert row[f"probability_{name}"] == pytest.approx(value, abs=1e-4)
        mask, other = (Image.open(path) for path in (out / row["mask"], answer["mask"]))
        np.testing.assert_array_equal(mask, other)
        assert row["tumour_pixels"] == answer["mask_area"]
        if Path(row["path"]).name == Path(twin["path"]).name:
            assert (out / row["mask"]).read_bytes() == (out / twin["mask"]).read_bytes()


def test_evaluate_agrees_with_its_rows_and_with_evaluator(
    model: Path, bench: Bench, tmp_path: Path
) -> None:
    scores_file, rows_file = tmp_path / "scores.json", tmp_path / "rows.csv"
    ended = _brisc(
        "evaluate",
        f"--model={bench.models}",
        f"--data={bench.data}",
        f"--json={scores_file}",
        f"--csv={rows_file}",
    )
    assert ended.returncode == 0, ended.stderr
    scores = json.loads(scores_file.read_text())
    with rows_file.open() as file:
        rows = list(csv.DictReader(file))
    truth, predicted = [row["label"] for row in rows], [row["predicted"] for row in rows]
    assert scores["n"] == len(rows) == 12
    assert scores["split"] == "test"
    assert scores["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert scores["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    dice = [float(row["dice"]) for row in rows if int(row["true_area"])]
    assert scores["dice_tumour"] == pytest.approx(np.mean(dice))
    assert scores["slices"]["class=no_tumor"]["dice_tumour"] is None
    # The class does not depend on the size at which masks are compared.
    reports = [json.loads(path.read_text()) for path in bench.workspace.glob("runs/*/report.json")]
    evaluator = next(report for report in reports if report["pushed"] == str(model))["scores"]
    assert scores["accuracy"] == pytest.approx(evaluator["all"]["accuracy"])
    for name in ("plane=axial", "class=glioma", "plane=axial,class=glioma"):
        for metric in ("accuracy", "ece", "brier"):
            found = scores["slices"][name][metric]
            assert found == pytest.approx(evaluator[name][metric], abs=1e-4), (name, metric)
    # Masks are compared at another size there, but a wrong class is wrong at any.
    assert 0 <= evaluator["all"]["both_right"] <= evaluator["all"]["accuracy"]
    assert 0 <= evaluator["all"]["contradiction"] <= 1


def test_evaluate_tells_slices_with_a_copy_in_train_from_the_others(
    model: Path, bench: Bench, slices: list[Slice], tmp_path: Path
) -> None:
    leak = {item.id: "copy" if number < 5 else "none" for number, item in enumerate(slices)}
    pairs = [{"a": slices[0].id, "b": slices[1].id, "kind": "mirrored", "score": 1.0}]
    audit, scores_file = tmp_path / "audit.json", tmp_path / "scores.json"
    audit.write_text(json.dumps({"leak": leak, "pairs": pairs}))
    command = ["evaluate", f"--model={model}", f"--data={bench.data}", f"--json={scores_file}"]
    ended = _brisc(*command, f"--audit={audit}")
    assert ended.returncode == 0, ended.stderr
    assert "leak=copy" in ended.stdout
    scores = json.loads(scores_file.read_text())
    # Two copies are drawn together by the bootstrap.
    assert scores["bootstrap"]["unit"] == "group" and scores["groups"] == len(slices) - 1
    found = scores["slices"]
    assert found["leak=copy"]["n"] == 5
    assert found["leak=none"]["n"] == len(slices) - 5
    by_class = [found[f"leak=copy,class={name}"]["n"] for name in {s.label for s in slices[:5]}]
    assert sum(by_class) == 5

    audit.write_text("{}")
    refused = _brisc(*command, f"--audit={audit}")
    assert refused.returncode == 1
    assert f"{audit}: not what an audit writes" in refused.stderr


def test_evaluate_takes_the_splits_of_a_run(
    model: Path, bench: Bench, slices: list[Slice], tmp_path: Path
) -> None:
    # As if the run had drawn other splits: what is officially test was its train.
    trained = {item.id for item in slices}
    rows = [
        f"{item.id},{'train,self' if item.id in trained else 'test,none'},"
        if number
        else f"{item.id},left_out,,"
        for number, item in enumerate(scan(bench.data).slices)
    ]
    table, scores_file = tmp_path / "split.csv", tmp_path / "scores.json"
    table.write_text("\n".join(["image,split,leak,group", *rows]) + "\n")
    command = ["evaluate", f"--model={model}", f"--data={bench.data}", f"--split-table={table}"]
    ended = _brisc(*command, f"--json={scores_file}")
    assert ended.returncode == 0, ended.stderr
    scores = json.loads(scores_file.read_text())
    assert scores["n"] == sum(",test," in row for row in rows)
    assert scores["slices"]["leak=none"]["n"] == scores["n"]

    table.write_text("image,split,leak,group\nbrisc2025_test_99999_gl_ax_t1,test,none,\n")
    refused = _brisc(*command)
    assert refused.returncode == 1
    assert "it lacks 1 slices" in refused.stderr and str(bench.data) in refused.stderr


def test_evaluate_names_a_folder_without_a_model(bench: Bench, tmp_path: Path) -> None:
    ended = _brisc("evaluate", f"--model={tmp_path}", f"--data={bench.data}")
    assert ended.returncode == 1
    assert str(tmp_path) in ended.stderr and "saved_model.pb" in ended.stderr
