"""Small pictures of a slice in which resizing, cropping and stretching no longer show.

The window that is looked at follows the head, not the frame: its centre and its half-sides come
from the first and second moments of the grey values (normalisation by moments: Hu, "Visual
pattern recognition by moment invariants", IRE Trans. Inf. Theory 8, 1962). Moments move smoothly
with noise, quality and brightness, where the edges of a thresholded bounding box would jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96
"""Side of a head thumbnail in pixels: small enough to compare many, and gyri still show."""
FLOOR_SIDE = 16
"""Side of the whole-frame thumbnail that the floor is measured on."""
REACH = 2.15
"""Half-side of the window in standard deviations; a uniform ellipse ends at 2."""
_WORKING_SIDE = 256
_FRAME = 0.02
"""Share of each side that the window does not follow: some slices have a line around them."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def head_thumbnail(grey: Bytes) -> tuple[Bytes, Floats]:
    """The window around the head, whatever the frame was.

    Turning or mirroring the input turns or mirrors the result. Where the window reaches past
    the image it is filled with background.

    Args:
        grey: uint8 [height, width].

    Returns:
        uint8 [SIDE, SIDE], and float32 [4]: top, left, bottom and right, in pixels of the
        thumbnail, of the part that comes from the image.
    """
    small = _working_copy(grey)
    low, high = np.percentile(small, (5, 90))
    top, left, bottom, right = _window(small, low, high)
    height, width = small.shape
    margin = int(np.ceil(max(0, -top, -left, bottom - height, right - width)))
    padded = Image.fromarray(np.pad(small, margin, constant_values=np.uint8(low)))
    box = (left + margin, top + margin, right + margin, bottom + margin)
    thumbnail = padded.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    down, across = SIDE / (bottom - top), SIDE / (right - left)
    inside = (-top * down, -left * across, (height - top) * down, (width - left) * across)
    return np.asarray(thumbnail), np.clip(np.array(inside, np.float32), 0, SIDE)


def frame_thumbnail(grey: Bytes) -> Bytes:
    """The whole frame, stretched; uint8 [FLOOR_SIDE, FLOOR_SIDE]."""
    image = Image.fromarray(grey)
    return np.asarray(image.resize((FLOOR_SIDE, FLOOR_SIDE), Image.Resampling.BOX))


def _working_copy(grey: Bytes) -> Bytes:
    image = Image.fromarray(grey)
    factor = max(image.size) // _WORKING_SIDE
    return np.asarray(image.reduce(factor)) if factor > 1 else grey


def _window(grey: Bytes, low: float, high: float) -> tuple[float, float, float, float]:
    """Top, left, bottom and right of the window in pixels; it may reach past the image."""
    height, width = grey.shape
    if high <= low:
        return 0.0, 0.0, float(height), float(width)
    # Clipped, so that neither noise around the head nor a bright tumour pulls at the window.
    weight = np.clip((grey - low) / (high - low) - 0.1, 0, 0.5)
    weight[_outside(height)] = 0
    weight[:, _outside(width)] = 0
    if not weight.any():
        return 0.0, 0.0, float(height), float(width)
    top, bottom = _interval(weight.sum(axis=1))
    left, right = _interval(weight.sum(axis=0))
    return top, left, bottom, right


def _outside(length: int) -> NDArray[np.bool_]:
    edge = int(np.ceil(_FRAME * length))
    position = np.arange(length)
    return (position < edge) | (position >= length - edge)


def _interval(weight: NDArray[np.float64]) -> tuple[float, float]:
    position = np.arange(weight.size) + 0.5
    share = weight / weight.sum()
    centre = float(share @ position)
    reach = REACH * max(float(np.sqrt(share @ (position - centre) ** 2)), 2.0)
    return centre - reach, centre + reach
