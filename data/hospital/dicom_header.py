"""Reads a DICOM data set and checks what it says of its pixels (PS3.3 C.7.6.3), before decoding."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom import uid
from pydicom.encaps import parse_fragments
from pydicom.filereader import _read_file_meta_info, read_dataset

from data.checks import size_refusal
from data.hospital.inflate import inflate
from data.hospital.scan import MAX_BYTES, ScanError

AGAIN = "Copy it again from where it came"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "PALETTE COLOR")


@dataclass(frozen=True)
class Pixels:
    """How the pixel data of a file are laid out.

    Attributes:
        keyword: Of the element that holds them.
        rows, columns: Of a frame.
        frames: How many there are.
        photometric: One of ``GREY`` or ``COLOUR``.
        bits: That are stored of each sample.
        syntax: The transfer syntax.
    """

    keyword: str
    rows: int
    columns: int
    frames: int
    photometric: str
    bits: int
    syntax: uid.UID


def parse(content: bytes, where: Path | str) -> pydicom.Dataset:
    """Reads all elements; most are decoded only when they are asked for.

    Raises:
        ScanError: It is damaged, or inflates beyond ``MAX_BYTES``.
    """
    file = io.BytesIO(content)
    if content[128:132] == b"DICM":
        file.seek(132)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta = _read_file_meta_info(file)
            if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian:
                # pydicom would inflate it without a bound.
                plain = inflate(content[file.tell() :], where, MAX_BYTES)
                found = read_dataset(io.BytesIO(plain), False, True)
                found.set_original_encoding(False, True)
                meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
                found.file_meta = meta
                return found
            data: pydicom.FileDataset = pydicom.dcmread(io.BytesIO(content), force=True)
            if "TransferSyntaxUID" not in data.file_meta:
                # Files from before PS3.10 have none; how they read tells it.
                implicit, little = data.original_encoding
                data.file_meta.TransferSyntaxUID = (
                    uid.ImplicitVRLittleEndian
                    if implicit
                    else uid.ExplicitVRLittleEndian
                    if little
                    else uid.ExplicitVRBigEndian
                )
            return data
    except ScanError:
        raise
    except Exception as error:
        # Its own words may quote an element: they are not passed on.
        raise ScanError(where, f"its DICOM data are damaged ({_kind(error)})", AGAIN) from None


def describe(data: pydicom.Dataset, where: Path | str) -> Pixels:
    """Checks everything that is said of the pixels.

    Raises:
        ScanError: It is no image, or does not fit the pixel data.
    """
    present = [keyword for keyword in _PIXELS if keyword in data]
    if not present:
        raise ScanError(where, f"not an image{_class_name(data)}", "Give the file of an image")
    if len(present) > 1:
        raise ScanError(where, f"it has {' and '.join(present)}, not one of them", AGAIN)
    keyword = present[0]
    rows, columns = _count(data, "Rows", where), _count(data, "Columns", where)
    refusal = size_refusal(columns, rows)
    if refusal:
        raise ScanError(where, refusal, "Resample it")
    frames = _count(data, "NumberOfFrames", where, default=1)
    samples = _count(data, "SamplesPerPixel", where, default=1)
    photometric = str(data.get("PhotometricInterpretation", "")).strip()
    if photometric not in GREY + COLOUR:
        raise ScanError(
            where, "its photometric interpretation is not supported", f"Use {', '.join(GREY)}"
        )
    if samples != (3 if photometric in COLOUR[:-1] else 1):
        raise ScanError(where, f"{samples} sample(s) per pixel do not fit {photometric}", AGAIN)
    allocated = _count(data, "BitsAllocated", where)
    bits = _count(data, "BitsStored", where, default=allocated)
    if allocated not in (1, 8, 16, 32, 64) or bits > allocated:
        raise ScanError(where, f"{bits} bits stored in {allocated} are not supported", AGAIN)
    syntax = data.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:
        # Makers of scanners have some of their own, which only their software reads.
        raise ScanError(
            where,
            "its transfer syntax is none of the standard's",
            "Export it again as Explicit VR Little Endian",
        )
    held = len(data[keyword].value or b"")
    if syntax.is_encapsulated:
        # The first item is the table of offsets (PS3.5 A.4).
        fragments = parse_fragments(data[keyword].value)[0] - 1 if held else 0
        if fragments < frames:
            raise ScanError(
                where, f"it has {fragments} of the {frames} frames its header tells", AGAIN
            )
    else:
        shared = 2 if photometric == "YBR_FULL_422" else samples
        needed = math.ceil(rows * columns * shared * allocated * frames / 8)
        surplus = (data[keyword].value or b"")[needed:]
        if held < needed or surplus.count(0) < len(surplus):
            raise ScanError(
                where,
                f"{columns}x{rows} pixels in {frames} frame(s) need {needed} bytes, "
                f"its pixel data have {held}",
                AGAIN,
            )
    return Pixels(keyword, rows, columns, frames, photometric, bits, syntax)


def _count(data: pydicom.Dataset, keyword: str, where: Path | str, default: int = 0) -> int:
    value: Any = data.get(keyword)
    count = default if value is None or value == "" else int(value)
    if count < 1:
        raise ScanError(where, f"its {keyword} is missing or 0", AGAIN)
    return count


def _class_name(data: pydicom.Dataset) -> str:
    # Only a name out of the standard: an unknown value could be anything.
    name = uid.UID_dictionary.get(str(data.get("SOPClassUID", "")), ("",))[0]
    return f" but a {name}" if name else ": it has no pixel data"


def _kind(error: Exception) -> str:
    return type(error).__name__
