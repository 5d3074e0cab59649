"""The eight ways to turn and mirror a picture, and what each does to a descriptor of it.

A descriptor is the low frequencies of a small head thumbnail (the discrete cosine transform, as
in perceptual hashes), without the mean and of unit length: the dot product of two is the
correlation of two blurred pictures. In it a mirror is a change of signs and a transposition a
change of places, so that the other seven views of a slice cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

FREQUENCIES = 12
"""Kept along each axis; 143 in all without the mean."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Orientation:
    """One of the eight; mirrored left-right first, turned anti-clockwise then.

    Attributes:
        mirrored: Whether left and right are exchanged.
        quarters: Quarter turns, 0 to 3.
    """

    mirrored: bool
    quarters: int

    def apply(self, pictures: NDArray) -> NDArray:
        """Turns [..., side, side]; a view, not a copy."""
        seen = pictures[..., ::-1] if self.mirrored else pictures
        return np.rot90(seen, self.quarters, axes=(-2, -1))

    def describe(self, descriptors: Floats) -> Floats:
        """The descriptors of the turned pictures; float32 [count, FREQUENCIES ** 2 - 1]."""
        places = np.arange(FREQUENCIES**2).reshape(FREQUENCIES, FREQUENCIES)
        odd = np.where(np.arange(FREQUENCIES) % 2, -1, 1)
        signs = np.ones_like(places)
        if self.mirrored:
            signs = signs * odd[None, :]
        for _ in range(self.quarters):
            # A quarter turn: transposed, and top and bottom exchanged.
            places, signs = places.T, signs.T * odd[:, None]
        # The mean, at place 0, is not among the columns.
        return descriptors[:, places.ravel()[1:] - 1] * signs.ravel()[1:].astype(np.float32)


ORIENTATIONS = tuple(
    Orientation(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)
)
"""The first is the picture as it is, the fifth its mirror image."""


def describe(thumbnails: Floats) -> Floats:
    """Descriptors of square pictures [count, side, side]; float32 [count, 143], unit length."""
    spectrum = fft.dctn(thumbnails.astype(np.float32), axes=(1, 2), norm="ortho")
    low = spectrum[:, :FREQUENCIES, :FREQUENCIES].reshape(len(thumbnails), -1)[:, 1:]
    length = np.linalg.norm(low, axis=1, keepdims=True)
    descriptors: Floats = (low / np.maximum(length, 1e-6)).astype(np.float32)
    return descriptors
