"""`brisc data verify`: whatever is wrong or odd has its name, and a good set passes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.naming import NO_TUMOR
from pipeline.cli.main import main
from tests import test_layout
from tests.conftest import CACHE
from tests.folders import (
    blob,
    encode,
    grey,
    image_path,
    mask_path,
    put,
    put_pair,
    put_set,
    stem,
    twin_path,
    with_exif,
)
from tests.test_checks import BAD_IMAGES

GLIOMA, OTHER, HEALTHY = stem("glioma", 1), stem("glioma", 2), stem(NO_TUMOR, 31)
USUAL = {"code-no", "manifest-crlf", "manifest-back-slashes"}
"""What every faultless set has, as BRISC has it."""

Found = dict[str, dict[str, Any]]
Change = Callable[[Path], Path]


@pytest.fixture(scope="module")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_set(tmp_path_factory.mktemp("faultless") / "data")


@pytest.fixture
def root(faultless: Path, tmp_path: Path) -> Path:
    return shutil.copytree(faultless, tmp_path / "data", symlinks=True)


def verify(root: Path, expected: int) -> Found:
    """Runs the command, which ends with this code; its findings by their names."""
    report = root.parent / "findings.json"
    with pytest.raises(SystemExit) as ended:
        main(["data", "verify", str(root), "--json", str(report)])
    assert ended.value.code == expected
    told = json.loads(report.read_text())
    for severity in ("error", "warning", "note"):
        alike = [item for item in told["findings"] if item["severity"] == severity]
        assert told[f"{severity}s"] == len(alike)
    for item in told["findings"]:
        assert item["reason"] and item["remedy"] and item["paths"] and item["count"]
    return {item["code"]: item for item in told["findings"]}


def test_a_faultless_set_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(verify(root, 0)) == USUAL
    out, err = capsys.readouterr()
    assert "24 usable slices in 60 files; 0 error(s), 0 warning(s), 3 note(s)" in out
    assert not err


def test_a_set_without_manifest_passes_and_says_so(root: Path) -> None:
    (root / "manifest.csv").unlink()
    found = verify(root, 0)
    assert set(found) == {"code-no", "manifest-missing"}
    assert found["manifest-missing"]["severity"] == "warning"


# Images and masks that cannot be used


@pytest.mark.parametrize(("content", "reason"), BAD_IMAGES.values(), ids=BAD_IMAGES)
@pytest.mark.parametrize("role", ["image", "mask"])
def test_bad_file_is_an_error(root: Path, content: bytes, reason: str, role: str) -> None:
    is_mask = role == "mask"
    path = (mask_path if is_mask else twin_path)(root, f"{GLIOMA}.{'png' if is_mask else 'jpg'}")
    put(path, content)
    if not is_mask:
        path = put(image_path(root, f"{GLIOMA}.jpg", "glioma"), content)
    # A manifest would tell of another sha256 as well.
    (root / "manifest.csv").unlink()
    found = verify(root, 1)
    told = found.pop(f"{role}-unusable")
    assert told["severity"] == "error"
    assert told["paths"] == [path.relative_to(root).as_posix()]
    assert reason in told["reason"]
    # Nothing is told of the others: only that the lost slice's copy has lost its twin.
    assert set(found) - {"twin-unknown"} == {"code-no", "manifest-missing"}


def mask_is(picture: Image.Image) -> Change:
    return lambda root: put(mask_path(root, f"{GLIOMA}.png"), encode(picture, "PNG"))


def image_is(content: bytes) -> Change:
    def change(root: Path) -> Path:
        put(twin_path(root, f"{GLIOMA}.jpg"), content)
        return put(image_path(root, f"{GLIOMA}.jpg", "glioma"), content)

    return change


def three_values() -> Image.Image:
    values = np.zeros((32, 40), np.uint8)
    values[:4], values[4:8] = 255, 100
    return Image.fromarray(values)


def near_black_and_white() -> Image.Image:
    return blob().point(lambda value: 5 if value == 0 else 250)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(grey(), "JPEG", exif=exif)


def coloured() -> bytes:
    return encode(Image.merge("RGB", (grey(), grey(), Image.new("L", grey().size))), "JPEG")


def with_alpha(mode: str) -> bytes:
    return encode(grey().convert(mode), "PNG")


def rename_pair(root: Path, name: str) -> Path:
    twin_path(root, f"{GLIOMA}.jpg").rename(twin_path(root, f"{name}.jpg"))
    mask_path(root, f"{GLIOMA}.png").rename(mask_path(root, f"{name}.png"))
    return image_path(root, f"{GLIOMA}.jpg", "glioma").rename(
        image_path(root, f"{name}.jpg", "glioma")
    )


def nt_code(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    return path.rename(path.with_name(path.name.replace("_no_", "_nt_")))


def both_codes(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    shutil.copy(path, path.with_name(path.name.replace("_no_", "_nt_")))
    return path


def same_number(root: Path) -> Path:
    return rename_pair(root, OTHER.replace("_ax_", "_co_"))


def empty_class(root: Path) -> Path:
    shutil.rmtree(image_path(root, "", "no_tumor", "test"))
    return image_path(root, "", "no_tumor", "test")


def class_of_one(root: Path) -> Path:
    for number in (32, 33):
        image_path(root, f"{stem('no_tumor', number)}.jpg", "no_tumor").unlink()
    return image_path(root, "", "no_tumor")


def copy_slice(split: str, label: str = "glioma", plane: str = "ax", again: bool = False) -> Change:
    """Puts a copy of a slice elsewhere, or (``again``) its pixels in another file."""

    def change(root: Path) -> Path:
        path = image_path(root, f"{GLIOMA}.jpg", "glioma")
        content = path.read_bytes()
        if again:
            content += b"behind the end"
        name = stem(label, 7, split, plane)
        put(twin_path(root, f"{name}.jpg", split), content)
        put(mask_path(root, f"{name}.png", split), encode(blob(150), "PNG"))
        return put(image_path(root, f"{name}.jpg", label, split), content)

    return change


def mirrored_copy(root: Path) -> Path:
    """Encoded anew, as the copies in BRISC are: not one pixel need be the same."""
    with Image.open(image_path(root, f"{GLIOMA}.jpg", "glioma")) as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    name = stem("glioma", 7, "test")
    put(mask_path(root, f"{name}.png", "test"), encode(blob(150), "PNG"))
    path = image_path(root, f"{name}.jpg", "glioma", "test")
    return put(path, encode(mirrored, "JPEG", quality=80))


def same_mask(root: Path) -> Path:
    content = mask_path(root, f"{OTHER}.png").read_bytes()
    return put(mask_path(root, f"{GLIOMA}.png"), content)


def twin_lost(root: Path) -> Path:
    twin_path(root, f"{GLIOMA}.jpg").unlink()
    return image_path(root, f"{GLIOMA}.jpg", "glioma")


def link_loop(root: Path) -> Path:
    path = root / "segmentation_task" / "train" / "images" / "loop.jpg"
    path.symlink_to(path)
    return path


def loop_at_the_top(root: Path) -> Path:
    (root / "loop").symlink_to("loop")
    return root / "loop"


def folder(name: str) -> Change:
    return lambda root: put(root / name / f"{GLIOMA}.jpg", b"x").parent


ODD: dict[str, tuple[Change, str, str]] = {
    "mask of another size": (mask_is(blob().resize((20, 16))), "error", "mask-size"),
    "empty mask": (mask_is(blob(0)), "error", "mask-empty"),
    "mask of 0 and 1": (mask_is(blob().point(lambda v: v // 255)), "error", "mask-empty"),
    "grey ramp": (mask_is(grey()), "warning", "mask-grey-ramp"),
    "three values": (mask_is(three_values()), "warning", "mask-three-values"),
    "mask as in BRISC": (mask_is(near_black_and_white()), "note", "mask-not-binary"),
    "23 pixels": (mask_is(blob(23)), "warning", "mask-tiny"),
    "inverted mask": (mask_is(blob().point(lambda v: 255 - v)), "warning", "mask-large"),
    "EXIF-rotated": (image_is(turned()), "warning", "exif-turned"),
    "EXIF": (image_is(turned()), "note", "exif"),
    "RGB that is grey": (
        image_is(encode(grey().convert("RGB"), "JPEG")),
        "note",
        "grey-in-colour",
    ),
    "colours": (image_is(coloured()), "warning", "coloured"),
    "RGBA": (image_is(with_alpha("RGBA")), "warning", "transparent"),
    "LA": (image_is(with_alpha("LA")), "warning", "transparent"),
    "palette": (image_is(with_alpha("P")), "note", "grey-in-colour"),
    "nt": (nt_code, "note", "code-nt"),
    "no and nt of one slice": (both_codes, "warning", "number-twice"),
    "a number twice": (same_number, "warning", "number-twice"),
    "an empty class": (empty_class, "error", "class-empty"),
    "a class of one": (class_of_one, "warning", "class-of-one"),
    "a file in both parts": (copy_slice("test"), "warning", "file-in-train-and-test"),
    "pixels in both parts": (copy_slice("test", again=True), "warning", "pixels-in-train-and-test"),
    "a mirrored copy in both parts": (mirrored_copy, "warning", "mirrored-in-train-and-test"),
    "a file twice": (copy_slice("train"), "warning", "file-twice"),
    "pixels twice": (copy_slice("train", again=True), "warning", "pixels-twice"),
    "two labels": (copy_slice("train", "meningioma"), "warning", "two-labels"),
    "two planes": (copy_slice("train", plane="co"), "warning", "two-planes"),
    "one mask for two": (same_mask, "warning", "mask-twice"),
    "no twin": (twin_lost, "note", "twin-missing"),
    "twin alone": (
        lambda root: put(twin_path(root, f"{stem('glioma', 9)}.jpg"), b"x"),
        "warning",
        "twin-unknown",
    ),
    "another twin": (
        lambda root: put(twin_path(root, f"{GLIOMA}.jpg"), encode(grey(), "JPEG")),
        "warning",
        "twin-differs",
    ),
    "damaged EXIF": (image_is(with_exif(b"no tiff")), "note", "exif"),
    "text among the twins": (
        lambda root: put(twin_path(root, "notes.txt"), b"x"),
        "warning",
        "not-an-image",
    ),
    "a third part": (folder("classification_task/val"), "error", "part-unknown"),
    "a part in capitals": (folder("segmentation_task/Train"), "warning", "folder-ignored"),
    "a third kind": (folder("segmentation_task/train/labels"), "warning", "folder-ignored"),
    "a folder of twins": (folder("segmentation_task/test/images/a"), "warning", "folder-ignored"),
    "a file beside the classes' parts": (
        lambda root: put(root / "classification_task" / "a.jpg", b"x"),
        "error",
        "part-unknown",
    ),
    "a hidden file": (
        lambda root: put(root / "classification_task" / "train" / "glioma" / ".DS_Store", b"x"),
        "note",
        "not-data",
    ),
    "a third task": (folder("detection_task"), "note", "not-data"),
    "a loop among the twins": (link_loop, "error", "link-broken"),
    "a loop at the top": (loop_at_the_top, "warning", "link-broken"),
}


@pytest.mark.parametrize(("change", "severity", "code"), ODD.values(), ids=ODD)
def test_what_is_odd_has_a_name_and_a_place(
    root: Path, change: Change, severity: str, code: str
) -> None:
    path = change(root)
    (root / "manifest.csv").unlink()
    told = verify(root, int(severity == "error"))[code]
    assert told["severity"] == severity
    assert path.relative_to(root).as_posix() in told["paths"]


@pytest.mark.parametrize("fault", test_layout.FAULTS, ids=lambda fault: fault.__name__)
def test_fault_of_the_layout_is_an_error_in_its_words(
    root: Path, fault: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in root.rglob(f"{GLIOMA}.*"):
        path.unlink()
    if fault is test_layout.file_for_a_class:
        shutil.rmtree(root / "classification_task" / "test" / "glioma")
    path = fault(root)
    if fault is test_layout.second_mask and os.path.samefile(path, path.with_suffix(".png")):
        pytest.skip("the file system does not tell capitals")
    reason = test_layout.FAULTS[fault]
    told = [item for item in verify(root, 1).values() if reason in item["reason"]]
    assert [item["severity"] for item in told] == ["error"]
    assert told[0]["code"] != "unusable"
    # A name may hold anything, and still does not break out of the table.
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


def test_alike_findings_are_one_line_with_a_count(root: Path) -> None:
    for name in (GLIOMA, OTHER):
        put(image_path(root, f"{name}.jpg", "glioma"), b"")
    told = verify(root, 1)["image-unusable"]
    assert told["count"] == 2
    assert len(told["paths"]) == 2


def test_masks_that_are_all_lost_are_one_line(root: Path) -> None:
    folder = mask_path(root, "")
    shutil.rmtree(folder)
    # A loop, as a broken link to where the masks were.
    folder.symlink_to(folder)
    assert verify(root, 1)["image-without-mask"]["count"] == 9


def test_copies_of_each_other_stay_together(root: Path) -> None:
    copy_slice("test")(root)
    (root / "manifest.csv").unlink()
    found = verify(root, 0)
    assert "mirrored-in-train-and-test" not in found
    told = found["file-in-train-and-test"]
    assert told["count"] == 1
    assert [[Path(path).stem for path in group] for group in told["groups"]] == [
        [stem("glioma", 7, "test"), GLIOMA]
    ]


@pytest.mark.parametrize("place", ["missing", "segmentation_task", "classification_task/train"])
def test_folder_that_is_no_data_set_is_an_error(root: Path, place: str) -> None:
    found = verify(root / place, 1)
    assert set(found) == {"layout"}
    assert found["layout"]["paths"]


def test_folders_may_be_links(root: Path, tmp_path: Path) -> None:
    elsewhere = (root / "classification_task").rename(tmp_path / "elsewhere")
    (root / "classification_task").symlink_to(elsewhere, target_is_directory=True)
    assert set(verify(root, 0)) == USUAL


def test_unwritable_report_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["data", "verify", str(root), "--json", str(root / "missing" / "f.json")])
    assert ended.value.code == 1
    assert "f.json: cannot be written" in capsys.readouterr().err


# The manifest


def edit(find: str, replace: str) -> Change:
    def change(root: Path) -> Path:
        path = root / "manifest.csv"
        text = path.read_bytes().decode()
        assert find in text
        path.write_bytes(text.replace(find, replace, 1).encode())
        return path

    return change


def digest_of(root: Path, path: Path) -> str:
    (row,) = [
        line
        for line in (root / "manifest.csv").read_text().splitlines()
        if line.startswith(str(path.relative_to(root)).replace("/", "\\"))
    ]
    return row.split(",")[-1]


def wrong_digest(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    edit(digest_of(root, path), "0" * 64)(root)
    return path


def wrong_width(root: Path) -> Path:
    edit(",40,32,", ",32,40,")(root)
    return image_path(root, f"{stem('glioma', 1, 'test')}.jpg", "glioma", "test")


def other_bytes(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    return put(path, path.read_bytes() + b"x")


def file_lost(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    path.unlink()
    return path


def file_more(root: Path) -> Path:
    put_pair(root, "no_tumor", 7, "train")
    return image_path(root, f"{stem('no_tumor', 7)}.jpg", "no_tumor")


def twins_left_out(root: Path) -> Path:
    shutil.rmtree(root / "segmentation_task" / "train" / "images")
    return root / "segmentation_task" / "train" / "images"


FIRST_ROW = "classification_task\\test\\glioma\\brisc2025_test_00001_gl_ax_t1.jpg,"
MANIFESTS: dict[str, tuple[Change, str, str, str]] = {
    "../": (edit(FIRST_ROW, f"..\\{FIRST_ROW}"), "error", "manifest-row", "line 2: '..\\\\cla"),
    "absolute": (edit(FIRST_ROW, f"C:\\{FIRST_ROW}"), "error", "manifest-row", "not a path inside"),
    "row twice": (
        edit(FIRST_ROW.replace("00001", "00002"), FIRST_ROW),
        "error",
        "manifest-row",
        "line 3",
    ),
    "no column": (edit("sha256", "md5"), "error", "manifest-row", "no column sha256"),
    "width": (wrong_width, "error", "size-differs", "width or height"),
    "wrong sha256": (wrong_digest, "error", "sha256-differs", "another sha256"),
    "another file": (other_bytes, "error", "bytes-differ", "another length"),
    "row without file": (file_lost, "error", "row-without-file", "not there"),
    "file without row": (file_more, "warning", "file-without-row", "not listed"),
    "a folder left out": (twins_left_out, "warning", "folder-without-files", "9 in all"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "severity", "code", "reason"), MANIFESTS.values(), ids=MANIFESTS
)
def test_fault_of_the_manifest_has_a_name_and_a_place(
    root: Path, change: Change, severity: str, code: str, reason: str
) -> None:
    path = change(root)
    told = verify(root, int(severity == "error"))[code]
    assert told["severity"] == severity
    assert told["paths"] == [path.relative_to(root).as_posix()]
    assert told["count"] == 1
    assert reason in told["reason"]


def test_one_broken_row_does_not_hide_the_others(root: Path) -> None:
    edit(FIRST_ROW, f"..\\{FIRST_ROW}")(root)
    wrong_digest(root)
    assert {"manifest-row", "sha256-differs"} <= set(verify(root, 1))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b'relative_path,"'])
def test_file_that_is_no_manifest_is_an_error(root: Path, content: bytes) -> None:
    (root / "manifest.csv").write_bytes(content)
    assert verify(root, 1)["manifest-row"]["severity"] == "error"


def test_slashes_and_plain_line_ends_are_no_finding(root: Path) -> None:
    path = root / "manifest.csv"
    path.write_bytes(path.read_bytes().replace(b"\\", b"/").replace(b"\r\n", b"\n"))
    assert set(verify(root, 0)) == USUAL - {"manifest-crlf", "manifest-back-slashes"}


# The table of patients


def put_groups(root: Path, *rows: str) -> Path:
    return put(root / "groups.csv", "\n".join(["image,group", *rows, ""]).encode())


def test_a_table_of_patients_that_fits_is_no_finding(root: Path) -> None:
    names = [path.stem for path in (root / "classification_task").rglob("*.jpg")]
    put_groups(root, *(f"{name},{name.split('_')[1]}" for name in names))
    assert set(verify(root, 0)) == USUAL


def test_what_a_table_of_patients_does_not_fit_has_a_name_and_a_place(root: Path) -> None:
    tested = stem("glioma", 1, "test")
    path = put_groups(root, f"{GLIOMA}.jpg,a", f"{tested},a", f"{OTHER},b", "scan 7,b", "scan 8,c")
    found = verify(root, 0)
    assert found["group-of-no-slice"]["paths"] == [path.name]
    assert found["group-of-no-slice"]["count"] == 2
    (torn,) = found["patient-in-train-and-test"]["groups"]
    assert {Path(place).stem for place in torn} == {GLIOMA, tested}
    assert found["slice-without-group"]["count"] == 24 - 3
    assert "not-data" not in found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has no column image"),
        (b"image,group\n", "it has no rows"),
        (b"image,group\na,1\na,2\n", "line 3: a is in group 1 already"),
        (b"image,group\n\xff,1\n", "cannot be read as CSV"),
    ],
)
def test_a_table_of_patients_that_is_none_is_an_error(
    root: Path, content: bytes, reason: str
) -> None:
    put(root / "groups.csv", content)
    told = verify(root, 1)["groups-unusable"]
    assert told["paths"] == ["groups.csv"]
    assert reason in told["reason"]


# Each file is read once


def test_no_file_is_opened_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    genuine = Path.open

    def counting(self: Path, *args: Any, **options: Any) -> Any:
        opened.append(str(self))
        return genuine(self, *args, **options)

    monkeypatch.setattr(Path, "open", counting)
    verify(root, 0)
    inside = [name for name in opened if name.startswith(f"{root}{os.sep}")]
    assert len(inside) == len(set(inside)) == 61


# Whole data sets


def test_the_synthetic_set_has_no_error(sample_dir: Path, tmp_path: Path) -> None:
    verify(shutil.copytree(sample_dir, tmp_path / "sample"), 0)


def test_the_real_set_passes_with_one_line_for_what_it_has_everywhere(brisc_dir: Path) -> None:
    from data.verification.finding import Severity
    from data.verification.verify import verify as examine

    report = examine(brisc_dir)
    found = {item.code: item for item in report.findings}
    assert len(found) == len(report.findings)
    assert report.number(Severity.error) == 0
    if brisc_dir == CACHE:
        assert report.slices == 5262
        assert found["code-no"].count == 1108
        assert found["mask-not-binary"].count == 4154
        assert found["grey-in-colour"].count == 2805
        assert found["file-in-train-and-test"].count == 5
        assert found["pixels-in-train-and-test"].count == 92
        assert found["manifest-back-slashes"].count == 13570
        assert found["mirrored-in-train-and-test"].count == 404
