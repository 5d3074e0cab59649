"""Damaged files of every format: read or named as an error, and good files beside come through.

Hypothesis picks the damage and, where one is found that breaks a reader, its smallest form.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from data.audit.looks import look
from data.errors import InputError
from data.groups import read_groups
from data.hospital.inflate import GZIP
from data.hospital.labels import read_labels
from data.hospital.opening import open_scan
from data.hospital.scan import ScanError
from data.manifest import parse_manifest, write_manifest
from data.naming import NO_TUMOR
from data.oddities import decode_with_oddities
from serving.inputs import read_questions
from tests.folders import encode, grey, put, put_pair, stem, with_exif
from tests.scans import dicom, nifti, ramp, scaled, sequence, shipped, shipped_nifti

FEW, MANY = 100, 1_000
"""Mutations of each file; MANY of all of them are 20,000."""

VOLUME = nifti(np.random.default_rng(0).integers(0, 900, (16, 17, 18), np.int16), scaled(1, 1, 1))
ENHANCED = dicom(
    np.stack([ramp(), ramp()]),
    SharedFunctionalGroupsSequence=sequence(
        PixelMeasuresSequence=sequence(PixelSpacing=[1, 1]),
        FrameVOILUTSequence=sequence(WindowCenter=500, WindowWidth=900),
        PlaneOrientationSequence=sequence(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    ),
    PixelPaddingValue=0,
)
EXIF = Image.Exif()
EXIF[0x0112] = 6
FILES: dict[str, bytes] = {
    "DICOM": shipped("MR_small.dcm"),
    "DICOM, implicit": shipped("MR_small_implicit.dcm"),
    "DICOM, big-endian": shipped("MR_small_bigendian.dcm"),
    "DICOM, RLE": shipped("MR_small_RLE.dcm"),
    "DICOM, JPEG": shipped("SC_rgb_jpeg_dcmtk.dcm"),
    "DICOM, JPEG 2000": shipped("MR_small_jp2klossless.dcm"),
    "DICOM, JPEG-LS": shipped("MR_small_jpeg_ls_lossless.dcm"),
    "DICOM, enhanced": ENHANCED,
    "NIfTI": VOLUME,
    "NIfTI, float": shipped_nifti("resampled_anat_moved.nii"),
    "NIfTI, packed": gzip.compress(VOLUME),
    "PNG": encode(grey(), "PNG"),
    "JPEG": encode(grey(), "JPEG"),
    "JPEG, EXIF": encode(grey(), "JPEG", exif=EXIF),
    "PNG, EXIF": with_exif(EXIF.tobytes()),
    "GIF": encode(grey(), "GIF"),
    "BMP": encode(grey(), "BMP"),
}
TABLES: dict[str, bytes] = {
    "labels": (
        b"file,class,split,frame,plane,mask,patient\n"
        b'a\\1.dcm,glioma,train,3,,a/1.png,"Doe, Jane"\n'
        b"2.nii.gz,no_tumor,test,12,axial,,\n3.png,pituitary,train,,sagittal,3m.png,c\n"
    ),
    "groups": f"image,group\n{stem('glioma', 1)},a\n{stem('glioma', 2)}.jpg,b\n".encode(),
}
SCANS = [name for name in FILES if name.startswith(("DICOM", "NIfTI"))]


@st.composite
def _damage(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with one to eight bytes changed, put in, taken out, or its end cut off."""
    inner = whole[:2] == GZIP and draw(st.booleans())
    content = bytearray(gzip.decompress(whole) if inner else whole)
    for _ in range(draw(st.integers(1, 8))):
        # Headers are a small part of a file and decide most about it.
        reach = draw(st.sampled_from([64, 400, 1500, 10**9]))
        place = draw(st.integers(0, max(0, min(reach, len(content)) - 1)))
        kind = draw(st.sampled_from(["change", "change", "number", "insert", "remove", "cut"]))
        if kind == "change":
            content[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "number":
            content[place : place + 4] = draw(
                st.sampled_from(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\xc0\x7f"]
                )
            )
        elif kind == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "remove":
            del content[place : place + draw(st.integers(1, 40))]
        else:
            del content[place:]
    return gzip.compress(bytes(content), 1) if inner else bytes(content)


def read_scan(content: bytes) -> bool:
    """Reads the first and the last slice as any command does; whether they could be used."""
    try:
        scan = open_scan(content, "scan")
        if scan is None:
            return read_image(content)
        return all(is_grey(scan.read(number).pixels) for number in {1, scan.count})
    except ScanError as error:
        assert error.reason and error.remedy
        return False


def read_image(content: bytes) -> bool:
    found = decode_with_oddities(content)
    if not isinstance(found, str):
        # As the audit does, which opens the file by itself.
        look(content, found[0])
    return is_grey(found if isinstance(found, str) else found[0])


def read_table(name: str, path: Path) -> bool:
    try:
        if name == "manifest":
            rows, faults = parse_manifest(path, path.read_bytes())
            for fault in faults:
                assert isinstance(fault, InputError) and fault.reason and fault.remedy
            return bool(rows) and not faults
        if name == "labels":
            labels = read_labels(path)
            assert all(problem.reason and problem.remedy for problem in labels.problems)
            return not labels.problems
        return bool(read_groups(path))
    except InputError as error:
        assert error.where.startswith(str(path)) and error.reason and error.remedy
        return False


def is_grey(found: np.ndarray | str) -> bool:
    if isinstance(found, str):
        assert found and "\n" not in found
        return False
    assert found.dtype == np.uint8 and found.ndim == 2 and min(found.shape) >= 16
    return True


def fuzz(whole: bytes, read: Callable[[bytes], bool], mutations: int) -> None:
    assert read(whole)

    @settings(
        max_examples=mutations,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(_damage(whole))
    def damaged_files_are_read_or_named(content: bytes) -> None:
        read(content)

    damaged_files_are_read_or_named()
    # Nothing that a decoder keeps has been spoilt.
    assert read(whole)


MUTATIONS = pytest.mark.parametrize(
    "mutations", [FEW, pytest.param(MANY, marks=pytest.mark.integration)]
)


@MUTATIONS
@pytest.mark.parametrize("name", FILES)
def test_damage_is_an_image_or_the_named_error(name: str, mutations: int) -> None:
    fuzz(FILES[name], read_scan if name in SCANS else read_image, mutations)


@MUTATIONS
@pytest.mark.parametrize("name", ["manifest", *TABLES])
def test_a_damaged_table_is_read_or_named(tmp_path: Path, name: str, mutations: int) -> None:
    if name == "manifest":
        put_pair(tmp_path, "glioma", 1, "train")
        put_pair(tmp_path, NO_TUMOR, 1, "test")
        whole = write_manifest(tmp_path).read_bytes()
    else:
        whole = TABLES[name]
    path = tmp_path / f"{name}.csv"
    fuzz(whole, lambda content: read_table(name, put(path, content)), mutations)


def test_good_files_beside_damaged_ones_come_through(tmp_path: Path) -> None:
    good = {name: put(tmp_path / f"good{i}", FILES[name]) for i, name in enumerate(FILES)}
    expected = [(item.stem, item.encoded) for item in read_questions(good.values(), 1).slices]
    assert len(expected) == len(FILES)
    paths = list(good.values())
    rng = np.random.default_rng(0)
    for position, content in enumerate(FILES.values()):
        for number, cut in enumerate(rng.integers(0, len(content), 5)):
            damaged = put(tmp_path / f"bad{position}_{number}", content[:cut])
            paths.insert(int(rng.integers(len(paths))), damaged)
    found = read_questions(paths, 1)
    read = {item.stem: item.encoded for item in found.slices}
    assert [(stem, read[stem]) for stem, _ in expected] == expected
    # None is lost: each is a slice or a problem.
    assert len(found.slices) + len(found.problems) == len(paths)


def test_a_decoder_is_not_led_by_the_size_in_a_codestream() -> None:
    content = FILES["DICOM, JPEG 2000"]
    start = content.index(b"\xff\x4f\xff\x51") + 8
    huge = content[:start] + b"\x7f\xff\xff\xff" * 2 + content[start + 8 :]
    with pytest.raises(ScanError, match="its header says 64x64"):
        scan = open_scan(huge, "scan")
        assert scan is not None
        scan.read(1)
