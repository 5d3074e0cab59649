"""Reads DICOM images, single- and multi-frame, as grey slices.

What identifies a patient stays in the file: of its elements only those that ``dicom_header`` and
``dicom_frame`` name are looked at, and no error quotes another.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, get_decoder

from data.hospital import dicom_frame
from data.hospital.codestream import coded_size, is_whole
from data.hospital.dicom_header import AGAIN, COLOUR, describe, parse
from data.hospital.scan import GreySlice, Scan, ScanError, shape_notes
from data.hospital.window import percentile_window, to_grey

# The decoder of each compressed transfer syntax. Others can read some of these too, but end the
# whole process on damaged data (docs/decisions/0006-hospital-input.md).
_PLUGINS = {
    uid.RLELossless: "pydicom",
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    uid.JPEG2000Lossless: "pillow",
    uid.JPEG2000: "pillow",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
}
_DECOMPRESS = "Decompress it first, for example with `gdcmconv --raw IN OUT` or `dcmdjpeg IN OUT`"


class DicomScan(Scan):
    """An opened DICOM image; a slice is a frame, as it is stored."""

    def __init__(self, content: bytes, where: Path | str) -> None:
        """Opens an image.

        Args:
            content: The file.
            where: As errors name it.

        Raises:
            ScanError: It is damaged, no image, too large, or of a kind that cannot be decoded.
        """
        self._data = parse(content, where)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._pixels = describe(self._data, where)
                burned_in = str(self._data.get("BurnedInAnnotation", "")).strip().upper() == "YES"
        except ScanError:
            raise
        except Exception as error:
            # A damaged element gets errors of all kinds out of pydicom, when it is asked for.
            raise ScanError(
                where, f"its image attributes are damaged ({type(error).__name__})", AGAIN
            ) from None
        notes = ["it says that text is burned into its pixels"] if burned_in else []
        super().__init__(where, self._pixels.frames, notes)
        self.burned_in = burned_in
        self._require_decoder()

    def _require_decoder(self) -> None:
        syntax = self._pixels.syntax
        # Pillow reads this process with the 8 bits of the baseline one only.
        deep = syntax == uid.JPEGExtended12Bit and self._pixels.bits > 8
        decodable = not deep if syntax in _PLUGINS else _has_decoder(syntax)
        if decodable or not syntax.is_encapsulated:
            return
        name = uid.UID_dictionary.get(syntax, ("unknown",))[0]
        raise ScanError(self.where, f"its compression cannot be read ({name})", _DECOMPRESS)

    def _read(self, number: int) -> GreySlice:
        notes: list[str] = []
        index = number - 1
        try:
            # Overflow and its like are met by what follows, and seen in the outcome.
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                values = self._decode(index)
                if self._pixels.photometric in COLOUR:
                    pixels = self._luma(values)
                else:
                    pixels = self._grey(values, index, notes)
                plane = dicom_frame.plane(self._data, index)
                spacing = dicom_frame.spacing(self._data, index)
        except ScanError:
            raise
        except Exception as error:
            raise ScanError(
                self.where, f"its frame {number} is damaged ({type(error).__name__})", AGAIN
            ) from None
        return GreySlice(pixels, number, plane, spacing, (*notes, *shape_notes(spacing)))

    def _decode(self, index: int) -> np.ndarray:
        """Frame ``index`` as stored: [rows, columns], of colour [rows, columns, 3] in RGB."""
        expected = self._pixels
        plugin = _PLUGINS.get(expected.syntax, "")
        if plugin in ("pillow", "pyjpegls"):
            self._check_codestream(index)
        values, _ = get_decoder(expected.syntax).as_array(
            self._data, index=index, decoding_plugin=plugin
        )
        if values.shape[:2] != (expected.rows, expected.columns):
            raise ScanError(self.where, f"its frame {index + 1} has another size", AGAIN)
        return values

    def _check_codestream(self, index: int) -> None:
        expected = self._pixels
        frame = get_frame(
            self._data[expected.keyword].value, index, number_of_frames=expected.frames
        )
        size = coded_size(frame)
        if size is None or not is_whole(frame):
            raise ScanError(self.where, f"its frame {index + 1} is damaged or cut off", AGAIN)
        if size != (expected.rows, expected.columns):
            raise ScanError(
                self.where,
                f"its frame {index + 1} is {size[1]}x{size[0]}, "
                f"its header says {expected.columns}x{expected.rows}",
                AGAIN,
            )

    def _luma(self, values: np.ndarray) -> np.ndarray:
        if self._pixels.photometric == "PALETTE COLOR":
            values = apply_color_lut(values, self._data)
            full = 2 ** (8 * values.dtype.itemsize) - 1
        else:
            full = 2**self._pixels.bits - 1
        colour = to_grey(values, 0, full)
        return np.asarray(Image.fromarray(colour).convert("L"))

    def _grey(self, stored: np.ndarray, index: int, notes: list[str]) -> np.ndarray:
        """Applies rescale, window and photometric interpretation (PS3.3 C.7.6.3.1.2)."""
        values = dicom_frame.rescaled(stored, self._data, index)
        if not np.array_equal(values, stored, equal_nan=True):
            notes.append("its values are rescaled, as its header says")
        padding = self._data.get("PixelPaddingValue")
        # C.7.5.1.1.2: what pads an image is no part of it, whatever number it has.
        outside = stored == int(padding) if padding is not None else np.zeros(stored.shape, bool)
        grey = None
        try:
            window = dicom_frame.window(self._data, index)
            if window is None:
                notes.append("it has no window: percentiles are used")
            else:
                grey = to_grey(window(values), 0, 1)
                if grey.min() == grey.max():
                    grey = None
                    notes.append("its window shows one grey only: percentiles are used")
        except Exception:
            notes.append("its window is damaged: percentiles are used")
        if grey is None:
            limits = percentile_window(values[~outside])
            if limits is None:
                limits = percentile_window(values)
            if limits is None:
                raise ScanError(
                    self.where,
                    f"all pixels of its frame {index + 1} have one value",
                    "Give an image with something in it",
                )
            grey = to_grey(values, *limits)
        if self._pixels.photometric == "MONOCHROME1":
            grey = 255 - grey
            notes.append("it is stored as a negative (MONOCHROME1), and turned into a positive")
        missing = int(np.count_nonzero(~np.isfinite(values)))
        if missing:
            notes.append(f"{missing} of its pixels are no finite number")
        grey[outside] = 0
        return grey


def _has_decoder(syntax: uid.UID) -> bool:
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:
        # What pydicom raises for a syntax of which it knows no decoder at all.
        return False
