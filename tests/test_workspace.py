"""The workspace: one run at a time, a named error where it cannot be written, stable copies."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.errors import InputError
from pipeline.workspace import Workspace

HOLD = (
    "import sys; from pathlib import Path; from pipeline.workspace import Workspace\n"
    "with Workspace.at(Path(sys.argv[1])).locked(*sys.argv[2:]):\n"
    "    print('locked', flush=True); sys.stdin.read()"
)
WRITE_NOTHING = (
    "import resource, sys; from pathlib import Path; from pipeline.workspace import Workspace\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    "try:\n"
    "    with Workspace.at(Path(sys.argv[1])).locked(): print('locked')\n"
    "except Exception as error: print(type(error).__name__, error)"
)


@pytest.fixture
def other_run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace ``tmp_path``."""
    with _holding(tmp_path) as process:
        yield process


@pytest.fixture
def other_step(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds it for the steps of run ``first``."""
    with _holding(tmp_path, "first") as process:
        yield process


@contextlib.contextmanager
def _holding(folder: Path, *run_id: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(folder), *run_id]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_paths_are_absolute_and_below_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.at(Path("work"))
    assert workspace.root == tmp_path / "work"
    for path in (
        workspace.serving,
        workspace.artifacts,
        workspace.metadata,
        workspace.training,
        workspace.reports,
    ):
        assert path.parent == workspace.root
    assert Workspace.at(Path("work"), Path("models")).serving == tmp_path / "models"


# The lock


def test_a_second_run_is_refused_and_told_which_process_is_at_work(
    tmp_path: Path, other_run: subprocess.Popen[str]
) -> None:
    reason = rf"another run is using this workspace \(process {other_run.pid}\)"
    for _ in range(2):
        with (
            pytest.raises(InputError, match=reason) as caught,
            Workspace.at(tmp_path).locked(),
        ):
            pass
        assert caught.value.where == str(tmp_path)


def test_a_killed_run_leaves_the_workspace_free(
    tmp_path: Path, other_run: subprocess.Popen[str]
) -> None:
    other_run.kill()
    other_run.wait()
    with Workspace.at(tmp_path).locked():
        assert (tmp_path / ".lock").read_text() == str(os.getpid())


def test_a_run_that_failed_leaves_the_workspace_free(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    with pytest.raises(ZeroDivisionError), workspace.locked():
        raise ZeroDivisionError
    with workspace.locked():
        pass


def test_two_workspaces_are_used_at_once(tmp_path: Path, other_run: subprocess.Popen[str]) -> None:
    with Workspace.at(tmp_path / "mine").locked():
        assert other_run.poll() is None


def test_an_error_of_the_run_itself_is_not_taken_for_the_lock_s(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), Workspace.at(tmp_path).locked():
        raise FileNotFoundError


def test_steps_of_one_run_use_the_workspace_together(
    tmp_path: Path, other_step: subprocess.Popen[str]
) -> None:
    workspace = Workspace.at(tmp_path)
    with workspace.locked("first"), workspace.locked("first"):
        assert other_step.poll() is None


@pytest.mark.parametrize("run_id", ["second", None])
def test_steps_of_a_run_keep_other_runs_out(
    tmp_path: Path, other_step: subprocess.Popen[str], run_id: str | None
) -> None:
    # Also while a second step of it comes and goes.
    for _ in range(2):
        with (
            pytest.raises(InputError, match=r"another run is using this workspace \(run first\)"),
            Workspace.at(tmp_path).locked(run_id),
        ):
            pass
        with Workspace.at(tmp_path).locked("first"):
            pass


def test_a_whole_run_keeps_steps_out(tmp_path: Path, other_run: subprocess.Popen[str]) -> None:
    reason = rf"another run is using this workspace \(process {other_run.pid}\)"
    with pytest.raises(InputError, match=reason), Workspace.at(tmp_path).locked("first"):
        pass


def test_killed_steps_leave_the_workspace_free(
    tmp_path: Path, other_step: subprocess.Popen[str]
) -> None:
    other_step.kill()
    other_step.wait()
    with Workspace.at(tmp_path).locked("second"):
        assert (tmp_path / ".lock").read_text() == "run second"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with Workspace.at(tmp_path / "a" / "b").locked():
        assert (tmp_path / "a" / "b").is_dir()


# A folder that cannot be written


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/brisc", "/dev/null/brisc"])
def test_workspace_that_cannot_be_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    root = tmp_path / place
    with (
        pytest.raises(InputError, match="cannot be written") as caught,
        Workspace.at(root).locked(),
    ):
        pass
    assert caught.value.where == str(root)
    assert "--workspace" in caught.value.remedy
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_disk_without_room_is_named(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WRITE_NOTHING, tmp_path], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith(
        f"InputError {tmp_path}: the workspace cannot be written (File too large)."
    )


# Kept files


def test_a_kept_file_is_known_by_its_content(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "work")
    file = tmp_path / "schema.pbtxt"
    file.write_text("one")
    first = workspace.keep(file)
    assert first.name == "schema.pbtxt" and first.read_text() == "one"
    assert workspace.keep(file) == first
    file.write_text("two")
    second = workspace.keep(file)
    assert second != first
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert workspace.root in first.parents and workspace.root in second.parents
