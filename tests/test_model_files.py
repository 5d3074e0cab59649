"""Finding a saved model, whether its own folder is given or the folder of its versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from serving.model_files import find_saved_model


def put_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"x")
    return folder


def test_the_folder_of_a_model_is_taken_itself(tmp_path: Path) -> None:
    model = put_model(tmp_path / "model")
    put_model(model / "7")
    assert find_saved_model(model) == model


def test_the_highest_number_is_the_newest_version(tmp_path: Path) -> None:
    for version in ("9", "10", "2"):
        put_model(tmp_path / version)
    assert find_saved_model(tmp_path) == tmp_path / "10"


@pytest.mark.parametrize("name", [".12.345.partial", "12-old", "latest", "1.5", "-3", "²"])
def test_what_is_no_version_is_passed_over(tmp_path: Path, name: str) -> None:
    put_model(tmp_path / name)
    put_model(tmp_path / "1")
    assert find_saved_model(tmp_path) == tmp_path / "1"


def test_a_version_without_its_model_is_passed_over(tmp_path: Path) -> None:
    put_model(tmp_path / "1")
    (tmp_path / "2" / "variables").mkdir(parents=True)
    (tmp_path / "3").write_bytes(b"a file")
    assert find_saved_model(tmp_path) == tmp_path / "1"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder") as caught:
        find_saved_model(tmp_path / "missing")
    assert caught.value.where == str(tmp_path / "missing")


@pytest.mark.parametrize("content", ["nothing", "an empty version"])
def test_a_folder_without_a_model_is_named(tmp_path: Path, content: str) -> None:
    if content == "an empty version":
        (tmp_path / "1").mkdir()
    with pytest.raises(InputError, match=r"no saved_model\.pb") as caught:
        find_saved_model(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert "brisc run" in caught.value.remedy
