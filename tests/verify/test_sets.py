"""A set as a whole: which passes, and that each file is read once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.main import main
from tests.conftest import CACHE
from tests.verify.command import USUAL, verify


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
