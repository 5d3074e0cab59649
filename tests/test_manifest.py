"""The manifest: written as published, read as copied around, refused with a reason when broken."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from data.errors import InputError
from data.manifest import ManifestError, write_manifest
from data.manifest_row import COLUMNS
from data.naming import SliceName
from tests.folders import read_manifest

IMAGE = "segmentation_task/train/images/brisc2025_train_00007_gl_sa_t1.jpg"
MASK = "segmentation_task/train/masks/brisc2025_train_00007_gl_sa_t1.png"
TWIN = "classification_task/train/glioma/brisc2025_train_00007_gl_sa_t1.jpg"
HEALTHY = "classification_task/test/no_tumor/brisc2025_test_00012_no_ax_t1.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of two slices, one with a tumour, and its manifest."""
    for relative in (IMAGE, MASK, TWIN, HEALTHY):
        path = tmp_path / relative
        path.parent.mkdir(parents=True)
        Image.new("L", (40, 30), 90).save(path)
    write_manifest(tmp_path)
    return tmp_path


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rewrite(folder: Path, rows: list[dict[str, str]]) -> Path:
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def test_is_written_as_published(folder: Path) -> None:
    lines = (folder / "manifest.csv").read_bytes().split(b"\r\n")
    assert lines[0] == (
        b"relative_path,filename,task,split,index,tumor_code,tumor_label,plane_code,plane_label,"
        b"sequence,is_mask,linked_image,width,height,file_size_bytes,sha256"
    )
    content = (folder / MASK).read_bytes()
    name = "brisc2025_train_00007_gl_sa_t1"
    assert lines[4].decode() == (
        rf"segmentation_task\train\masks\{name}.png,{name}.png,segmentation,train,00007,gl,glioma,"
        rf"sa,sagittal,T1,True,segmentation_task\train\images\{name}.jpg,40,30,{len(content)},"
        + hashlib.sha256(content).hexdigest()
    )
    assert lines[5:] == [b""]
    paths = [row["relative_path"] for row in table(folder)]
    assert paths == sorted(paths) and len(paths) == 4


def test_rows_are_typed(folder: Path) -> None:
    rows = {str(row.path): row for row in read_manifest(folder / "manifest.csv")}
    assert set(rows) == {IMAGE, MASK, TWIN, HEALTHY}
    mask, healthy = rows[MASK], rows[HEALTHY]
    assert mask.name == SliceName("train", 7, "glioma", "sagittal")
    assert (mask.is_mask, mask.linked_image) == (True, PurePosixPath(IMAGE))
    assert (mask.width, mask.height, mask.task) == (40, 30, "segmentation")
    assert (healthy.is_mask, healthy.linked_image) == (False, None)
    assert (folder / healthy.path).stat().st_size == healthy.size


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\r\n", b"\n"), (b"\\", b"/"), (b"relative_path", b"\xef\xbb\xbfrelative_path")],
    ids=["LF", "slashes", "byte order mark"],
)
def test_copies_read_alike(folder: Path, old: bytes, new: bytes) -> None:
    path = folder / "manifest.csv"
    expected = read_manifest(path)
    path.write_bytes(path.read_bytes().replace(old, new))
    assert read_manifest(path) == expected


def test_code_of_the_description_is_read(folder: Path) -> None:
    rows = table(folder)
    rows[0]["tumor_code"] = "nt"
    assert read_manifest(rewrite(folder, rows))[0].name.label == "no_tumor"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("relative_path", r"..\..\brisc2025_train_00007_gl_sa_t1.jpg", "not a path inside"),
        ("relative_path", r"C:\brisc2025_train_00007_gl_sa_t1.jpg", "not a path inside"),
        ("relative_path", "/brisc2025_train_00007_gl_sa_t1.jpg", "not a path inside"),
        ("relative_path", "", "not a path inside"),
        ("relative_path", "classification_task/train/glioma/scan.jpg", "not named"),
        ("relative_path", IMAGE.replace("/train/", "/test/"), "the folder of"),
        ("filename", "other.jpg", "filename is 'other.jpg'"),
        ("task", "detection", "task is 'detection'"),
        ("split", "test", "split is 'test'"),
        ("index", "00008", "index is '00008'"),
        ("index", "seven", "not a whole number"),
        ("tumor_code", "me", "tumor_code is 'me'"),
        ("tumor_label", "meningioma", "tumor_label is 'meningioma'"),
        ("plane_label", "axial", "plane_label is 'axial'"),
        ("is_mask", "yes", "is_mask is 'yes'"),
        ("is_mask", "True", "linked_image"),
        ("width", "-40", "width is '-40'"),
        ("height", "30.0", "height is '30.0'"),
        ("file_size_bytes", "", "file_size_bytes is ''"),
        ("sha256", "abc", "sha256 is 'abc'"),
    ],
)
def test_broken_row_is_named(folder: Path, column: str, value: str, reason: str) -> None:
    rows = table(folder)
    number = [row["is_mask"] + row["task"] for row in rows].index("Falsesegmentation")
    rows[number][column] = value
    path = rewrite(folder, rows)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    # The heading is line 1.
    assert caught.value.where == f"{path}, line {number + 2}"
    assert reason in caught.value.reason
    assert caught.value.remedy
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, InputError)


def test_mask_without_its_image_is_refused(folder: Path) -> None:
    rows = table(folder)
    rows[3]["linked_image"] = rows[3]["linked_image"].replace("00007", "00008")
    with pytest.raises(ManifestError, match="linked_image"):
        read_manifest(rewrite(folder, rows))


def test_file_listed_twice_is_refused(folder: Path) -> None:
    rows = table(folder)
    with pytest.raises(ManifestError, match=r"line 6: .* is listed twice"):
        read_manifest(rewrite(folder, [*rows, rows[1]]))


@pytest.mark.parametrize("cut", [-30, -200], ids=["inside a checksum", "inside a path"])
def test_truncated_file_is_refused(folder: Path, cut: int) -> None:
    path = folder / "manifest.csv"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ManifestError, match="line 5"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column relative_path"),
        (b"relative_path,filename\r\n", "no column task, split"),
        (b"\xff\xfe\x00binary", "cannot be read"),
        (",".join(COLUMNS).encode() + b'\r\n"unclosed', "cannot be read"),
    ],
    ids=["empty", "columns missing", "not UTF-8", "open quote"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=reason) as caught:
        read_manifest(path)
    assert str(path) in caught.value.where


@pytest.mark.parametrize("name", ["brisc2025_train_00008_gl_sa_t1.jpg", "scan 1.jpg"])
def test_unusable_file_leaves_the_old_manifest(folder: Path, name: str) -> None:
    before = (folder / "manifest.csv").read_bytes()
    bad = folder / "classification_task" / "train" / "glioma" / name
    bad.write_bytes(b"no image")
    with pytest.raises(ManifestError) as caught:
        write_manifest(folder)
    assert caught.value.where == str(bad)
    assert (folder / "manifest.csv").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {
        "manifest.csv", "classification_task", "segmentation_task"
    }  # fmt: skip


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no file"):
        write_manifest(tmp_path)
    assert not any(tmp_path.iterdir())
