"""The geometry a phantom is drawn with: a warped grid, distance fields and smooth noise.

A shape is its signed distance field, float32 of the grid's shape, negative inside: union is
``np.minimum``, intersection ``np.maximum``, growing by ``r`` is ``distance - r``. Lengths are in
head units: half the shorter side of the frame, before the head is scaled to fit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""A float32 array of the slice's shape, (height, width)."""
Mask = NDArray[np.bool_]
"""A bool array of the slice's shape, (height, width)."""


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Field:
    """Gaussian noise of zero mean and unit variance, correlated over ``sigma`` pixels.

    ``shape`` is (height, width).
    """
    # White noise on a grid of that pitch, spread by B-splines along rows, then columns: unlike a
    # blur it costs the same for any sigma.
    pitch = max(1.0, sigma)
    noise: Field = rng.standard_normal([int(side / pitch) + 5 for side in shape], np.float32)
    for side in shape:
        noise = _spread(noise, side, pitch, rng.uniform(0, 1)).T
    noise -= noise.mean()
    noise /= noise.std()
    return noise


def _spread(knots: Field, side: int, pitch: float, offset: float) -> Field:
    """Cubic B-spline through (knots, n) values ``pitch`` pixels apart, as (side, n) values."""
    position = np.arange(side, dtype=np.float32) / pitch + offset
    first = position.astype(int)
    t = (position - first).astype(np.float32)[:, None]
    spline: Field = (1 - t) ** 3 / 6 * knots[first]
    spline += (2 / 3 - t**2 + t**3 / 2) * knots[first + 1]
    spline += (2 / 3 - (1 - t) ** 2 + (1 - t) ** 3 / 2) * knots[first + 2]
    spline += t**3 / 6 * knots[first + 3]
    return spline


class Canvas:
    """A frame in head coordinates and the tissue intensities painted on it so far.

    Attributes:
        shape: (height, width) in pixels.
        unit: pixels per head unit.
        x, y: Field, head coordinates of each pixel: x to the right, y downwards. They are turned,
            shifted and gently warped, so that no two heads are alike and none is symmetric.
        side: Field, ``abs(x)``: a shape drawn in it appears on both sides of the midline.
        image: Field, intensities in about [0, 1], air being 0.
    """

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        self.shape = shape
        height, width = shape
        self.unit = min(shape) / 2 * rng.uniform(0.9, 1.04)
        cols = (np.arange(width, dtype=np.float32) - (width - 1) / 2) / self.unit
        rows = (np.arange(height, dtype=np.float32) - (height - 1) / 2) / self.unit
        u, v = np.meshgrid(cols - rng.uniform(-0.04, 0.04), rows - rng.uniform(-0.04, 0.04))
        turn = float(np.deg2rad(rng.uniform(-7, 7)))
        stretch = rng.uniform(0.95, 1.05)
        cos, sin = float(np.cos(turn)), float(np.sin(turn))
        x, y = (cos * u + sin * v) * stretch, (cos * v - sin * u) / stretch
        self.x: Field = (x + 0.012 * smooth_noise(rng, shape, 0.3 * self.unit)).astype(np.float32)
        self.y: Field = (y + 0.012 * smooth_noise(rng, shape, 0.3 * self.unit)).astype(np.float32)
        self.side: Field = np.abs(self.x)
        self.image: Field = np.zeros(shape, np.float32)

    def paint(self, distance: Field, value: Field | float) -> None:
        """Covers the shape with ``value``; its edge is as soft as one and a half pixels."""
        alpha = np.clip(0.5 - distance * (self.unit / 1.5), 0, 1)
        self.image += alpha * (value - self.image)

    def ellipse(
        self, centre: tuple[float, float], radii: tuple[float, float], both: bool = False
    ) -> Field:
        """Distance to an axis-parallel ellipse; with ``both`` also to its mirror image."""
        dx = ((self.side if both else self.x) - centre[0]) / radii[0]
        dy = (self.y - centre[1]) / radii[1]
        # Exact for circles, and near the outline close enough for the soft edge.
        return (np.sqrt(dx * dx + dy * dy) - 1) * min(radii)

    def capsule(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        radius: float,
        both: bool = False,
    ) -> Field:
        """Distance to a line of width ``2 * radius``; with ``both`` also to its mirror image."""
        px = (self.side if both else self.x) - start[0]
        py = self.y - start[1]
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1)
        px, py = px - along * dx, py - along * dy
        return np.sqrt(px * px + py * py) - radius

    def pixel_at(self, point: tuple[float, float]) -> tuple[int, int]:
        """The pixel, (row, column), nearest to a point in head coordinates."""
        nearest = np.argmin((self.x - point[0]) ** 2 + (self.y - point[1]) ** 2)
        row, col = np.unravel_index(nearest, self.shape)
        return int(row), int(col)


def smooth_union(first: Field, second: Field, radius: float) -> Field:
    """Union whose inner corners are rounded over ``radius``, as skin is."""
    overlap = np.clip(radius - np.abs(first - second), 0, None)
    union: Field = np.minimum(first, second) - overlap * overlap / (4 * radius)
    return union
