"""Unpacks a zip or tar that may be hostile: nothing lands outside, nothing grows without end."""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO

from data.errors import InputError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_PIECE = 1 << 18
_REFUSED = "Do not use it; get the data set from another --source"
# RuntimeError is zipfile's for a password, and for a compression or version that it does not know.
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError,
    struct.error, EOFError, RuntimeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """More than an archive of BRISC can hold: bytes when unpacked, and files."""

    size: int = 4 << 30
    files: int = 200_000


@dataclass(frozen=True)
class _Member:
    """One file of an archive; ``content`` is ``None`` for what is neither file nor folder."""

    name: str
    content: IO[bytes] | None


def extract(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """Unpacks ``archive`` into ``folder``, which exists.

    Raises:
        InputError: It is no archive or a damaged one, has a member that leads out of the folder,
            is a link or a device, or comes twice, or is larger than ``limits``.
        OSError: ``folder`` cannot be written.
    """
    limits = limits or Limits()
    left = limits.size
    try:
        for number, member in enumerate(_members(archive), start=1):
            if number > limits.files:
                raise _refuse(archive, f"more than {limits.files} files")
            inside = _inside(archive, member.name)
            if _junk(inside):
                continue
            path = folder / inside
            if member.content is None:
                raise _refuse(archive, f"{member.name!r} is a link or a device, not a file")
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                raise _refuse(archive, f"{member.name!r} comes twice")
            with path.open("xb") as file:
                while piece := member.content.read(_PIECE):
                    # What is counted is what comes out: a header may say anything.
                    left -= len(piece)
                    if left < 0:
                        raise _refuse(archive, f"more than {limits.size} bytes when unpacked")
                    file.write(piece)
    except _DAMAGED as error:
        raise _refuse(archive, f"not a zip or tar, or damaged ({error})") from error


def _members(archive: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if info.is_dir():
                    continue
                if kind not in (0, stat.S_IFREG):
                    yield _Member(info.filename, None)
                    continue
                with opened.open(info) as content:
                    yield _Member(info.filename, content)
        return
    with tarfile.open(archive) as opened_tar:
        for entry in opened_tar:
            if not entry.isdir():
                yield _Member(entry.name, opened_tar.extractfile(entry) if entry.isreg() else None)


def _inside(archive: Path, name: str) -> Path:
    # Reads both slashes: archives made on Windows have the other one.
    path = PureWindowsPath(name)
    if path.anchor or ".." in path.parts or not path.parts or "\0" in name:
        raise _refuse(archive, f"{name!r} leads out of the folder")
    return Path(*path.parts)


def _junk(path: Path) -> bool:
    # What macOS adds to each archive.
    return "__MACOSX" in path.parts or path.name == ".DS_Store" or path.name.startswith("._")


def _refuse(archive: Path, reason: str) -> InputError:
    return InputError(archive, reason, _REFUSED)
