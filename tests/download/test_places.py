"""Folders and disks that cannot take a data set."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.download.download import STAGE, Downloaded
from data.errors import InputError
from tests.download.fetching import FILES, assert_whole, fetch, refused
from tests.publisher import Server


def test_folder_with_files_is_left_alone(server: Server, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "thesis.doc").write_bytes(b"x")
    with pytest.raises(InputError, match="is not empty"):
        fetch(server, target)
    assert [path.name for path in target.iterdir()] == ["thesis.doc"]
    assert not server.log


def test_file_in_the_place_is_left_alone(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"x")
    with pytest.raises(InputError, match="is a file"):
        fetch(server, target)
    assert target.read_bytes() == b"x"


def test_whole_set_is_checked_and_not_fetched_again(server: Server, target: Path) -> None:
    fetch(server, target)
    server.log.clear()
    assert fetch(server, target) == Downloaded(target, FILES, fetched=False)
    path = next(target.rglob("*.png"))
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(InputError, match=f"{path.name}: the file has another sha256"):
        fetch(server, target)
    assert not server.log


def test_disk_that_is_too_small_is_named_before_anything_is_fetched(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.anchor)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=server.size))
    assert "MiB free" in refused(server, target).reason
    assert not server.log


def test_disk_that_fills_up_is_named(server: Server, published: Path, target: Path) -> None:
    stage = target.parent / f"{STAGE}-{target.name}"
    stage.mkdir(parents=True)
    full = stage / f"{server.announced}.part"
    # Takes no byte and says why: as a full disk does.
    full.symlink_to("/dev/full")
    error = refused(server, target)
    assert error.reason == "the disk is full"
    assert "same command" in error.remedy
    full.unlink()
    fetch(server, target)
    assert_whole(published, target)


def test_place_that_cannot_be_written_is_named(server: Server) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        fetch(server, Path("/proc/brisc2025"))
