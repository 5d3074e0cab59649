"""What a DICOM file says of one frame: scaling, window, orientation and spacing.

Enhanced multi-frame files keep it in functional groups, a frame's own before the shared ones
(PS3.3 C.7.6.16); others in the data set itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut

from data.hospital.scan import plane_of, usable_spacing

# A window turns values into the share of white that they are shown with, 0 to 1.
Window = Callable[[np.ndarray], np.ndarray]


def rescaled(values: np.ndarray, data: Dataset, index: int) -> np.ndarray:
    """Stored values to those that a window is defined on (PS3.3 C.11.1, C.7.6.16.2.9)."""
    for group in _groups(data, index, "PixelValueTransformationSequence"):
        if group.get("ModalityLUTSequence"):
            table: np.ndarray = apply_modality_lut(values, group).astype(np.float64)
            return table
        slope, intercept = group.get("RescaleSlope"), group.get("RescaleIntercept")
        if slope is not None:
            return values.astype(np.float64) * float(slope) + float(intercept or 0)
    return values.astype(np.float64)


def window(data: Dataset, index: int) -> Window | None:
    """The first window or table of values of a frame (PS3.3 C.11.2, C.7.6.16.2.10), if any.

    Raises:
        ValueError: It is none, for example without width.
    """
    for group in _groups(data, index, "FrameVOILUTSequence"):
        if group.get("VOILUTSequence"):
            little = data.original_encoding[1] is not False
            return _table(group.VOILUTSequence[0], little)
        if group.get("WindowCenter") is None or group.get("WindowWidth") is None:
            continue
        center, width = _first(group.WindowCenter), _first(group.WindowWidth)
        function = str(group.get("VOILUTFunction") or "LINEAR").strip()
        return _function(function, center, width)
    return None


def plane(data: Dataset, index: int) -> str | None:
    """The plane of a frame, by ImageOrientationPatient (PS3.3 C.7.6.2.1.1)."""
    for group in _groups(data, index, "PlaneOrientationSequence"):
        cosines = group.get("ImageOrientationPatient")
        if cosines and len(cosines) == 6:
            along = [float(value) for value in cosines]
            return plane_of(np.cross(along[:3], along[3:]).tolist())
    return None


def spacing(data: Dataset, index: int) -> tuple[float, float] | None:
    """PixelSpacing of a frame in mm, (vertical, horizontal) (PS3.3 10.7.1.3)."""
    for group in _groups(data, index, "PixelMeasuresSequence"):
        values = group.get("PixelSpacing")
        if values:
            return usable_spacing([float(value) for value in values])
    return None


def _groups(data: Dataset, index: int, sequence: str) -> Iterator[Dataset]:
    """Where an attribute may be, the most particular place first."""
    own = data.get("PerFrameFunctionalGroupsSequence") or []
    shared = data.get("SharedFunctionalGroupsSequence") or []
    for group in [*own[index : index + 1], *shared[:1]]:
        yield from (group.get(sequence) or [])[:1]
    yield data


def _first(value: Any) -> float:
    number = float(value if isinstance(value, (int, float)) else next(iter(value)))
    if not np.isfinite(number):
        raise ValueError("no number")
    return number


def _table(item: Dataset, little: bool) -> Window:
    """A table, as C.11.2.1.1 has it: number of entries, first value that is mapped, bits."""
    length, start, depth = (int(value) for value in item.LUTDescriptor)
    # 16 bits cannot say 65536.
    length = length or 2**16
    if isinstance(item.LUTData, bytes):
        # Entries of 8 bits come in a byte or in a word each.
        wide = len(item.LUTData) >= 2 * length
        kind = ("<u2" if little else ">u2") if wide else "u1"
        table = np.frombuffer(item.LUTData, kind, length)
    else:
        table = np.asarray(item.LUTData)[:length]
    if len(table) < length or not 8 <= depth <= 16:
        raise ValueError("no table")
    shares = table / (2**depth - 1)
    return lambda values: shares[np.clip(np.rint(values) - start, 0, length - 1).astype(np.int64)]


def _function(function: str, center: float, width: float) -> Window:
    if function == "SIGMOID" and width > 0:
        # C.11.2.1.3.1
        return lambda values: 1 / (1 + np.exp(-4 * (values - center) / width))
    if function == "LINEAR_EXACT" and width > 0:
        # C.11.2.1.3.2
        return lambda values: (values - center) / width + 0.5
    if function == "LINEAR" and width > 1:
        # C.11.2.1.2.1
        return lambda values: (values - (center - 0.5)) / (width - 1) + 0.5
    if function == "LINEAR" and width == 1:
        return lambda values: (values > center - 0.5).astype(np.float64)
    raise ValueError("no window")
