"""Says where a slice is unlike those that the model has learnt from.

A network answers for any picture. The limits are the edges of BRISC 2025, a little wider: none is a
proof, in either direction. Of 5,262 images of BRISC 6 are said to be unlike.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from data.checks import decode

SIDES = (128, 2048)
"""Pixels of the shorter and of the longer side; BRISC has 187 to 1365."""
ASPECT = 2.1
"""Longer by shorter side; BRISC has up to 1.97."""
COLOUR = 6.0
"""Mean difference of the largest and the smallest channel of a pixel; 0 is grey."""
BRIGHT = 30
"""Above this grey level a pixel shows something."""
FILLED = (0.1, 0.95)
"""Share of the pixels that show something; BRISC has 0.18 to 0.87."""
SPREAD = 10.0
"""Standard deviation of the grey levels; BRISC has 22 and more."""


def find_differences(encoded: bytes) -> list[str]:
    """Sentences on what is unlike the training data; none where nothing is.

    Args:
        encoded: An image that ``data.checks.decode_grey`` can read.
    """
    pixels = decode(encoded, lambda image: np.asarray(image.convert("RGB")))
    if isinstance(pixels, str):
        return []
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    return [*_of_size(*grey.shape), *_of_colour(pixels), *_of_content(grey)]


def _of_size(height: int, width: int) -> list[str]:
    short, long = sorted((height, width))
    found = []
    if short < SIDES[0] or long > SIDES[1]:
        found.append(
            f"Unusual size: {width} × {height} pixels, where training slices have sides from "
            f"{SIDES[0]} to {SIDES[1]}."
        )
    if long > ASPECT * short:
        found.append(
            f"Unusual shape: one side is {long / short:.1f} times the other, "
            f"where training slices have at most {ASPECT:g}."
        )
    return found


def _of_colour(pixels: np.ndarray) -> list[str]:
    spread = (pixels.max(axis=-1) - pixels.min(axis=-1)).mean()
    return ["The image is in colour: MRI slices are grey."] if spread > COLOUR else []


def _of_content(grey: np.ndarray) -> list[str]:
    shown = float((grey > BRIGHT).mean())
    if grey.std() < SPREAD or shown < FILLED[0]:
        return ["Almost nothing is to be seen: no brain, or the window hides it."]
    if shown > FILLED[1]:
        return ["No dark background: a slice shows a head with black around it."]
    return []
