"""Data sets that several test files look at."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trainer  # noqa: F401  # chooses TensorFlow's Keras before a test imports TensorFlow
from data.lock import in_turn
from data.sample import write_sample
from tests.command_line import Brisc

ROOT = Path(__file__).parents[1]
UNPACK = ROOT.parent / "shared" / "brisc2025" / "unpack"
CACHE = ROOT / ".cache" / "brisc2025"

# Fixture `bench`: a run of minutes that these files look at, one after the other. So does
# test_pipeline.py, which has many runs more and is better off beside them.
SHARING = {
    f"tests/end_to_end/test_{name}.py"
    for name in ("engines", "runs", "served_model", "serving", "tensorboard")
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Among workers of xdist: a file's tests keep together, and so do those of one workspace."""
    from xdist.scheduler import LoadFileScheduling

    class LoadWorkspaceScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return "one workspace" if scope in SHARING else scope

    # Under pytest 9.2 the groups that xdist 3.8 has by itself are passed over.
    return LoadWorkspaceScheduling(config, log)


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """A command sets the level of its own process; here the next test has another one."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="session")
def brisc_dir() -> Path:
    """The real BRISC: folder BRISC_DIR, else the copy beside the repository, unpacked once."""
    given = os.environ.get("BRISC_DIR")
    if given:
        return Path(given)
    if not UNPACK.is_file():
        pytest.skip(f"no real data: BRISC_DIR is not set and there is no {UNPACK}")
    CACHE.parent.mkdir(exist_ok=True)
    # One worker unpacks, the other waits; what is complete stays as it is.
    with in_turn(CACHE.parent / "brisc2025.lock"):
        subprocess.run([UNPACK, CACHE], check=True)
    return CACHE


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic set of 96 slices; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    write_sample(folder, images=96, seed=0)
    return folder


@pytest.fixture
def brisc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Brisc:
    """The command in a folder where nothing is."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # The help is laid out for the terminal.
    monkeypatch.setenv("COLUMNS", "100")
    return Brisc(folder, capsys)
