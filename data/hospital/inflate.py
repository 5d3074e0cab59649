"""Decompresses without letting a small file fill the memory."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from data.hospital.scan import ScanError

GZIP = b"\x1f\x8b"
_AGAIN = "Copy it again from where it came"


def gunzip(content: bytes, where: Path | str, limit: int, *, whole: bool = True) -> bytes:
    """Inflates a gzip file (RFC 1952; several members are one stream).

    Args:
        content: The file.
        where: As errors name it.
        limit: Bytes, no more are made.
        whole: Whether there may be no more; else the first ``limit`` bytes are all that is wanted.

    Raises:
        ScanError: The data are damaged or, where ``whole``, more than ``limit``.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            data = file.read(limit + 1 if whole else limit)
    except (OSError, EOFError, zlib.error) as error:
        raise ScanError(where, "its compressed data are damaged or cut off", _AGAIN) from error
    return _bounded(data, where, limit)


def inflate(content: bytes, where: Path | str, limit: int) -> bytes:
    """Inflates a bare deflate stream (RFC 1951), as DICOM PS3.5 A.5 has it.

    Raises:
        ScanError: The data are damaged or more than ``limit`` bytes.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = stream.decompress(content, limit + 1)
    except zlib.error as error:
        raise ScanError(where, "its compressed data are damaged", _AGAIN) from error
    data = _bounded(data, where, limit)
    if not stream.eof:
        raise ScanError(where, "its compressed data are cut off", _AGAIN)
    return data


def _bounded(data: bytes, where: Path | str, limit: int) -> bytes:
    if len(data) > limit:
        raise ScanError(
            where,
            f"its compressed data grow beyond the {limit} bytes that it may have",
            "Get it from a source you trust: a file like this is made to fill memories",
        )
    return data
