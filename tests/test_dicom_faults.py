"""DICOM that is damaged or cannot be read: an error that says why, and quotes nothing of it."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, JPEGBaseline8Bit

from data.hospital.scan import ScanError
from tests.folders import encode
from tests.scans import PATIENT, dataset, dicom, first, float_dicom, ramp, save, shipped


def in_syntax(syntax: str) -> bytes:
    """A compressed image that says it is in this transfer syntax."""
    data = dataset(ramp())
    data.file_meta.TransferSyntaxUID = UID(syntax)
    data.PixelData = encapsulate([bytes(64)])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return save(data)


def compressed(kind: str, cut: int = 0, **elements: object) -> bytes:
    image = Image.fromarray(ramp(most=255).astype(np.uint8))
    coded = encode(image, kind, **({} if kind == "JPEG" else {"no_jp2": True}))
    data = dataset(ramp(most=255).astype(np.uint8), **elements)
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if kind == "JPEG" else JPEG2000Lossless
    data.PixelData = encapsulate([coded[: len(coded) - cut]])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return save(data)


FAULTS: dict[str, tuple[bytes, str]] = {
    "more rows than pixels": (dicom(ramp(), Rows=48), "need 3072 bytes, its pixel data have 1536"),
    "fewer rows than pixels": (dicom(ramp(), Rows=20), "need 1280 bytes, its pixel data have 1536"),
    "no rows": (dicom(ramp(), Rows=None), "its Rows is missing or 0"),
    "huge": (dicom(ramp(), Rows=65_535, Columns=65_535), "are more than 64000000 pixels"),
    "frames that are not there": (dicom(ramp(), NumberOfFrames=3), "in 3 frame(s) need"),
    "no pixels": (dicom(ramp(), PixelData=None), "not an image but a MR Image Storage"),
    "all alike": (dicom(np.full((24, 32), 7, np.uint16)), "have one value"),
    "slope 0": (dicom(ramp(), RescaleSlope=0, RescaleIntercept=0), "have one value"),
    "no number at all": (float_dicom(np.full((24, 32), np.nan)), "have one value"),
    "three samples": (dicom(ramp(), SamplesPerPixel=3), "3 sample(s) per pixel do not fit"),
    "unknown colours": (dicom(ramp(), PhotometricInterpretation="CMYK"), "not supported"),
    "more bits than there are": (dicom(ramp(), BitsStored=17), "17 bits stored in 16"),
    "cut JPEG": (compressed("JPEG", 40), "its frame 1 is damaged or cut off"),
    "cut JPEG 2000": (compressed("JPEG2000", 40), "its frame 1 is damaged or cut off"),
    "JPEG of another size": (
        compressed("JPEG", Rows=32, Columns=24),
        "its frame 1 is 32x24, its header says 24x32",
    ),
    "JPEG 2000 of another size": (
        compressed("JPEG2000", Rows=32, Columns=24),
        "its frame 1 is 32x24, its header says 24x32",
    ),
    "JPEG with too few frames": (compressed("JPEG", NumberOfFrames=9), "it has 1 of the 9 frames"),
    "HTJ2K": (in_syntax("1.2.840.10008.1.2.4.201"), "cannot be read (High-Throughput JPEG 2000"),
    "video": (in_syntax("1.2.840.10008.1.2.4.102"), "its compression cannot be read (MPEG-4"),
    "a maker's own syntax": (in_syntax("1.2.840.113619.5.2"), "is none of the standard's"),
    "preamble alone": (bytes(128) + b"DICM", "not an image"),
    "cut in the header": (dicom(ramp())[:300], "not an image"),
}


@pytest.mark.parametrize(("content", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(ScanError) as caught:
        first(content)
    assert reason in caught.value.reason
    assert caught.value.remedy and "\n" not in str(caught.value)
    assert PATIENT not in str(caught.value)


def test_a_deflate_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.hospital.dicom_header.MAX_BYTES", 2**20)
    image = shipped("image_dfl.dcm")
    first(image)
    # Behind the file meta group, whose length its first element gives (PS3.10 7.1).
    head = image[: 144 + int.from_bytes(image[140:144], "little")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = head + packer.compress(bytes(2**24)) + packer.flush()
    with pytest.raises(ScanError, match="grow beyond the 1048576 bytes"):
        first(bomb)


def test_whole_compressed_images_of_the_right_size_are_read() -> None:
    for kind in ("JPEG", "JPEG2000"):
        found = first(compressed(kind, WindowCenter=128, WindowWidth=256)).pixels
        np.testing.assert_allclose(found, ramp(most=255), atol=4)


def test_no_error_quotes_what_identifies() -> None:
    for element in ("Rows", "WindowCenter", "PixelSpacing", "BitsStored"):
        content = dicom(ramp(), WindowCenter=5, WindowWidth=5, PixelSpacing=[1, 1])
        data = pydicom.dcmread(io.BytesIO(content))
        raw = data.get_item(element)
        data._dict[raw.tag] = raw._replace(value=PATIENT.encode())  # type: ignore[union-attr]
        try:
            first(save(data))
        except ScanError as error:
            assert PATIENT not in str(error)
