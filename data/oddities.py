"""What is odd about an image that can be read: only its stored grey is, and the rest is not."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

from data.checks import decode

COLOURED = "its colour channels differ, and only their grey is read"
TRANSPARENT = "it has transparency, which is not read"
TURNED = "EXIF asks to show it turned or mirrored, which is not done"
_ORIENTATION = 0x0112


def decode_with_oddities(encoded: bytes) -> tuple[np.ndarray, tuple[str, ...]] | str:
    """Grey, uint8 [height, width], and ``oddities``; where it cannot be used, says why."""
    return decode(encoded, lambda image: (np.asarray(image.convert("L")), oddities(image)))


def oddities(image: Image.Image) -> tuple[str, ...]:
    """What of an opened image does not reach a network, one clause each; decodes it."""
    found = (
        (COLOURED, is_coloured(image)),
        (TRANSPARENT, is_transparent(image)),
        (TURNED, read_exif(image)[1]),
    )
    return tuple(clause for clause, holds in found if holds)


def is_coloured(image: Image.Image) -> bool:
    """Whether its channels differ; decodes it."""
    if image.mode in ("1", "L", "LA"):
        return False
    colours = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    red = colours[..., 0]
    return not (np.array_equal(red, colours[..., 1]) and np.array_equal(red, colours[..., 2]))


def is_transparent(image: Image.Image) -> bool:
    """Whether it has an alpha channel, or a colour that stands for nothing."""
    return image.mode in ("LA", "RGBA") or "transparency" in image.info


def read_exif(image: Image.Image) -> tuple[bool, bool]:
    """Whether it has EXIF data, and whether those ask to show it turned or mirrored."""
    # Broken metadata costs no image: nothing reads it. Pillow warns of it, or raises anything.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif = image.getexif()
            return bool(exif), exif.get(_ORIENTATION, 1) not in (0, 1)
    except Exception:
        return True, False
