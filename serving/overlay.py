"""Draws a predicted mask over its slice."""

from __future__ import annotations

import numpy as np
from PIL import Image

_COLOUR = np.array([255, 80, 60], np.float32)
_OPACITY = 0.35


def draw_overlay(grey: np.ndarray, mask: np.ndarray) -> Image.Image:
    """Tints the mask and draws its outline.

    Args:
        grey: uint8 [height, width].
        mask: bool [height, width].

    Returns:
        An RGB image of the same size.
    """
    colour = np.repeat(grey[..., np.newaxis].astype(np.float32), 3, axis=-1)
    colour[mask] = (1 - _OPACITY) * colour[mask] + _OPACITY * _COLOUR
    colour[outline(mask)] = _COLOUR
    return Image.fromarray(colour.round().astype(np.uint8))


def outline(mask: np.ndarray) -> np.ndarray:
    """The mask's pixels that have a neighbour, above, below, left or right, outside of it."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
