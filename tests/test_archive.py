"""Archives that strangers made: what would lie outside, link, or fill the disk is refused."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from data.download.archive import Limits, extract
from data.errors import InputError


def link_in_zip(name: str) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zip_of((info, b"/etc/passwd"))


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        archive.addfile(info)
    return buffer.getvalue()


WHOLE = zip_of(("a", bytes(range(256)) * 40))
HOSTILE: dict[str, tuple[bytes, str]] = {
    "zip that leads up": (zip_of(("../evil", b"x")), "leads out"),
    "zip that leads up later": (zip_of(("a/../../evil", b"x")), "leads out"),
    "absolute zip": (zip_of(("/tmp/evil", b"x")), "leads out"),
    "zip with a drive": (zip_of(("C:/evil", b"x")), "leads out"),
    "zip with back-slashes": (zip_of(("a\\..\\..\\evil", b"x")), "leads out"),
    "tar that leads up": (tar_of("../evil"), "leads out"),
    "absolute tar": (tar_of("/tmp/evil"), "leads out"),
    "link in a zip": (link_in_zip("a"), "link or a device"),
    "link in a tar": (tar_of("a", tarfile.SYMTYPE, "/etc"), "link or a device"),
    "hard link in a tar": (tar_of("a", tarfile.LNKTYPE, "../evil"), "link or a device"),
    "device in a tar": (tar_of("a", tarfile.CHRTYPE), "link or a device"),
    "bomb": (zip_of(("a", bytes(2_000_000))), "more than 1000000 bytes"),
    "bomb in pieces": (zip_of(*((f"{n}", bytes(300_000)) for n in range(4))), "more than 1000000"),
    "many files": (zip_of(*((f"{n}", b"") for n in range(101))), "more than 100 files"),
    "a name twice": (zip_of(("a", b"1"), ("b", b""), ("./a", b"2")), "comes twice"),
    "text": (b"<html>Sign in</html>", "not a zip or tar"),
    "nothing": (b"", "not a zip or tar"),
    "cut zip": (WHOLE[: len(WHOLE) // 2], "not a zip or tar"),
    "damaged zip": (WHOLE[:60] + b"\0" + WHOLE[61:], "damaged"),
    "cut tar": (tar_of("a" * 90)[:300], "not a zip or tar"),
    "cut gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\3abc", "not a zip or tar"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_archive_is_refused_and_nothing_lies_outside(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    archive, folder = tmp_path / "archive", tmp_path / "deep" / "folder"
    archive.write_bytes(content)
    folder.mkdir(parents=True)
    with pytest.raises(InputError, match=reason) as caught:
        extract(archive, folder, Limits(size=1_000_000, files=100))
    assert caught.value.where == str(archive)
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(folder)}
    assert outside == {archive, folder.parent}
    assert not any(path.is_symlink() for path in folder.rglob("*"))
