"""Lays one head thumbnail over another before they are compared.

Two windows around the same head differ by a little shift, scale or turn where a copy was cropped
or turned by a few degrees. Those are estimated by inverse compositional Gauss-Newton steps
(Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 56, 2004), for many pairs at once, together
with a gain and an offset of the grey values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 8
_DAMPING = 1e-3
_LARGEST_STEP = 0.15
"""Beyond it the slopes tell nothing; in half-sides of the picture."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def align(fixed: Floats, moving: Floats, valid: Mask, steps: int = STEPS) -> Floats:
    """Estimates the affine maps under which ``moving`` looks like ``fixed``.

    Args:
        fixed: float32 [pairs, side, side].
        moving: float32 [pairs, side, side].
        valid: bool [pairs, side, side]: what of ``fixed`` is compared.
        steps: How often the maps are improved, from the identity on.

    Returns:
        float32 [pairs, 2, 3], for ``warp``: from the coordinates of ``fixed`` to those of
        ``moving``, both centred and in units of half a side; the first row is x.
    """
    count = len(fixed)
    design: Floats = _design(fixed) * valid.reshape(count, 1, -1)
    normal: Floats = design @ design.transpose(0, 2, 1)
    diagonal = np.arange(normal.shape[1])
    # A flat picture has no slope; its map then stays what it is.
    on_it = normal[:, diagonal, diagonal]
    normal[:, diagonal, diagonal] = on_it + (_DAMPING * on_it + 1e-6)
    solver = np.linalg.inv(normal) @ design
    identity = np.tile(np.eye(3, dtype=np.float32), (count, 1, 1))
    maps = identity
    for _ in range(steps):
        seen = warp(moving, maps[:, :2]).reshape(count, -1, 1)
        found = (solver @ seen)[..., 0]
        gain = found[:, 6:7]
        # Where there is no likeness the slopes are worth nothing, and the map stays.
        alike = gain > 0.2
        change = np.where(alike, found[:, :6] / np.where(alike, gain, 1), 0)
        step = identity.copy()
        step[:, :2] += np.clip(change, -_LARGEST_STEP, _LARGEST_STEP).reshape(count, 2, 3)
        # The step moves `fixed` to where `moving` is seen, hence its inverse.
        maps = maps @ np.linalg.inv(step)
    return maps[:, :2]


def warp(images: Floats, maps: Floats) -> Floats:
    """Resamples [pairs, side, side] through ``maps`` bilinearly; past the edge it repeats it."""
    count, side, _ = images.shape
    where = (maps @ _grid(side) + 1) * np.float32(side / 2) - np.float32(0.5)
    where = np.clip(where, 0, np.float32(side - 1.001))
    corner = where.astype(np.int32)
    part_x, part_y = (where - corner).transpose(1, 0, 2)
    index = corner[:, 1] * side + corner[:, 0]
    flat = images.reshape(count, -1)

    def row(first: NDArray[np.int32]) -> Floats:
        left = np.take_along_axis(flat, first, 1)
        return left + (np.take_along_axis(flat, first + 1, 1) - left) * part_x

    above = row(index)
    return (above + (row(index + side) - above) * part_y).reshape(images.shape)


def warp_mask(mask: Mask, maps: Floats) -> Mask:
    """Resamples a mask [pairs, side, side] through ``maps``; what is past the edge is not in."""
    count, side, _ = mask.shape
    where = (maps @ _grid(side) + 1) * np.float32(side / 2) - np.float32(0.5)
    nearest = np.rint(where).astype(np.int32)
    inside = ((nearest >= 0) & (nearest < side)).all(axis=1)
    column, row = np.clip(nearest, 0, side - 1).transpose(1, 0, 2)
    found = np.take_along_axis(mask.reshape(count, -1), row * side + column, 1)
    return (found & inside).reshape(mask.shape)


def _design(fixed: Floats) -> Floats:
    """What small changes of the map, the gain and the offset do: [pairs, 8, pixels]."""
    count, side, _ = fixed.shape
    x, y, one = _grid(side)
    slopes = np.gradient(fixed, np.float32(2 / side), axis=(1, 2))
    slope_y, slope_x = (slope.reshape(count, -1) for slope in slopes)
    columns = (slope_x * x, slope_x * y, slope_x, slope_y * x, slope_y * y, slope_y)
    flat = fixed.reshape(count, -1)
    return np.stack((*columns, flat, np.broadcast_to(one, flat.shape)), axis=1)


def _grid(side: int) -> Floats:
    """Homogeneous coordinates of the pixels' centres: [3, pixels], x, y and 1."""
    centre = ((np.arange(side, dtype=np.float32) + 0.5) * 2 / side - 1).astype(np.float32)
    y, x = np.meshgrid(centre, centre, indexing="ij")
    return np.stack((x.ravel(), y.ravel(), np.ones(side * side, np.float32)))
