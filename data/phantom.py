"""Draws one synthetic slice of a head, T1-weighted after contrast, with or without a tumour.

Schematic, made from no patient: for tests, demonstrations and smoke training, never for a claim
about real images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.naming import CLASSES, NO_TUMOR, PLANES
from data.phantom_anatomy import LEVELS, draw_head
from data.phantom_shapes import Field, Mask, smooth_noise
from data.phantom_tumor import grow_tumor

MIN_SIDE = 64
"""The shortest side, in pixels, on which the anatomy is still resolved."""


class Phantom(NamedTuple):
    """A slice and its truth.

    Attributes:
        image: uint8 (height, width), grey levels.
        mask: bool (height, width), the tumour; all false for ``no_tumor`` and only there.
    """

    image: NDArray[np.uint8]
    mask: Mask


def draw_slice(rng: np.random.Generator, label: str, plane: str, size: tuple[int, int]) -> Phantom:
    """Draws one slice.

    Args:
        rng: source of all variation; the same state gives the same slice.
        label: one of ``naming.CLASSES``.
        plane: one of ``naming.PLANES``.
        size: (height, width) in pixels, each at least ``MIN_SIDE``.

    Raises:
        ValueError: unknown label or plane, or a side shorter than ``MIN_SIDE``.
    """
    if label not in CLASSES:
        raise ValueError(f"unknown label {label!r}: use one of {', '.join(CLASSES)}")
    if plane not in PLANES:
        raise ValueError(f"unknown plane {plane!r}: use one of {', '.join(PLANES)}")
    if min(size) < MIN_SIDE:
        raise ValueError(f"size {size} is too small: each side needs {MIN_SIDE} pixels or more")
    # Healthy heads and other tumours are cut at the sella too, so that the level is no answer.
    level = LEVELS[plane][0] if label == "pituitary" else str(rng.choice(LEVELS[plane]))
    head = draw_head(rng, plane, level, size)
    if label == NO_TUMOR:
        return Phantom(_scan(rng, head.image), np.zeros(size, bool))
    image, mask = grow_tumor(rng, head, label)
    return Phantom(_scan(rng, image), mask)


def _scan(rng: np.random.Generator, image: Field) -> NDArray[np.uint8]:
    """Turns tissue into grey levels as a scanner would: coil shading, noise, gain and contrast.

    Mean and spread of the grey levels are drawn first and then met, because a bright tumour
    would otherwise betray its class in the histogram of the whole slice.
    """
    shading = 1 + 0.06 * smooth_noise(rng, image.shape, 0.6 * min(image.shape))
    signal = np.clip(image * shading, 1e-3, None)
    mean, spread = rng.uniform(30, 46), rng.uniform(1.15, 1.4)
    low, high = 0.4, 2.5
    for _ in range(10):
        gamma = (low * high) ** 0.5
        powered = signal**gamma
        if powered.std() < spread * powered.mean():
            low = gamma
        else:
            high = gamma
    grey = powered * (mean / powered.mean())
    # The magnitude of a complex signal: the noise is Rician.
    noise = rng.standard_normal((2, *image.shape), np.float32) * rng.uniform(1, 4)
    signal = np.hypot(grey + noise[0], noise[1])
    pixels: NDArray[np.uint8] = np.clip(np.rint(signal), 0, 255).astype(np.uint8)
    return pixels
