"""A table of patients that does not fit the slices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.folders import put, stem
from tests.verify.command import GLIOMA, OTHER, USUAL, verify


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
