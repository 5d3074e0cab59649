"""`brisc data import`: a folder of scans becomes a data set, or nothing does and all is listed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.checks import check
from data.errors import InputError, UnusableInputs
from data.hospital.ingest import ImportSummary, import_folder
from data.layout import scan
from tests.folders import blob, encode, grey, put, read_manifest
from tests.scans import CORONAL, PATIENT, dicom, nifti, ramp, scaled

COLUMNS = "file,class,split,frame,plane,mask,patient"
SHAPE = (24, 32)


def mask(pixels: int = 50) -> bytes:
    values = np.zeros(SHAPE, np.uint8)
    values.flat[:pixels] = 200
    return encode(Image.fromarray(values), "PNG")


def volume() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 900, (20, 22, 24), np.int16)


def labels(root: Path, *rows: str, columns: str = COLUMNS) -> Path:
    return put(root / "labels.csv", "\n".join([columns, *rows, ""]).encode())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with one of each kind of file, all named by a patient."""
    root = tmp_path / "scans"
    put(root / "doe jane/scan.dcm", dicom(ramp(), ImageOrientationPatient=CORONAL))
    put(root / "doe jane/several", dicom(np.stack([ramp(), ramp(most=90), ramp()])))
    put(root / "doe jane/head.nii.gz", nifti(volume(), scaled(1, 1, 1), packed=True))
    lesion = np.zeros(volume().shape, np.uint8)
    lesion[3:9, 4:9, 10:14] = 1
    put(root / "doe jane/lesion.nii", nifti(lesion, scaled(1, 1, 1)))
    exif = Image.Exif()
    exif[0x010E] = PATIENT
    put(root / "export.jpg", encode(grey(), "JPEG", exif=exif, comment=PATIENT.encode()))
    put(root / "mask.png", mask())
    put(root / "export mask.png", encode(blob(), "PNG"))
    labels(
        root,
        "doe jane/scan.dcm,glioma,train,,,mask.png,Doe Jane 1970",
        "doe jane/several,meningioma,train,2,axial,mask.png,other",
        "doe jane/head.nii.gz,pituitary,test,12,sagittal,,third",
        "doe jane\\head.nii.gz,pituitary,train,7,sagittal,doe jane/lesion.nii,Doe Jane 1970",
        "doe jane/head.nii.gz,no_tumor,train,3,,,third",
        "export.jpg,glioma,train,,sagittal,export mask.png,",
    )
    return root


def mended(source: Path) -> Path:
    text = (source / "labels.csv").read_text()
    path = source / "labels.csv"
    path.write_text(text.replace("12,sagittal,,", "6,sagittal,doe jane/lesion.nii,"))
    return path


def run(source: Path, tmp_path: Path, **options: bool) -> ImportSummary:
    return import_folder(source, tmp_path / "out", source / "labels.csv", **options)


def test_every_kind_of_file_becomes_a_slice_of_a_faultless_set(
    source: Path, tmp_path: Path
) -> None:
    mended(source)
    found = run(source, tmp_path)
    assert (found.train, found.test, found.masks, found.groups) == (5, 1, 5, 3)
    assert found.problems == ()
    layout = scan(found.directory)
    checked = check(layout)
    assert checked.problems == ()
    # Numbered by row.
    assert [item.id for item in checked.slices] == [
        "brisc2025_test_00003_pi_sa_t1",
        "brisc2025_train_00001_gl_co_t1",
        "brisc2025_train_00002_me_ax_t1",
        "brisc2025_train_00004_pi_sa_t1",
        "brisc2025_train_00005_no_ax_t1",
        "brisc2025_train_00006_gl_sa_t1",
    ]
    rows = read_manifest(found.directory / "manifest.csv")
    assert len(rows) == 6 + 2 * 5
    for row in rows:
        assert (found.directory / row.path).is_file()
        if row.linked_image:
            assert (found.directory / row.linked_image).is_file()


def test_pixels_are_those_of_the_frame_or_slice(source: Path, tmp_path: Path) -> None:
    mended(source)
    found = run(source, tmp_path)
    images = {item.id[-14:]: item for item in scan(found.directory).slices}
    pixels = np.asarray(Image.open(images["00006_gl_sa_t1"].image))
    np.testing.assert_array_equal(pixels, np.asarray(Image.open(source / "export.jpg")))
    item = images["00004_pi_sa_t1"]
    assert item.mask is not None
    lesion = np.asarray(Image.open(item.mask))
    assert lesion.shape == np.asarray(Image.open(item.image)).shape == (24, 22)
    assert set(np.unique(lesion)) == {0, 255} and (lesion > 0).sum() == 5 * 4


def test_what_is_not_as_stored_is_told_once_for_all_files(source: Path, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    for number in range(3):
        put(source / f"{number}.dcm", dicom(ramp(), RescaleSlope=2, RescaleIntercept=0))
        put(source / f"{number}.jpg", encode(grey(), "JPEG", exif=turned))
    labels(
        source,
        *(f"{number}.dcm,no_tumor,train,,axial,," for number in range(3)),
        *(f"{number}.jpg,no_tumor,train,,axial,," for number in range(3)),
    )
    assert run(source, tmp_path).notes[:3] == (
        f"{source}/0.dcm and 2 more: its values are rescaled, as its header says",
        f"{source}/0.dcm and 2 more: it has no window: percentiles are used",
        f"{source}/0.jpg and 2 more: EXIF asks to show it turned or mirrored, which is not done",
    )


def test_groups_are_numbered_and_name_nobody(source: Path, tmp_path: Path) -> None:
    mended(source)
    found = run(source, tmp_path)
    with (found.directory / "groups.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"][-14:-6], row["group"]) for row in rows] == [
        ("00001_gl", "g0001"),
        ("00002_me", "g0002"),
        ("00003_pi", "g0003"),
        ("00004_pi", "g0001"),
        ("00005_no", "g0003"),
    ]
    notes = "\n".join(found.notes)
    assert "1 slice(s) without a patient are in no group" in notes
    assert "1 patient(s) are in both train and test" in notes


def test_nothing_that_identifies_reaches_the_data_set(source: Path, tmp_path: Path) -> None:
    mended(source)
    found = run(source, tmp_path)
    for path in found.directory.rglob("*"):
        text = str(path.relative_to(found.directory)).lower()
        content = path.read_bytes().lower() if path.is_file() else b""
        for secret in ("doe", "jane", "1970", "export", "scans"):
            assert secret not in text
            assert secret.encode() not in content
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert (image.mode, image.info) == ("L", {})


def test_without_patients_there_are_no_groups(source: Path, tmp_path: Path) -> None:
    labels(
        source,
        "doe jane/scan.dcm,glioma,train,mask.png",
        "export.jpg,glioma,test,export mask.png",
        columns="file,class,split,mask",
    )
    with pytest.raises(UnusableInputs):
        run(source, tmp_path)
    found = run(source, tmp_path, skip_bad=True)
    assert (found.train, found.test, found.groups) == (1, 0, 0)
    assert not (found.directory / "groups.csv").exists()
    assert any("3 file(s) are in no usable row" in note for note in found.notes)


BAD_ROWS: dict[str, tuple[str, str, str]] = {
    "missing file": ("none.dcm,glioma,train,,,mask.png,", "none.dcm", "No such file"),
    "text": ("notes.txt,no_tumor,train,,axial,,", "notes.txt", "not a JPEG, PNG, BMP or GIF"),
    "outside": ("../x.dcm,no_tumor,train,,axial,,", "line 2", "not a path inside"),
    "class": ("a.dcm,Glioma,train,,axial,mask.png,", "line 2", "class is 'Glioma', not one of"),
    "split": ("a.dcm,no_tumor,val,,axial,,", "line 2", "split is 'val', not one of train, test"),
    "plane": ("a.dcm,no_tumor,test,,top,,", "line 2", "plane is 'top', not one of axial"),
    "frame": ("a.dcm,no_tumor,test,0,,,", "line 2", "frame is '0', not a whole number above 0"),
    "cells": ("a.dcm,no_tumor", "line 2", "as many cells"),
    "no mask": ("a.dcm,glioma,test,,,,", "line 2", "a glioma without a mask"),
    "needless mask": ("a.dcm,no_tumor,test,,,mask.png,", "line 2", "but the class is no_tumor"),
    "no frame": ("doe jane/several,no_tumor,test,,axial,,", "several", "it holds 3 slices"),
    "frame beyond": ("doe jane/several,no_tumor,test,4,axial,,", "several", "no slice 4"),
    "frame of an image": ("export.jpg,no_tumor,test,2,axial,,", "export.jpg", "no frame 2"),
    "unknown plane": ("export.jpg,no_tumor,test,,,,", "export.jpg", "plane is not known"),
    "other plane": (
        "doe jane/scan.dcm,no_tumor,test,,axial,,",
        "scan.dcm",
        "its header says coronal, its row axial",
    ),
    "mask of another size": (
        "doe jane/scan.dcm,glioma,test,,,export mask.png,",
        "export mask.png",
        "the mask is 40x32, its image 32x24",
    ),
    "empty mask": ("doe jane/scan.dcm,glioma,test,,,empty.png,", "empty.png", "is empty"),
    "empty slice of a mask": (
        "doe jane/head.nii.gz,glioma,test,1,sagittal,doe jane/lesion.nii,",
        "lesion.nii",
        "the mask of row 1 is empty",
    ),
    "volume as mask of an image": (
        "doe jane/scan.dcm,glioma,test,,,doe jane/lesion.nii,",
        "lesion.nii",
        "both NIfTI",
    ),
    "mask that lies elsewhere": (
        "doe jane/head.nii.gz,glioma,test,5,,moved.nii,",
        "moved.nii",
        "does not lie on the voxels",
    ),
    "burned-in text": ("burned.dcm,no_tumor,test,,axial,,", "burned.dcm", "burned into"),
    "report": ("report.dcm,no_tumor,test,,axial,,", "report.dcm", "not an image"),
}


@pytest.mark.parametrize(("row", "where", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_cannot_be_used_is_listed_and_costs_no_other(
    source: Path, tmp_path: Path, row: str, where: str, reason: str
) -> None:
    put(source / "notes.txt", b"text")
    put(source / "empty.png", mask(0))
    put(source / "moved.nii", nifti(volume(), np.diag([-1.0, 1, 1, 1])))
    put(source / "burned.dcm", dicom(ramp(), BurnedInAnnotation="YES"))
    put(source / "report.dcm", dicom(ramp(), PixelData=None))
    good = "doe jane/scan.dcm,glioma,train,1,,mask.png,a"
    labels(source, row, good)
    with pytest.raises(UnusableInputs) as caught:
        run(source, tmp_path)
    (problem,) = caught.value.problems
    assert str(problem.path).endswith(where)
    assert reason in problem.reason and problem.remedy
    # Nothing is there, not even half of it.
    assert [path.name for path in tmp_path.iterdir()] == ["scans"]
    found = run(source, tmp_path, skip_bad=True)
    assert found.problems == (problem,)
    assert [item.id for item in scan(found.directory).slices] == ["brisc2025_train_00002_gl_co_t1"]


def test_a_slice_is_not_taken_twice(source: Path, tmp_path: Path) -> None:
    row = "doe jane/head.nii.gz,no_tumor,train,3,,,"
    labels(source, row, row.replace("train,3", "train,4"), row.replace("train", "test"))
    with pytest.raises(UnusableInputs) as caught:
        run(source, tmp_path)
    assert [problem.reason for problem in caught.value.problems] == ["its slice is that of row 1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has no column file, class, split"),
        (b"file;class;split\n", "it has no column"),
        (b"file,class,split,Patient Name\n", "its column 'Patient Name' is unknown"),
        (b"file,class,split,mask,mask\n", "it has a column twice"),
        (b"file,class,split\n", "it has 0 rows"),
        (b"file,class,split\n\xff\xfe,x,y\n", "cannot be read as CSV"),
        (b'file,class,split\n"a,glioma,train\n', "cannot be read as CSV"),
    ],
)
def test_labels_that_are_none_are_named(
    source: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    put(source / "labels.csv", content)
    with pytest.raises(InputError, match=reason) as caught:
        run(source, tmp_path)
    assert caught.value.where.endswith("labels.csv")
    assert not (tmp_path / "out").exists()


def test_only_bad_rows_make_no_set(source: Path, tmp_path: Path) -> None:
    labels(source, "none.dcm,no_tumor,train,,axial,,")
    with pytest.raises(InputError, match="none of its rows can be used"):
        run(source, tmp_path, skip_bad=True)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(source: Path, tmp_path: Path) -> None:
    mended(source)
    mine = put(tmp_path / "out" / "mine.txt", b"mine")
    with pytest.raises(InputError, match="is not empty"):
        run(source, tmp_path)
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_a_plane_in_the_labels_is_the_word_for_a_volume_without_orientation(
    source: Path, tmp_path: Path
) -> None:
    put(source / "bare.nii", nifti(volume()))
    labels(source, "bare.nii,no_tumor,train,2,coronal,,")
    found = run(source, tmp_path)
    assert [item.plane for item in scan(found.directory).slices] == ["coronal"]
    assert any("no orientation" in note for note in found.notes)
