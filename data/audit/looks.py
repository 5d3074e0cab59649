"""What the audit remembers of each file: digests, thumbnails and traits, not the pixels."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data.audit.thumbnails import Bytes, Floats, frame_thumbnail, head_thumbnail
from data.checks import MASK_THRESHOLD, decode_grey
from data.layout import Slice
from data.oddities import read_exif


@dataclass(frozen=True)
class Look:
    """One image.

    Attributes:
        file_digest: SHA-256 of the file's bytes.
        pixel_digest: SHA-256 of its grey pixels and their height and width.
        head, inside: From ``thumbnails.head_thumbnail``.
        frame: From ``thumbnails.frame_thumbnail``.
        width, height: Pixels.
        mode: Pixel mode of the file, such as L or RGB.
        exif: Whether the file has EXIF metadata.
        border: Mean grey value of the outermost pixels, 0 to 255.
    """

    file_digest: bytes
    pixel_digest: bytes
    head: Bytes
    inside: Floats
    frame: Bytes
    width: int
    height: int
    mode: str
    exif: bool
    border: float


class Looks:
    """Takes a look at each file that ``data.checks.check`` has in memory.

    Attributes:
        images: Looks by slice id.
        areas: Share of the slice that its mask marks as tumour, by slice id.
    """

    def __init__(self) -> None:
        self.images: dict[str, Look] = {}
        self.areas: dict[str, float] = {}

    def __call__(self, item: Slice, path: Path, encoded: bytes) -> np.ndarray | str:
        """Decodes an image or a mask, and notes what the audit needs of it."""
        pixels = decode_grey(encoded)
        if isinstance(pixels, str):
            return pixels
        if path == item.mask:
            self.areas[item.id] = float((pixels > MASK_THRESHOLD).mean())
        else:
            self.images[item.id] = look(encoded, pixels)
        return pixels


def look(encoded: bytes, pixels: np.ndarray) -> Look:
    """Looks at one image; ``pixels`` are its grey values, uint8 [height, width]."""
    head, inside = head_thumbnail(pixels)
    height, width = pixels.shape
    with Image.open(io.BytesIO(encoded)) as image:
        mode, (exif, _) = image.mode, read_exif(image)
    ring = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
    shape = f"{height} {width} ".encode()
    return Look(
        file_digest=hashlib.sha256(encoded).digest(),
        pixel_digest=hashlib.sha256(shape + pixels.tobytes()).digest(),
        head=head,
        inside=inside,
        frame=frame_thumbnail(pixels),
        width=width,
        height=height,
        mode=mode,
        exif=exif,
        border=float(ring.mean()),
    )
