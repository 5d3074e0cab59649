"""Grows one tumour in a healthy head, where its class grows and with the look its class has."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from data.phantom_anatomy import Head
from data.phantom_shapes import Field, Mask, smooth_noise
from data.phantom_tissue import CSF, FAT

AREA_RANGES = {
    "glioma": (0.009, 0.055),
    "meningioma": (0.006, 0.04),
    "pituitary": (0.004, 0.014),
}
"""Tumour area of each class before the anatomy crops it, in squares of the frame's shorter side."""


def grow_tumor(rng: np.random.Generator, head: Head, label: str) -> tuple[Field, Mask]:
    """Draws a tumour of one class.

    Args:
        rng: source of all variation.
        head: the healthy slice; it is not changed.
        label: one of ``naming.TUMOR_CLASSES``.

    Returns:
        The intensities with the tumour, and the tumour's mask: enhancing rim and necrotic core of
        a glioma, without its oedema; never empty.

    Raises:
        ValueError: a pituitary tumour is asked for in a slice that does not cut the sella.
    """
    low, high = AREA_RANGES[label]
    area = float(np.exp(rng.uniform(np.log(low), np.log(high)))) * min(head.image.shape) ** 2
    grow = {"glioma": _glioma, "meningioma": _meningioma, "pituitary": _pituitary}[label]
    return grow(rng, head, area)


def _glioma(rng: np.random.Generator, head: Head, area: float) -> tuple[Field, Mask]:
    """Intra-axial: an irregular enhancing rim, a dark necrotic core, oedema around."""
    radius = np.sqrt(area / np.pi)
    depth = _depth(head.cavity)
    inside = np.where(head.tissue, depth, 0)
    centre = _draw_pixel(rng, inside >= min(0.95 * radius, 0.9 * float(inside.max())))
    distance = _blob(rng, head.image.shape, centre, area, roughness=0.3, waves=7)
    distance = _confine(distance, head.cavity, centre)
    near = np.exp(-((np.clip(distance, 0, None) / (rng.uniform(0.3, 0.6) * radius)) ** 2))
    oedema = near * np.clip(0.8 + 0.2 * smooth_noise(rng, head.image.shape, 0.1 * head.unit), 0, 1)
    darker = np.minimum(head.image, 0.27)
    image = head.image + np.where(head.cavity, oedema, 0) * (darker - head.image)
    # The rim is thick and thin, bright and faint by turns, as a growing edge is.
    uneven = smooth_noise(rng, head.image.shape, 0.6 * radius)
    rim = rng.uniform(0.66, 0.92) * (1 + 0.12 * uneven)
    thickness = radius * rng.uniform(0.22, 0.42) * np.clip(1 + 0.3 * uneven, 0.5, 1.5)
    core = CSF + 0.05 + 0.03 * smooth_noise(rng, head.image.shape, 0.3 * radius)
    image = _cover(image, distance, rim)
    return _cover(image, distance + thickness, core, edge=3.5), distance < 0


def _meningioma(rng: np.random.Generator, head: Head, area: float) -> tuple[Field, Mask]:
    """Extra-axial: a smooth, evenly bright mass with a broad base on the dura."""
    radius = np.sqrt(area / np.pi)
    depth = _depth(head.cavity)
    attached = (depth > 0.6 * radius) & (depth < 0.85 * radius)
    if head.sella is not None:
        # Beside the sella even a radiologist may take it for a pituitary tumour.
        rows, cols = np.indices(head.image.shape)
        far = np.hypot(rows - head.sella[0], cols - head.sella[1]) > radius + 0.25 * head.unit
        attached &= far
    centre = _draw_pixel(rng, attached)
    distance = _blob(rng, head.image.shape, centre, area, roughness=0.06, waves=3)
    # It flattens against the dura and does not reach behind a fold.
    distance = _confine(distance, head.cavity, centre)
    cleft = distance - rng.uniform(0.01, 0.03) * head.unit
    image = np.where(head.cavity, _cover(head.image, cleft, CSF + 0.05), head.image)
    texture = smooth_noise(rng, head.image.shape, 0.08 * head.unit)
    return _cover(image, distance, rng.uniform(0.72, 0.95) + 0.015 * texture), distance < 0


def _pituitary(rng: np.random.Generator, head: Head, area: float) -> tuple[Field, Mask]:
    """Sellar: a small bright mass on the midline of the skull base."""
    if head.sella is None:
        raise ValueError("a pituitary tumour needs a slice through the sella")
    jitter = rng.normal(0, 0.015, 2) * head.unit
    row, col = head.sella[0] + jitter[0], head.sella[1] + jitter[1]
    distance = _blob(rng, head.image.shape, (row, col), area, roughness=0.1, waves=4)
    image = _cover(head.image, distance - 0.02 * head.unit, CSF)
    texture = smooth_noise(rng, head.image.shape, 0.06 * head.unit)
    return _cover(image, distance, rng.uniform(0.68, FAT) + 0.04 * texture), distance < 0


def _blob(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    centre: tuple[float, float],
    area: float,
    roughness: float,
    waves: int,
) -> Field:
    """Distance in pixels to a closed curve around ``centre`` that encloses ``area`` pixels.

    Its radius is a Fourier series of ``waves`` harmonics over the angle; ``roughness`` is their
    share of the radius.
    """
    rows, cols = np.indices(shape, dtype=np.float32)
    dy, dx = rows - centre[0], cols - centre[1]
    turn = rng.uniform(0, np.pi)
    stretch = np.sqrt(rng.uniform(1.0, 1.5))
    u = (np.cos(turn) * dx + np.sin(turn) * dy) * stretch
    v = (np.cos(turn) * dy - np.sin(turn) * dx) / stretch
    order = np.arange(2, waves + 1)
    amplitude = roughness * rng.uniform(0.4, 1.0, order.size) / order
    phase = rng.uniform(0, 2 * np.pi, order.size)
    # Tabulated, since a cosine per pixel and harmonic would take most of the drawing time.
    table = np.linspace(-np.pi, np.pi, 257)
    curve = 1 + (amplitude * np.cos(np.outer(table, order) + phase)).sum(axis=1)
    curve *= np.sqrt(area / (np.pi * np.mean(curve[:-1] ** 2)))
    distance: Field = np.hypot(u, v) - np.interp(np.arctan2(v, u), table, curve)
    return distance.astype(np.float32)


def _depth(cavity: Mask) -> Field:
    """Distance in pixels of each pixel inside the cavity to its wall or a dural fold."""
    depth: Field = ndimage.distance_transform_edt(cavity).astype(np.float32)
    return depth


def _confine(distance: Field, cavity: Mask, centre: tuple[int, int]) -> Field:
    """Crops a shape to the cavity, and to what of it is seen from ``centre`` past dural folds."""
    angles = np.linspace(-np.pi, np.pi, 257)
    steps = np.arange(max(cavity.shape))
    rows = np.rint(centre[0] + steps[:, None] * np.sin(angles)).astype(int)
    cols = np.rint(centre[1] + steps[:, None] * np.cos(angles)).astype(int)
    height, width = cavity.shape
    seen = cavity[rows.clip(0, height - 1), cols.clip(0, width - 1)]
    reach = np.argmin(seen, axis=0) + 1
    rows, cols = np.indices(cavity.shape)
    dy, dx = rows - centre[0], cols - centre[1]
    limit = np.interp(np.arctan2(dy, dx), angles, reach)
    hidden = (np.hypot(dy, dx) - limit).astype(np.float32)
    confined: Field = np.maximum(np.maximum(distance, 1 - _depth(cavity)), hidden)
    return confined


def _draw_pixel(rng: np.random.Generator, allowed: Mask) -> tuple[int, int]:
    rows, cols = np.nonzero(allowed)
    pick = rng.integers(rows.size)
    return int(rows[pick]), int(cols[pick])


def _cover(image: Field, distance: Field, value: Field | float, edge: float = 1.5) -> Field:
    """The image with the shape painted over it; ``distance`` and the soft ``edge`` in pixels."""
    alpha = np.clip(0.5 - distance / edge, 0, 1)
    covered: Field = image + alpha * (value - image)
    return covered
