"""What is published arrives, from each place and in each kind of archive."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from data.download import sources
from data.download.download import download
from pipeline.cli.main import main
from tests.download.fetching import FILES, QUICK, assert_whole, fetch, places
from tests.publisher import Server, zipped


def tarred(root: Path, mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.add(root, "brisc2025")
    return buffer.getvalue()


@pytest.mark.parametrize("place", sources.SOURCES)
def test_each_place_gives_the_whole_set(
    server: Server, published: Path, target: Path, place: str
) -> None:
    done = download(places(server)[place], target, QUICK)
    assert (done.files, done.fetched) == (FILES, True)
    assert_whole(published, target)


@pytest.mark.parametrize("place", sources.SOURCES)
def test_the_command_tells_what_it_did_and_shows_no_bar_in_a_log(
    server: Server,
    target: Path,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sources, "SOURCES", places(server))
    for expected in (f"downloaded from {place}", "was there already"):
        with pytest.raises(SystemExit) as ended:
            main(["data", "download", str(target), "--source", place])
        assert not ended.value.code
        out, err = capsys.readouterr()
        assert f"{target}: {expected}; {FILES} files" in out
        assert not err


ARCHIVES: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "zip in a folder": ("a.zip", lambda root: zipped(root, "deep/BRISC2025/")),
    "zip of Windows": ("a.zip", lambda root: zipped(root, "BRISC2025\\")),
    "tar": ("a.tar", lambda root: tarred(root, "w")),
    "tar.gz": ("a.TAR.GZ", lambda root: tarred(root, "w:gz")),
    "tar.xz": ("a.tar.xz", lambda root: tarred(root, "w:xz")),
}


@pytest.mark.parametrize(("name", "make"), ARCHIVES.values(), ids=ARCHIVES)
def test_each_kind_of_archive_is_unpacked(
    server: Server, published: Path, target: Path, name: str, make: Callable[[Path], bytes]
) -> None:
    server.serve(make(published), name)
    fetch(server, target)
    assert_whole(published, target)


def test_what_macos_adds_is_left_out(server: Server, published: Path, target: Path) -> None:
    buffer = io.BytesIO(server.archive)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("__MACOSX/classification_task/._x", b"x")
        archive.writestr("classification_task/.DS_Store", b"x")
    server.serve(buffer.getvalue(), "a.zip")
    fetch(server, target)
    assert_whole(published, target)


def test_manifest_beside_the_archive_is_taken(
    server: Server, published: Path, target: Path, tmp_path: Path
) -> None:
    bare = shutil.copytree(published, tmp_path / "bare")
    (bare / "manifest.csv").unlink()
    server.serve(zipped(bare), "a.zip")
    server.more = {
        "manifest.csv": (published / "manifest.csv").read_bytes(),
        "paper.pdf": b"%PDF",
    }
    fetch(server, target)
    assert_whole(published, target)


def test_an_empty_folder_may_be_there(server: Server, published: Path, target: Path) -> None:
    target.mkdir(parents=True)
    inode = target.stat().st_ino
    fetch(server, target)
    assert_whole(published, target)
    # It may be a mount point, or where a shell stands.
    assert target.stat().st_ino == inode
