"""The digest of the sources: it follows every edit of the code, and nothing else."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.code_hash import code_hash

PACKAGE = "hashed_for_a_test"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that can be imported, with a module and a module in a folder."""
    root = tmp_path / PACKAGE
    (root / "below").mkdir(parents=True)
    for name in ("__init__.py", "module.py", "below/__init__.py", "below/deep.py"):
        (root / name).write_text(f"NAME = {name!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    # What an earlier test has imported under this name lay elsewhere.
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    return root


EDITS: dict[str, Callable[[Path], object]] = {
    "an edit": lambda root: (root / "module.py").write_text("NAME = 1\n"),
    "a comment": lambda root: (root / "module.py").write_text("NAME = 'module.py'  # why\n"),
    "an edit below": lambda root: (root / "below/deep.py").write_text("NAME = 1\n"),
    "a new module": lambda root: (root / "new.py").write_bytes(b""),
    "a module less": lambda root: (root / "module.py").unlink(),
    "another name": lambda root: (root / "module.py").rename(root / "renamed.py"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_it_follows_every_edit(package: Path, edit: Callable[[Path], object]) -> None:
    before = code_hash(PACKAGE)
    edit(package)
    assert code_hash(PACKAGE) != before


def test_what_is_no_source_does_not_count(package: Path) -> None:
    before = code_hash(PACKAGE)
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "module.cpython-310.pyc").write_bytes(b"x")
    (package / "notes.txt").write_text("x")
    (package / "module.py").touch()
    assert code_hash(PACKAGE) == before


def test_it_does_not_depend_on_where_the_package_lies(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_hash(PACKAGE)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(package, elsewhere / PACKAGE)
    monkeypatch.syspath_prepend(elsewhere)
    importlib.invalidate_caches()
    (package / "module.py").write_text("this copy is not looked at any more\n")
    assert code_hash(PACKAGE) == before


def test_a_module_is_hashed_alone(package: Path) -> None:
    before = code_hash(f"{PACKAGE}.module")
    (package / "below/deep.py").write_text("NAME = 1\n")
    assert code_hash(f"{PACKAGE}.module") == before
    (package / "module.py").write_text("NAME = 1\n")
    assert code_hash(f"{PACKAGE}.module") != before


def test_a_package_that_is_left_out_does_not_count(package: Path) -> None:
    def digest() -> str:
        return code_hash(PACKAGE, without=f"{PACKAGE}.below")

    before = digest()
    (package / "below/deep.py").write_text("NAME = 1\n")
    assert digest() == before
    (package / "module.py").write_text("NAME = 1\n")
    assert digest() != before


def test_each_package_counts() -> None:
    digests = {code_hash("data"), code_hash("serving"), code_hash("data", "serving")}
    assert len(digests) == 3
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in digests)


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        code_hash("data", "no_such_package")
