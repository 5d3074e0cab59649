"""Writes a mask as a DICOM segmentation of the frame that it was made for.

It names the image by its UIDs, of study, series, instance and frame of reference, and repeats where
the frame lies: without them it is a segmentation of nothing. Of the patient it says nothing; what
PS3.3 demands of names, numbers and dates is there and empty.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom import Dataset, FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from data.errors import InputError
from data.hospital.dicom_header import parse

_UIDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)
_GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
_GROUPS = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
_EMPTY = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)
_REMEDY = "Take the mask as PNG"


def write_segmentation(
    content: bytes, name: Path, number: int, mask: np.ndarray, version: int
) -> bytes:
    """The bytes of a DICOM SEG.

    Args:
        content: The DICOM image.
        name: How errors call it.
        number: The frame, from 1.
        mask: bool [height, width], of that frame.
        version: Of the model.

    Raises:
        InputError: The mask is empty, or the image lacks what a segmentation has to refer to.
    """
    if not mask.any():
        raise InputError(name, "its mask is empty: there is nothing to segment", _REMEDY)
    image = parse(content, name)
    try:
        source = _source(image, name)
        frames = np.zeros((int(image.get("NumberOfFrames") or 1), *mask.shape), np.uint8)
        frames[number - 1] = mask
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _segmentation(source, frames, version)
            measures = found.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
            if len(frames) == 1 and "SpacingBetweenSlices" in measures:
                # highdicom takes 1 mm for a frame without a neighbour, which nobody has measured.
                del measures.SpacingBetweenSlices
            buffer = io.BytesIO()
            found.save_as(buffer, enforce_file_format=True)
    except InputError:
        raise
    except Exception as error:
        # Its own words may quote an element: they are not passed on.
        raise InputError(
            name, f"no segmentation can refer to it ({type(error).__name__})", _REMEDY
        ) from None
    return buffer.getvalue()


def _source(image: Dataset, name: Path) -> Dataset:
    """Nothing but what a segmentation refers to, of an image."""
    several = "NumberOfFrames" in image and int(image.NumberOfFrames) > 1
    needed = (*_UIDS, *(("SharedFunctionalGroupsSequence",) if several else _GEOMETRY))
    missing = [keyword for keyword in needed if not image.get(keyword)]
    if missing:
        raise InputError(
            name, f"its header lacks what a segmentation refers to ({', '.join(missing)})", _REMEDY
        )
    source = FileDataset("", {}, file_meta=image.file_meta, preamble=bytes(128))
    optional = ("NumberOfFrames", "SliceThickness")
    for keyword in (*needed, "Rows", "Columns", *optional):
        if keyword in image:
            source[keyword] = image[keyword]
    for keyword in _EMPTY:
        setattr(source, keyword, "")
    source.Modality = "MR"
    if several:
        for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            setattr(source, keyword, [_places(item) for item in image.get(keyword) or []])
    elif "SliceThickness" not in source:
        source.SliceThickness = None
    return source


def _places(group: Dataset) -> Dataset:
    """Where a frame lies, of all that a functional group may say."""
    kept = Dataset()
    for keyword in _GROUPS:
        if keyword in group:
            kept[keyword] = group[keyword]
    return kept


def _segmentation(source: Dataset, frames: np.ndarray, version: int) -> Segmentation:
    algorithm = AlgorithmIdentificationSequence(
        name="brisc", version=str(version), family=codes.DCM.ArtificialIntelligence
    )
    segment = SegmentDescription(
        segment_number=1,
        segment_label="Brain tumor",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm,
    )
    return Segmentation(
        source_images=[source],
        pixel_array=frames,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="brisc",
        manufacturer_model_name="brisc",
        software_versions=str(version),
        device_serial_number="0",
        content_label="BRISC",
        content_description="Research only, not for diagnosis",
        series_description="brisc: research only, not for diagnosis",
    )
