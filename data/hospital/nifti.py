"""Reads NIfTI volumes: the slices of one plane, upright, under one window.

NIfTI-1 and NIfTI-2 as their headers nifti1.h and nifti2.h define them. Of a header only shape,
type, scaling and orientation are looked at: descriptions and extensions may name a patient.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.imageglobals import LoggingOutputSuppressor
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from data.checks import size_refusal
from data.hospital.inflate import GZIP, gunzip
from data.hospital.scan import (
    MAX_BYTES,
    PLANE_OF_AXIS,
    GreySlice,
    Scan,
    ScanError,
    UnknownOrientation,
    plane_of,
    shape_notes,
    usable_spacing,
)
from data.hospital.window import percentile_window, to_grey

_HEADER = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
_FULL_HEADER = 544
_PADDING = 2**20
_MM = {"mm": 1.0, "meter": 1000.0, "micron": 0.001, "unknown": 1.0}
_AGAIN = "Copy it again, or write it anew with the tool it came from"


class NiftiScan(Scan):
    """An opened volume, cut along one plane.

    Axial and coronal slices show the patient's right on the left, sagittal ones look from the
    left with the nose on the left; front or head is up. Slices are counted from the left, the
    back or the feet. Where the header gives no orientation, they are the stored planes in order.
    """

    def __init__(self, content: bytes, where: Path | str, plane: str | None = None) -> None:
        """Opens a volume.

        Args:
            content: The .nii or .nii.gz file.
            where: As errors name it.
            plane: One of ``data.naming.PLANES``; ``None`` takes that with the thickest slices,
                axial where all are alike.

        Raises:
            ScanError: It is damaged, not a volume of real numbers, without any contrast, too
                large, or ``plane`` is asked of one without orientation.
        """
        try:
            with np.errstate(all="ignore"), LoggingOutputSuppressor():
                header, data = _parse(content, where)
                self._orient(header, data, where, plane)
        except ScanError:
            raise
        except Exception as error:
            # A damaged header gets errors of all kinds out of nibabel and numpy.
            raise ScanError(where, "its header is damaged", _AGAIN) from error
        _, height, width = self._data.shape
        refusal = size_refusal(width, height)
        if refusal:
            raise ScanError(where, f"its {self._plane or 'stored'} slices: {refusal}", "Resample")
        window = percentile_window(self._data)
        if window is None:
            reason = "all its voxels have one value" if self._finite else "no voxel is a number"
            raise ScanError(where, reason, "Give a volume with an image in it")
        self._window = window

    def _orient(
        self, header: nibabel.Nifti1Header, data: np.ndarray, where: Path | str, plane: str | None
    ) -> None:
        slope, inter = header.get_slope_inter()
        self._slope, self._inter = float(slope or 1), float(inter or 0)
        affine = header.get_best_affine()
        told = int(header["qform_code"]) > 0 or int(header["sform_code"]) > 0
        orientation = io_orientation(affine) if told and np.isfinite(affine).all() else None
        notes = []
        unit = header.get_xyzt_units()[0]
        if orientation is None or np.isnan(orientation).any():
            if plane is not None:
                raise UnknownOrientation(
                    where,
                    f"its header gives no orientation, so its {plane} slices are not known",
                    "Leave the plane out: slices are then taken as they are stored",
                )
            axis, normal, self._grid = 2, None, None
            sizes = np.asarray(header.get_zooms()[:3], float)
            sizes = np.append(sizes, np.ones(3 - sizes.size))
            notes.append("its header gives no orientation: slices are as stored, maybe turned")
        else:
            self._grid = affine @ inv_ornt_aff(orientation, data.shape)
            data = apply_orientation(data, orientation)
            order = np.argsort(orientation[:, 0])
            sizes = voxel_sizes(affine)[order]
            # Alike but for rounding: axial, the plane that is asked for most.
            thickest = 2 if sizes.max() < 1.1 * sizes.min() else int(np.argmax(sizes))
            axis = thickest if plane is None else PLANE_OF_AXIS.index(plane)
            edges = affine[:3, :3][:, order]
            normal = np.cross(edges[:, (axis + 1) % 3], edges[:, (axis + 2) % 3])
        rows, columns = (other for other in (2, 1, 0) if other != axis)
        slices = data.transpose(axis, rows, columns)
        # Rows go from head to feet or from front to back, columns from right to left or so too.
        self._data = slices if normal is None else slices[:, ::-1, ::-1]
        self._plane = None if normal is None else plane_of(normal)
        self._spacing = usable_spacing([sizes[rows] * _MM[unit], sizes[columns] * _MM[unit]])
        missing = data.size - int(np.count_nonzero(np.isfinite(data)))
        self._finite = missing < data.size
        if missing:
            notes.append(f"{missing} of its voxels are no finite number")
        if self._spacing is not None and unit == "unknown":
            notes.append("its header gives no unit of length: taken as mm")
        notes += shape_notes(self._spacing)
        super().__init__(where, self._data.shape[0], notes)

    def _read(self, number: int) -> GreySlice:
        values = self._data[number - 1]
        low, high = self._window
        pixels = to_grey(values, low, high)
        # A negative slope turns bright into dark; its size is lost in the window.
        return GreySlice(
            255 - pixels if self._slope < 0 else pixels, number, self._plane, self._spacing
        )

    def matches(self, other: NiftiScan) -> bool:
        """Whether both have the same voxels at the same places, to a tenth of a mm or so."""
        mine, theirs = self._grid, other._grid
        if self._data.shape != other._data.shape:
            return False
        if mine is None or theirs is None:
            return mine is theirs
        return bool(np.allclose(mine, theirs, rtol=1e-3, atol=0.1))

    def read_foreground(self, number: int) -> np.ndarray:
        """Slice ``number`` of a volume of labels: bool [height, width], where it is above 0."""
        self.read(number)
        with np.errstate(all="ignore"):
            values = self._data[number - 1].astype(np.float64) * self._slope + self._inter
        foreground: np.ndarray = np.nan_to_num(values) > 0
        return foreground


def _parse(content: bytes, where: Path | str) -> tuple[nibabel.Nifti1Header, np.ndarray]:
    """The header and its voxels, unscaled, [i, j, k] as stored."""
    packed = content[:2] == GZIP
    head = gunzip(content, where, _FULL_HEADER, whole=False) if packed else content[:_FULL_HEADER]
    size = next(
        size
        for size in _HEADER
        for order in "<>"
        if struct.unpack(order + "i", head[:4])[0] == size
    )
    if len(head) < size:
        raise ScanError(where, "its header is cut off", _AGAIN)
    # Without what follows the header proper: extensions are not needed, and may name a patient.
    header = _HEADER[size](head[:size], check=False)
    if bytes(header["magic"]).rstrip(b"\0")[:3] not in (b"n+1", b"n+2"):
        raise ScanError(where, "not a single-file NIfTI", "Convert it to one .nii or .nii.gz file")
    shape, dtype = _shape(header, where), header.get_data_dtype()
    if dtype.kind not in "iuf":
        raise ScanError(
            where, f"its voxels are of type {dtype}, not real numbers", "Convert it to one channel"
        )
    if dtype.itemsize > 8:
        raise ScanError(where, f"its voxels are of type {dtype}", "Convert it to float32")
    start = int(header.get_data_offset())
    end = start + math.prod(shape) * dtype.itemsize
    if not size <= start <= MAX_BYTES:
        raise ScanError(where, f"its voxels are said to begin at byte {start}", _AGAIN)
    if end > MAX_BYTES:
        raise ScanError(where, f"it needs {end} bytes, more than {MAX_BYTES}", "Resample or cut it")
    data = gunzip(content, where, end + _PADDING) if packed else content
    if len(data) < end:
        raise ScanError(where, f"it has {len(data)} bytes of the {end} its header tells", _AGAIN)
    if any(data[end : end + _PADDING]) or len(data) > end + _PADDING:
        raise ScanError(where, f"it has {len(data)} bytes, its header tells only {end}", _AGAIN)
    return header, np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape, order="F")


def _shape(header: nibabel.Nifti1Header, where: Path | str) -> tuple[int, int, int]:
    shape = [int(length) for length in header.get_data_shape()]
    if not shape or min(shape) < 1:
        raise ScanError(where, f"its shape is {shape}", _AGAIN)
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) > 3:
        raise ScanError(
            where,
            f"it has {len(shape)} dimensions ({' x '.join(map(str, shape))}), not 3",
            "Give one volume of the series",
        )
    first, second, third = shape + [1] * (3 - len(shape))
    return first, second, third
