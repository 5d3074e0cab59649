"""The table of patients: what is read of it, and what is wrong with one, by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.groups import read_groups, write_groups
from pipeline.config import PathsConfig
from pipeline.configuration import Parameters
from pipeline.intake import with_patients
from pipeline.request import RunRequest
from pipeline.workspace import Workspace

ONE, OTHER = "brisc2025_train_00001_gl_ax_t1", "brisc2025_test_00002_no_sa_t1"


@pytest.mark.parametrize(
    "content",
    [
        f"image,group\n{ONE},a\n{OTHER},b\n",
        f"group,image\r\na,{ONE}\r\nb,{OTHER}\r\n",
        f"\ufeff image , group ,age\n{ONE}.jpg, a ,7\n{OTHER}.PNG,b,8\n{OTHER},b,8\n",
    ],
    ids=["plain", "windows", "spreadsheet"],
)
def test_every_form_of_the_table_is_read(content: str, tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    file.write_bytes(content.encode())
    assert read_groups(file) == {ONE: "a", OTHER: "b"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    write_groups(file, [(ONE, 'one, "two"'), (OTHER, "Ω")])
    assert read_groups(file) == {ONE: 'one, "two"', OTHER: "Ω"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has no column image and no column group"),
        (b"name,patient\na,b\n", "it has no column image and no column group"),
        (b"image,patient\na,b\n", "it has no column group"),
        (b"image,group,group\na,b,c\n", "it has a column twice"),
        (b"image,group\n", "it has no rows"),
        (b"image,group\na,b\nc\n", "groups.csv, line 3: it does not have as many cells"),
        (b"image,group\na,b,c\n", "groups.csv, line 2: it does not have as many cells"),
        (b"image,group\na, \n", "groups.csv, line 2: its image or its group is empty"),
        (b"image,group\n,b\n", "groups.csv, line 2: its image or its group is empty"),
        (b"image,group\na,b\na.jpg,c\n", "groups.csv, line 3: a is in group b already"),
        (b"image,group\n\xff,b\n", "it cannot be read as CSV"),
        (b'image,group\n"a,b\n', "it cannot be read as CSV"),
        (b"image,group\n" + b"a" * 200_000 + b",b\n", "it cannot be read as CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_groups(file)
    assert str(file) in str(caught.value) and reason in str(caught.value)


def test_a_table_that_is_not_there_or_a_folder_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="it cannot be read") as caught:
            read_groups(path)
        assert caught.value.where == str(path)


def test_the_table_in_the_data_folder_is_looked_at_before_a_run_whatever_splits_it(
    tmp_path: Path,
) -> None:
    request = RunRequest(
        data_dir=tmp_path,
        workspace=Workspace.at(tmp_path / "w"),
        parameters=Parameters(),
        runner="local",
        beam_args=(),
        cluster=PathsConfig().cluster,
        skip_bad=False,
    )
    assert with_patients(request) == request
    table, kept = tmp_path / "groups.csv", set()
    for patient in ("a", "b"):
        write_groups(table, [(ONE, patient)])
        patients = with_patients(request).patients
        assert patients is not None and read_groups(patients) == {ONE: patient}
        kept.add(patients)
    # What is reported by one table is not taken from the cache for the other.
    assert len(kept) == 2
    table.write_text("image,patient\n")
    with pytest.raises(InputError, match=r"groups\.csv"):
        with_patients(request)
