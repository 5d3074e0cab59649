"""Predicting folders: masks and table, what is done once, and whose results a folder holds."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data.errors import InputError
from data.lock import locked
from pipeline.config import PathsConfig
from serving.batch.request import BatchRequest
from serving.batch.run import Summary, predict_folder
from tests.command_line import Brisc
from tests.folders import encode, put
from tests.scans import PATIENT, dicom, nifti, ramp, scaled
from tests.tiny_model import REFUSED, expected_mask, put_tiny_model

GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_tiny_model(tmp_path_factory.mktemp("model") / "7")


@pytest.fixture
def request_(tmp_path: Path, model: Path) -> BatchRequest:
    (tmp_path / "scans").mkdir()
    return BatchRequest(
        source=tmp_path / "scans",
        out=tmp_path / "out",
        model=model,
        plane=None,
        pattern="*",
        table="parquet",
        batch_size=4,
        beam_args=PathsConfig().beam_args,
        overwrite=False,
    )


def run(request: BatchRequest) -> Summary:
    return predict_folder(request, no_bar)


@contextlib.contextmanager
def no_bar(total: int) -> Iterator[Callable[[int], None]]:
    yield lambda finished: None


def put_image(path: Path, brightest: int = 255, width: int = 40) -> np.ndarray:
    """Writes a slice of noise; returns it."""
    grey = GENERATOR.integers(0, brightest + 1, (32, width)).astype(np.uint8)
    put(path, encode(Image.fromarray(grey), "PNG"))
    return grey


def rows(summary: Summary) -> list[dict[str, Any]]:
    return pq.read_table(summary.table).to_pylist()


def mask(request: BatchRequest, row: dict[str, Any]) -> np.ndarray:
    return np.asarray(Image.open(request.out / row["mask"]))


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every mask below a folder, with what changes when it is written anew."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*.png")
    }


# What comes out


def test_each_slice_gets_its_own_mask_and_a_row_in_the_order_of_paths(
    request_: BatchRequest,
) -> None:
    names = ["b/one.png", "a/one.png", "a/one.jpg", "one", "a/deep/er/x.png", "a b\n.png"]
    greys = {name: put_image(request_.source / name, 255 - 60 * (name == "one")) for name in names}
    greys["dark.png"] = put_image(request_.source / "dark.png", 100, 64)
    found = rows(run(request_))
    assert [row["path"] for row in found] == sorted(greys)
    assert len({row["mask"] for row in found}) == len(greys)
    for row in found:
        expected = expected_mask(greys[row["path"]])
        np.testing.assert_array_equal(mask(request_, row), expected)
        assert row["tumour_pixels"] == (expected > 0).sum()
        assert row["tumour_share"] == pytest.approx((expected > 0).mean())
        assert row["class"] == ("no_tumor" if row["path"] == "dark.png" else "glioma")
        assert row[f"probability_{row['class']}"] == pytest.approx(0.7)
        assert row["model_version"] == "7"
        assert row["error"] is None and row["slice"] is None
        assert Path(row["mask"]).parent == Path("masks") / Path(row["path"]).parent


def test_scans_give_a_row_a_slice_and_nothing_of_a_patient(request_: BatchRequest) -> None:
    frames = np.stack([ramp(), ramp()[::-1], ramp()])
    put(request_.source / "a.dcm", dicom(frames, PixelSpacing=[0.5, 2]))
    put(request_.source / "single.dcm", dicom(ramp()))
    volume = ramp(24, 32 * 5).reshape(24, 32, 5).astype(np.int16)
    put(request_.source / "v.nii.gz", nifti(volume, scaled(1, 1, 3), packed=True))
    put(request_.source / "report.dcm", dicom(ramp(), PixelData=None))
    summary = run(request_)
    found = rows(summary)
    assert [(row["path"], row["slice"]) for row in found] == [
        *(("a.dcm", number) for number in (1, 2, 3)),
        ("report.dcm", None),
        ("single.dcm", 1),
        *(("v.nii.gz", number) for number in range(1, 6)),
    ]
    first, turned = mask(request_, found[0]), mask(request_, found[1])
    assert 0 < (first > 0).sum() < first.size
    np.testing.assert_array_equal(turned, first[::-1])
    assert found[0]["tumour_mm2"] == found[0]["tumour_pixels"]
    assert "not square" in found[0]["notes"]
    for path in request_.out.rglob("*"):
        if path.is_file():
            assert PATIENT.encode() not in path.read_bytes(), path


def test_csv_and_parquet_tell_the_same_and_only_one_lies_there(request_: BatchRequest) -> None:
    put_image(request_.source / "good.png")
    put(request_.source / 'a, "b".txt', b"text")
    first = run(request_)
    expected = rows(first)
    second = run(replace(request_, table="csv"))
    with second.table.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [list(row) for row in found] == [list(row) for row in expected]
    for row, other in zip(found, expected, strict=True):
        for name, value in other.items():
            if isinstance(value, float):
                assert float(row[name]) == pytest.approx(value)
            else:
                assert row[name] == ("" if value is None else str(value))
    assert not first.table.exists()


def test_bad_files_have_a_row_with_their_error_and_cost_no_other(request_: BatchRequest) -> None:
    for number in range(6):
        put_image(request_.source / f"good{number}.png")
    put(request_.source / "empty.png", b"")
    put(request_.source / "text.jpg", b"text")
    (request_.source / "link.png").symlink_to("nowhere")
    put_image(request_.source / "good2b.png", width=REFUSED)
    put_image(request_.source / ("n" * 250 + ".png"))
    summary = run(request_)
    errors = {row["path"]: row["error"] for row in rows(summary) if row["error"]}
    assert errors.pop("n" * 250 + ".png").startswith("its name is too long")
    assert errors.pop("good2b.png").startswith("the model cannot answer for it")
    assert errors == {
        "empty.png": "the file is empty. " + errors["text.jpg"].partition(". ")[2],
        "link.png": "No such file or directory. Give a readable file.",
        "text.jpg": errors["text.jpg"],
    }
    assert len(summary.rows) == 11 and len(summary.unusable) == 5
    assert len(contents(request_.out)) == 6


def test_the_command_says_how_many_slices_could_not_be_read(
    request_: BatchRequest, brisc: Brisc
) -> None:
    put_image(request_.source / "good.png")
    put(request_.source / "text.jpg", b"text")
    more = ["--out", request_.out, "--model", request_.model]
    *_, bad, last = brisc("predict-batch", request_.source, *more, code=1).stderr.splitlines()
    assert bad.startswith(f"{request_.source / 'text.jpg'}: ")
    assert last.startswith("brisc: 1 of 2 slices could not be read: see above. Mend their files ")


def test_results_below_the_source_and_hidden_files_are_no_slices(request_: BatchRequest) -> None:
    request = replace(request_, out=request_.source / "out")
    for name in ("a.png", ".hidden.png", ".cache/b.png"):
        put_image(request.source / name)
    (request.source / "loop").symlink_to(request.source, target_is_directory=True)
    for _ in range(2):
        assert [row["path"] for row in rows(run(request))] == ["a.png"]


def test_a_pattern_chooses_files_by_name(request_: BatchRequest) -> None:
    put_image(request_.source / "a" / "x.png")
    put(request_.source / "labels.csv", b"x")
    assert [row["path"] for row in rows(run(replace(request_, pattern="*.png")))] == ["a/x.png"]
    with pytest.raises(InputError, match=r"no file in it matches \*\.dcm"):
        run(replace(request_, pattern="*.dcm"))


# Going on


def test_what_is_done_is_not_done_again_and_what_has_changed_is(request_: BatchRequest) -> None:
    for name in ("same.png", "other.png", "gone/x.png"):
        put_image(request_.source / name)
    put(request_.source / "scan.dcm", dicom(np.stack([ramp()] * 3)))
    put(request_.source / "bad.png", b"text")
    before = (run(request_), contents(request_.out))[1]
    again = run(request_)
    assert again.earlier == 4 and contents(request_.out) == before

    grey = put_image(request_.source / "other.png")
    (request_.source / "gone" / "x.png").unlink()
    put(request_.source / "scan.dcm", dicom(np.stack([ramp()] * 2)))
    put_image(request_.source / "bad.png")
    put_image(request_.source / "new.png")
    changed = run(request_)
    after = contents(request_.out)
    assert changed.earlier == 1 and not changed.unusable
    assert [(row["path"], row["slice"]) for row in rows(changed)] == [
        ("bad.png", None),
        ("new.png", None),
        ("other.png", None),
        ("same.png", None),
        ("scan.dcm", 1),
        ("scan.dcm", 2),
    ]
    (row,) = (row for row in rows(changed) if row["path"] == "other.png")
    np.testing.assert_array_equal(mask(request_, row), expected_mask(grey))
    assert sorted(after) == sorted(row["mask"] for row in rows(changed))
    assert [name for name in after if before.get(name) == after[name]] == [
        "masks/same.png.mask.png"
    ]
    assert not (request_.out / "masks" / "gone").exists()


def test_what_a_killed_run_left_is_completed(request_: BatchRequest) -> None:
    for number in range(5):
        put_image(request_.source / f"{number}.png")
    put(request_.source / "scan.dcm", dicom(np.stack([ramp()] * 4)))
    whole = run(request_)
    expected, before = rows(whole), contents(request_.out)
    # As after SIGKILL: no table, a record without its line's end, files half written; and a mask
    # that somebody has removed.
    whole.table.unlink()
    (records,) = (request_.out / ".brisc" / "records").iterdir()
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(lines[:-1]) + lines[-1][:-20])
    put(request_.out / ".brisc" / "partial" / "abc", b"half a ma")
    (request_.out / expected[1]["mask"]).unlink()
    redone = {expected[1]["mask"], expected[-1]["mask"]}

    summary = run(request_)
    assert rows(summary) == expected
    assert summary.earlier == 4
    after = contents(request_.out)
    assert {name for name in after if after[name] != before[name]} == redone
    assert not list((request_.out / ".brisc" / "partial").iterdir())


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (OSError(28, os.strerror(28)), f"OUT: the results cannot be written ({os.strerror(28)})"),
        (KeyboardInterrupt(), ""),
    ],
    ids=["full disk", "Ctrl-C"],
)
def test_a_failed_run_keeps_what_it_had_answered(
    request_: BatchRequest, monkeypatch: pytest.MonkeyPatch, fault: BaseException, named: str
) -> None:
    for number in range(12):
        put_image(request_.source / f"{number:02d}.png")
    written = 0
    replace_file = os.replace

    def fail_in_the_end(source: Path, target: Path) -> None:
        nonlocal written
        if Path(target).suffix == ".png":
            written += 1
            if written > 5:
                raise fault
        replace_file(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail_in_the_end)
        with pytest.raises((InputError, KeyboardInterrupt)) as caught:
            run(request_)
    assert str(caught.value).startswith(named.replace("OUT", str(request_.out)))
    assert isinstance(caught.value, KeyboardInterrupt) == isinstance(fault, KeyboardInterrupt)
    before = contents(request_.out)
    assert len(before) == 5
    summary = run(request_)
    assert summary.earlier == 5 and len(rows(summary)) == 12
    after = contents(request_.out)
    assert {name: after[name] for name in before} == before


# Whose results


def test_results_of_another_model_are_replaced_only_when_told(
    request_: BatchRequest, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        put_image(request_.source / name)
    first = rows(run(request_))
    # The same version, and another model.
    model = put_tiny_model(tmp_path / "other" / "7", ("pituitary", "no_tumor"))
    other = replace(request_, model=model)
    with pytest.raises(InputError, match="it holds results of another model") as caught:
        run(other)
    assert caught.value.where == str(request_.out) and "--overwrite" in caught.value.remedy
    assert rows(run(request_)) == first
    summary = run(replace(other, overwrite=True))
    assert summary.earlier == 0
    assert {row["class"] for row in rows(summary)} == {"pituitary"}


@pytest.mark.parametrize("change", [{"pattern": "*.png"}, {"plane": "axial"}, {"source": "moved"}])
def test_results_of_other_settings_are_not_mixed(
    request_: BatchRequest, tmp_path: Path, change: dict[str, Any]
) -> None:
    put_image(request_.source / "a.png")
    put_image(tmp_path / "moved" / "a.png")
    run(request_)
    if "source" in change:
        change = {"source": tmp_path / "moved"}
    with pytest.raises(InputError, match=f"results of another {next(iter(change))}"):
        run(replace(request_, **change))


def test_a_damaged_model_is_named_and_claims_no_folder(
    request_: BatchRequest, tmp_path: Path
) -> None:
    put_image(request_.source / "a.png")
    put(tmp_path / "damaged" / "saved_model.pb", b"no model")
    with pytest.raises(InputError, match="the saved model is damaged") as caught:
        run(replace(request_, model=tmp_path / "damaged"))
    assert caught.value.where == str(tmp_path / "damaged")
    assert len(rows(run(request_))) == 1


def test_a_folder_of_something_else_is_left_as_it_is(request_: BatchRequest) -> None:
    put_image(request_.source / "a.png")
    mine = put(request_.out / "masks" / "mine.png", b"mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="holds no results of `brisc predict-batch`"):
            run(replace(request_, overwrite=overwrite))
    assert [path for path in request_.out.rglob("*") if path.is_file()] == [mine]


def test_two_runs_do_not_write_to_one_folder(request_: BatchRequest) -> None:
    put_image(request_.source / "a.png")
    with (
        locked(request_.out, "folder of results", "--out"),
        pytest.raises(InputError, match=f"another run is using .* {os.getpid()}"),
    ):
        run(request_)


def test_a_name_that_is_no_utf_8_is_escaped_in_the_table(request_: BatchRequest) -> None:
    put_image(request_.source / os.fsdecode(b"caf\xe9.png"))
    (row,) = rows(run(request_))
    assert row["path"] == r"caf\xe9.png" and row["class"] == "glioma"
    assert run(request_).earlier == 1
