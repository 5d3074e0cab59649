"""Builds DICOM and NIfTI files in memory, with a patient's name in every place that has one."""

from __future__ import annotations

import gzip
import io
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from data.hospital.opening import open_scan
from data.hospital.scan import GreySlice, Scan

PATIENT = "Doe^Jane"
AXIAL = [1, 0, 0, 0, 1, 0]
CORONAL = [1, 0, 0, 0, 0, -1]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def ramp(rows: int = 24, columns: int = 32, most: int = 1000) -> np.ndarray:
    """Values from 0 to ``most``, each row brighter than that above: uint16 [rows, columns]."""
    values = np.linspace(0, most, rows * columns).round().astype(np.uint16)
    return values.reshape(rows, columns)


def dicom(pixels: np.ndarray, **elements: Any) -> bytes:
    """A file with these stored pixels; ``elements`` are set last, ``None`` takes one away."""
    return save(dataset(pixels, **elements))


def dataset(pixels: np.ndarray, **elements: Any) -> Dataset:
    """The data set of ``dicom``."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["brisc"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID = MRImageStorage
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    for keyword in ("PatientName", "PatientID", "StudyDescription", "InstitutionName"):
        setattr(data, keyword, PATIENT)
    data.PhotometricInterpretation = "MONOCHROME2"
    data.SamplesPerPixel = 1
    data.Rows, data.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        data.NumberOfFrames = len(pixels)
    data.BitsAllocated = data.BitsStored = 8 * pixels.dtype.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OW"
    for keyword, value in elements.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def save(data: Dataset) -> bytes:
    """The bytes of a data set as a file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def sequence(**elements: Any) -> list[Dataset]:
    """A sequence of one item."""
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return [item]


def shipped(name: str) -> bytes:
    """One of the files that pydicom's own tests use, out of its package."""
    path = get_testdata_file(name, download=False)
    assert path is not None
    return Path(str(path)).read_bytes()


def shipped_nifti(name: str) -> bytes:
    """One of nibabel's."""
    return (Path(nibabel.__file__).parent / "tests" / "data" / name).read_bytes()


def nifti(
    values: np.ndarray,
    affine: np.ndarray | None = None,
    *,
    packed: bool = False,
    unit: str = "mm",
    **fields: Any,
) -> bytes:
    """A NIfTI-1 file; without ``affine`` its header gives no orientation.

    ``fields`` are set in the header after all else.
    """
    image = nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine)
    if affine is None:
        image.set_qform(None, 0)
        image.set_sform(None, 0)
    image.header.set_xyzt_units(unit)
    image.header["descrip"] = PATIENT
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", PATIENT.encode()))
    content = bytearray(image.to_bytes())
    if fields:
        header = nibabel.Nifti1Header(bytes(content[:348]), check=False)
        for name, value in fields.items():
            header[name] = value
        content[:348] = header.binaryblock
    return gzip.compress(bytes(content)) if packed else bytes(content)


def scaled(*sizes: float) -> np.ndarray:
    """The affine of an upright volume with voxels of this size."""
    return np.diag([*sizes, 1.0])


def float_dicom(pixels: np.ndarray) -> bytes:
    """Pixels as float32, which few scanners write."""
    data = dataset(np.zeros(pixels.shape, np.uint32), PixelData=None, PixelRepresentation=None)
    data.FloatPixelData = pixels.astype(np.float32).tobytes()
    return save(data)


def opened(content: bytes) -> Scan:
    """What the reader makes of it."""
    scan = open_scan(content, "scan.dcm")
    assert scan is not None
    return scan


def first(content: bytes) -> GreySlice:
    """Its first frame, read."""
    return opened(content).read(1)
