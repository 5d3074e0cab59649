"""What both readers yield: grey slices and the few facts that identify nobody."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data.errors import InputError

MAX_BYTES = 2**29
"""Of a file, and of what a compressed one may grow to: 512 MiB, a float32 cube of side 512."""
PLANE_OF_AXIS = ("sagittal", "coronal", "axial")
"""The plane whose normal is the patient's x (left-right), y (front-back) or z (foot-head) axis."""
_UPRIGHT = 0.8
_SQUARE = 0.05


class ScanError(InputError):
    """A DICOM or NIfTI file, or one slice of it, that cannot be used."""


class UnknownOrientation(ScanError):
    """A plane is asked of a volume whose header does not tell how it lies."""


@dataclass(frozen=True)
class GreySlice:
    """One slice of a file.

    Attributes:
        pixels: uint8 [height, width], 0 black, at least ``data.checks.MIN_SIDE`` a side.
        number: Its frame (DICOM) or slice (NIfTI) in the file, counted from 1.
        plane: One of ``data.naming.PLANES``; ``None`` where the file does not tell, or is oblique.
        spacing_mm: Distance of pixel centres, (vertical, horizontal), where the file gives it.
        notes: What had to be assumed, one clause each.
    """

    pixels: np.ndarray
    number: int
    plane: str | None
    spacing_mm: tuple[float, float] | None
    notes: tuple[str, ...] = ()

    @property
    def pixel_area_mm2(self) -> float | None:
        """Area of one pixel in mm²."""
        return None if self.spacing_mm is None else self.spacing_mm[0] * self.spacing_mm[1]


class Scan(ABC):
    """An opened file: its header has been checked, its slices are decoded one by one.

    Attributes:
        where: The file, as errors name it.
        count: Number of slices.
        notes: What holds for all of them and a user should know, one clause each.
        burned_in: Whether the file says that text is burned into its pixels.
    """

    def __init__(self, where: Path | str, count: int, notes: Sequence[str] = ()) -> None:
        self.where = where
        self.count = count
        self.notes = tuple(notes)
        self.burned_in = False

    def read(self, number: int) -> GreySlice:
        """Decodes slice ``number``, from 1 to ``count``.

        Raises:
            ScanError: There is no such slice, or its data are damaged.
        """
        if not 1 <= number <= self.count:
            held = "1 slice" if self.count == 1 else f"{self.count} slices"
            raise ScanError(
                self.where, f"it has no slice {number}", f"It holds {held}, counted from 1"
            )
        return self._read(number)

    @abstractmethod
    def _read(self, number: int) -> GreySlice: ...


def plane_of(normal: Sequence[float]) -> str | None:
    """The plane with this normal (patient's x, y, z); ``None`` where it is oblique by 37° or so."""
    vector = np.asarray(normal, float)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-6:
        return None
    axis = int(np.argmax(np.abs(vector)))
    return PLANE_OF_AXIS[axis] if abs(vector[axis]) / length >= _UPRIGHT else None


def usable_spacing(values: Sequence[float]) -> tuple[float, float] | None:
    """A pair of distances in mm; ``None`` where they are no distances."""
    pair = tuple(float(value) for value in values)
    if len(pair) != 2 or not all(0 < value < 1000 for value in pair):
        return None
    return pair[0], pair[1]


def shape_notes(spacing_mm: tuple[float, float] | None) -> tuple[str, ...]:
    """The note on pixels that are not square: neither the network nor a PNG knows of it."""
    if spacing_mm is None or abs(spacing_mm[0] / spacing_mm[1] - 1) <= _SQUARE:
        return ()
    high, wide = spacing_mm
    return (f"its pixels are {high:.3g} x {wide:.3g} mm, not square, and are used as they are",)


def encode_png(pixels: np.ndarray) -> bytes:
    """uint8 [height, width] as a grey PNG that holds the pixels and nothing else."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
