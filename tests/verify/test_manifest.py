"""A manifest that does not fit the files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.folders import image_path, put, put_pair, stem
from tests.verify.command import HEALTHY, USUAL, Change, verify


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
