"""What cannot be used at all: a file, a name, a layout."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests import test_layout
from tests.folders import image_path, mask_path, put, twin_path
from tests.test_checks import BAD_IMAGES
from tests.verify.command import GLIOMA, OTHER, Change, verify


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
