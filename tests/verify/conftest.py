"""A faultless set, and a copy of it for each test to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.folders import put_set


@pytest.fixture(scope="module")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_set(tmp_path_factory.mktemp("faultless") / "data")


@pytest.fixture
def root(faultless: Path, tmp_path: Path) -> Path:
    return shutil.copytree(faultless, tmp_path / "data", symlinks=True)
