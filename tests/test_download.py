"""`brisc data download` against a server on this machine: whole and checked, or not at all."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.download import sources
from data.download.archive import Limits
from data.download.download import STAGE, Downloaded, download
from data.download.http import Http
from data.download.sources import Figshare, Kaggle, Source, Zenodo
from data.errors import InputError
from pipeline.cli.main import main
from tests.folders import put_set
from tests.publisher import Server, running, zipped

FILES = 60
"""Of the set that is served, its manifest left out."""
QUICK = Http(retries=2, pause=0, connect_timeout=5, read_timeout=5)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_set(tmp_path_factory.mktemp("published") / "brisc2025")


def tarred(root: Path, mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        archive.add(root, "brisc2025")
    return buffer.getvalue()


@pytest.fixture
def server(published: Path) -> Iterator[Server]:
    with running(Server(zipped(published))) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "home" / "brisc2025"


def fetch(server: Server, target: Path, limits: Limits | None = None) -> Downloaded:
    return download(Zenodo(api=f"{server.url}/zenodo"), target, QUICK, limits)


def refused(server: Server, target: Path) -> InputError:
    """A download that fails, and leaves nothing where the data set was to be."""
    with pytest.raises(InputError) as caught:
        fetch(server, target)
    assert not target.exists()
    assert caught.value.remedy
    return caught.value


def assert_whole(published: Path, target: Path) -> None:
    names = {path.relative_to(published) for path in published.rglob("*")}
    assert {path.relative_to(target) for path in target.rglob("*")} == names
    for name in names:
        if (published / name).is_file():
            assert (target / name).read_bytes() == (published / name).read_bytes()
    # Nor is anything left beside it.
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def places(server: Server) -> dict[str, Source]:
    return {
        "zenodo": Zenodo(api=f"{server.url}/zenodo"),
        "figshare": Figshare(api=f"{server.url}/figshare"),
        "kaggle": Kaggle(api=f"{server.url}/kaggle"),
    }


# What is published arrives


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


# Broken transfers


def test_a_break_is_continued_at_once(server: Server, published: Path, target: Path) -> None:
    server.cuts = [10_000, 5_000]
    fetch(server, target)
    assert [wanted for wanted, _ in server.log] == [None, "bytes=10000-", "bytes=15000-"]
    assert server.sent == server.size
    assert_whole(published, target)


@pytest.mark.parametrize("exists", [False, True], ids=["new folder", "empty folder"])
def test_the_same_command_continues_and_fetches_no_byte_twice(
    server: Server, published: Path, target: Path, exists: bool
) -> None:
    if exists:
        target.mkdir(parents=True)
    server.cuts = [10_000, 0, 0]
    with pytest.raises(InputError, match=f"broke off at 10000 of {server.size} bytes") as caught:
        fetch(server, target)
    assert "same command" in caught.value.remedy
    assert not (target / "classification_task").exists()
    server.log.clear()
    fetch(server, target)
    assert server.log == [("bytes=10000-", server.size - 10_000)]
    assert_whole(published, target)


def test_server_that_knows_no_ranges_is_asked_for_all(
    server: Server, published: Path, target: Path
) -> None:
    server.cuts, server.ignores_range = [10_000], True
    fetch(server, target)
    assert server.log[1] == ("bytes=10000-", server.size)
    assert_whole(published, target)


def test_part_that_the_server_does_not_know_is_fetched_anew(
    server: Server, published: Path, target: Path
) -> None:
    server.cuts = [10_000, 0, 0]
    refused(server, target)
    # What is there now has another length than what was begun.
    server.status[f"/files/{server.name}"] = 416
    refused(server, target)
    server.status.clear()
    server.log.clear()
    fetch(server, target)
    assert server.log[0] == (None, server.size)
    assert_whole(published, target)


def test_what_is_unpacked_half_is_unpacked_anew(
    server: Server, published: Path, target: Path
) -> None:
    half = target.parent / f"{STAGE}-{target.name}" / "content" / "classification_task"
    half.mkdir(parents=True)
    (half / "half.jpg").write_bytes(b"x")
    fetch(server, target)
    assert_whole(published, target)


# Contents that are not what was announced


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


# Servers that do not answer as they should


RECORD = "/zenodo/records/17524350"
ANSWERS: dict[str, tuple[dict[str, int], dict[str, bytes], str]] = {
    "no such record": ({RECORD: 404}, {}, "HTTP 404"),
    "no such file": ({"/files/brisc2025.zip": 404}, {}, "HTTP 404"),
    "not allowed": ({"/files/brisc2025.zip": 403}, {}, "HTTP 403"),
    "down": ({RECORD: 503}, {}, "HTTP 503"),
    "no JSON": ({}, {RECORD: b"<html>"}, "no JSON"),
    "JSON of something else": ({}, {RECORD: b"[]"}, "no files with MD5"),
    "no checksum": (
        {},
        {RECORD: b'{"files": [{"key": "a", "size": 1, "checksum": "", "links": {"self": ""}}]}'},
        "no files with MD5",
    ),
    "no file": ({}, {RECORD: b'{"files": []}'}, "no archive in it, it holds nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_answer_that_is_of_no_use_is_named_with_its_address(
    server: Server,
    target: Path,
    status: dict[str, int],
    body: dict[str, bytes],
    reason: str,
) -> None:
    server.status, server.body = status, body
    error = refused(server, target)
    assert reason in error.reason
    assert "--source" in error.remedy


def test_kaggle_without_a_checksum_is_refused(server: Server, target: Path) -> None:
    server.body["/kaggle/datasets/download/briscdataset/brisc2025"] = b"x"
    with pytest.raises(InputError, match="no files with MD5"):
        download(places(server)["kaggle"], target, QUICK)
    assert not target.exists()


def test_no_server_is_named(target: Path) -> None:
    with Server(b"") as gone:
        url = gone.url
    with pytest.raises(InputError, match=r"no answer \(.*refused\)") as caught:
        download(Zenodo(api=url), target, QUICK)
    assert caught.value.where == f"{url}/records/17524350"
    # Nothing came, so there is nothing to go on from.
    assert list(target.parent.iterdir()) == []


def test_the_command_fails_with_one_line(
    server: Server,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sources, "SOURCES", places(server))
    server.status[RECORD] = 404
    with pytest.raises(SystemExit) as ended:
        main(["data", "download", str(target)])
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"brisc: {server.url}{RECORD}: HTTP 404")


# Folders and disks


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
