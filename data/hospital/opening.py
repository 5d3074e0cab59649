"""Tells DICOM and NIfTI by their first bytes, whatever a file is called, and opens them."""

from __future__ import annotations

import struct
from pathlib import Path

from data.hospital.inflate import GZIP, gunzip
from data.hospital.scan import MAX_BYTES, Scan, ScanError

DICOM = "DICOM"
NIFTI = "NIfTI"
_HEADER = 544
# The length of the header, the first number of NIfTI-1 and NIfTI-2 files.
_NIFTI_SIZES = (348, 540)


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ScanError: It is larger than ``MAX_BYTES`` or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ScanError(path, f"its {size} bytes are more than {MAX_BYTES}", "Divide it")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ScanError(path, reason, "Give a readable file") from error


def kind_of(content: bytes) -> str | None:
    """``DICOM`` or ``NIFTI``; ``None`` for any other content.

    DICOM files begin as PS3.10 7.1 says, or, older ones, at once with their group 0002 or 0008.
    A gzip file counts as NIfTI: no other format read here is kept that way.
    """
    if content[128:132] == b"DICM":
        return DICOM
    if content[:2] == GZIP or _is_nifti(content):
        return NIFTI
    if len(content) > 132 and content[:2] in (b"\x02\0", b"\x08\0") and content[3:4] == b"\0":
        return DICOM
    return None


def open_scan(content: bytes, where: Path | str, plane: str | None = None) -> Scan | None:
    """Opens a DICOM or NIfTI file.

    Args:
        content: The file.
        where: As errors name it.
        plane: Along which of ``data.naming.PLANES`` a volume is cut; ``None``: as it was taken.

    Returns:
        ``None`` where it is neither.

    Raises:
        ScanError: It is one of them and cannot be used.
    """
    kind = kind_of(content)
    if kind == DICOM:
        from data.hospital.dicom import DicomScan

        return DicomScan(content, where)
    if kind == NIFTI:
        if content[:2] == GZIP and not _is_nifti(
            gunzip(content, where, limit=_HEADER, whole=False)
        ):
            raise ScanError(where, "a gzip file without a NIfTI volume in it", "Unpack it first")
        from data.hospital.nifti import NiftiScan

        return NiftiScan(content, where, plane)
    return None


def _is_nifti(head: bytes) -> bool:
    if len(head) < 4:
        return False
    return any(struct.unpack(order + "i", head[:4])[0] in _NIFTI_SIZES for order in "<>")
