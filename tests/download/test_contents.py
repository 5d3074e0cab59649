"""Contents that are not what was announced are refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data.download import sources
from data.download.archive import Limits
from data.download.download import download
from data.errors import InputError
from tests.download.fetching import QUICK, assert_whole, fetch, places, refused
from tests.publisher import Server, zipped


@pytest.mark.parametrize("place", sources.SOURCES)
def test_wrong_checksum_is_refused_and_then_fetched_anew(
    server: Server, published: Path, target: Path, place: str
) -> None:
    genuine, server.announced = server.announced, "0" * 32
    with pytest.raises(InputError, match=f"MD5 is {genuine}, announced was 000"):
        download(places(server)[place], target, QUICK)
    assert not target.exists()
    server.announced = genuine
    download(places(server)[place], target, QUICK)
    assert_whole(published, target)


def test_more_bytes_than_announced_are_refused(server: Server, target: Path) -> None:
    server.size -= 10
    assert "more than the" in refused(server, target).reason


Damage = Callable[[Path], object]
DAMAGES: dict[str, tuple[Damage, str]] = {
    "another file": (
        lambda root: next(root.rglob("*.png")).write_bytes(b"x"),
        "another length",
    ),
    "a file less": (lambda root: next(root.rglob("*.png")).unlink(), "not there"),
    "a folder less": (
        lambda root: shutil.rmtree(root / "segmentation_task" / "test" / "masks"),
        "none of the files",
    ),
    "no manifest": (lambda root: (root / "manifest.csv").unlink(), "no manifest"),
    "broken manifest": (lambda root: (root / "manifest.csv").write_bytes(b"x"), "no column"),
    "no data set": (lambda root: shutil.rmtree(root / "segmentation_task"), "no classification"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_set_that_is_not_as_its_manifest_says_is_refused(
    server: Server, published: Path, target: Path, tmp_path: Path, damage: Damage, reason: str
) -> None:
    other = shutil.copytree(published, tmp_path / "other")
    damage(other)
    server.serve(zipped(other), "a.zip")
    assert reason in refused(server, target).reason


def test_archive_in_the_record_is_held_to_the_limits(server: Server, target: Path) -> None:
    with pytest.raises(InputError, match="more than 5 files"):
        fetch(server, target, Limits(files=5))
    assert not target.exists()
