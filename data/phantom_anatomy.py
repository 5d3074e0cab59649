"""Draws a healthy head, T1-weighted after contrast, in one of the three planes.

Each plane has a few levels; one of them passes through the sella, where a pituitary tumour sits.
The anatomy is schematic: it puts every structure a tumour class is told by in its place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.phantom_shapes import Canvas, Field, Mask, smooth_union
from data.phantom_tissue import (
    AIR,
    BONE,
    CSF,
    GLAND,
    GREY,
    MUSCLE,
    VESSEL,
    WHITE,
    paint_brain,
    paint_cover,
)

LEVELS = {
    "axial": ("sella", "ventricles", "vertex"),
    "coronal": ("sella", "occipital"),
    "sagittal": ("sella", "lateral"),
}
"""The levels of each plane; the first passes through the sella."""


class Head(NamedTuple):
    """A healthy slice and the places where tumours grow.

    Attributes:
        image: Field, intensities in about [0, 1] without noise.
        cavity: Mask, the intracranial space, cut where the dural folds (falx, tentorium) run.
        tissue: Mask, cerebrum and cerebellum: where a glioma can start.
        sella: (row, column) of the pituitary gland, ``None`` where the slice does not cut it.
        unit: pixels per head unit, about half the shorter side of the frame.
    """

    image: Field
    cavity: Mask
    tissue: Mask
    sella: tuple[int, int] | None
    unit: float


def draw_head(rng: np.random.Generator, plane: str, level: str, shape: tuple[int, int]) -> Head:
    """Draws one head.

    Args:
        rng: source of all variation.
        plane: one of ``naming.PLANES``.
        level: one of ``LEVELS[plane]``.
        shape: (height, width) in pixels.
    """
    canvas = Canvas(rng, shape)
    draw = {"axial": _axial, "coronal": _coronal, "sagittal": _sagittal}[plane]
    cavity, tissue, dura, sella = draw(rng, canvas, level)
    return Head(
        image=canvas.image,
        cavity=(cavity < 0) & (dura > 1 / canvas.unit),
        tissue=tissue < -0.03,
        sella=None if sella is None else canvas.pixel_at(sella),
        unit=canvas.unit,
    )


_Parts = tuple[Field, Field, Field, tuple[float, float] | None]
"""Distances to the cavity, the tissue and the dural folds; the sella in head coordinates."""


def _axial(rng: np.random.Generator, c: Canvas, level: str) -> _Parts:
    # A skull is narrower at the forehead.
    c.side *= 1 - 0.12 * c.y
    size = rng.uniform(0.86, 0.96) if level == "vertex" else 1.0
    skin = c.ellipse((0, 0), (0.72 * size, 0.88 * size), both=True)
    vault = c.ellipse((0, 0), (0.61 * size, 0.76 * size), both=True)
    if level == "sella":
        temporal = c.ellipse((0.34, -0.02), (0.25, 0.34), both=True)
        posterior = c.ellipse((0, 0.4), (0.48, 0.34))
        cavity = np.maximum(np.minimum(temporal, posterior), vault)
        paint_cover(rng, c, skin, cavity)
        c.paint(c.ellipse((0.28, -0.56), (0.16, 0.17), both=True), GREY)
        c.paint(c.ellipse((0.28, -0.57), (0.13, 0.14), both=True), CSF)
        c.paint(c.capsule((0, -0.75), (0, -0.42), 0.08), AIR)
        c.paint(c.capsule((0.05, -0.75), (0.05, -0.45), 0.015, both=True), MUSCLE)
        c.paint(c.ellipse((0, -0.1), (0.15, 0.22)), CSF)
        tissue = paint_brain(rng, c, cavity, folia_below=0.22)
        c.paint(c.ellipse((0, 0.09), (0.17, 0.14)), CSF)
        c.paint(c.ellipse((0, 0.12), (0.13, 0.11)), WHITE)
        c.paint(c.ellipse((0, 0.28), (0.06, 0.04)), CSF)
        c.paint(c.ellipse((0.13, -0.14), (0.025, 0.03), both=True), BONE)
        c.paint(c.ellipse((0, -0.13), (0.05, 0.03)), GLAND)
        c.paint(c.ellipse((0, 0.71), (0.04, 0.025)), VESSEL)
        return cavity, tissue, np.full(c.shape, 1.0, np.float32), (0.0, -0.14)
    paint_cover(rng, c, skin, vault)
    tissue = paint_brain(rng, c, vault)
    falx = np.maximum(c.side - 0.007, vault)
    if level == "ventricles":
        falx = np.maximum(falx, 0.36 - np.abs(c.y + 0.02))
        c.paint(c.ellipse((0.27, -0.02), (0.07, 0.17), both=True), GREY)
        c.paint(c.ellipse((0.1, 0.06), (0.08, 0.12), both=True), GREY)
        wide = rng.uniform(0.02, 0.045)
        c.paint(c.capsule((0.05, -0.14), (0.12, -0.27), wide, both=True), CSF)
        c.paint(c.capsule((0.05, -0.14), (0.06, 0.1), wide * 0.5, both=True), CSF)
        c.paint(c.capsule((0.1, 0.2), (0.21, 0.34), wide, both=True), CSF)
        c.paint(c.capsule((0.13, 0.23), (0.18, 0.3), wide * 0.4, both=True), GLAND)
    c.paint(falx - 0.012, CSF)
    c.paint(falx, MUSCLE)
    c.paint(c.ellipse((0, 0.74 * size), (0.05, 0.035)), VESSEL)
    return vault, tissue, falx, None


def _coronal(rng: np.random.Generator, c: Canvas, level: str) -> _Parts:
    skin = c.ellipse((0, -0.2), (0.68, 0.68))
    skin = smooth_union(skin, c.ellipse((0, 0.42), (0.54, 0.5)), 0.2)
    skin = smooth_union(skin, c.capsule((0, 0.5), (0, 1.5), 0.42), 0.15)
    vault = c.ellipse((0, -0.2), (0.58, 0.57))
    falx = np.maximum(np.maximum(c.side - 0.007, vault), c.y + 0.32)
    if level == "sella":
        temporal = c.ellipse((0.34, 0.08), (0.2, 0.2), both=True)
        cavity = np.minimum(np.maximum(vault, c.y - 0.12), np.maximum(temporal, vault))
    else:
        cavity = np.minimum(np.maximum(vault, c.y - 0.1), c.ellipse((0, 0.14), (0.48, 0.3)))
    paint_cover(rng, c, skin, cavity)
    tissue = paint_brain(rng, c, cavity, folia_below=0.12 if level == "occipital" else np.inf)
    wide = rng.uniform(0.02, 0.045)
    if level == "sella":
        c.paint(c.capsule((0, -0.24), (0.2, -0.28), 0.025, both=True), WHITE + 0.04)
        c.paint(c.ellipse((0.2, -0.1), (0.09, 0.1), both=True), GREY)
        c.paint(c.capsule((0.04, -0.18), (0.14, -0.23), wide, both=True), CSF)
        c.paint(c.capsule((0, -0.12), (0, 0.0), 0.015), CSF)
        c.paint(c.capsule((0.3, 0.02), (0.5, -0.08), 0.018, both=True), CSF)
        c.paint(c.ellipse((0, 0.1), (0.13, 0.06)), CSF)
        c.paint(c.ellipse((0, 0.31), (0.15, 0.1)), AIR)
        c.paint(c.ellipse((0.11, 0.18), (0.025, 0.025), both=True), BONE)
        c.paint(c.ellipse((0, 0.17), (0.055, 0.03)), GLAND)
        dura = falx
    else:
        tentorium = np.maximum(c.capsule((0, -0.02), (0.52, 0.14), 0.007, both=True), cavity)
        c.paint(c.ellipse((0.19, -0.1), (wide, wide * 1.8), both=True), CSF)
        c.paint(tentorium - 0.012, CSF)
        c.paint(tentorium, MUSCLE)
        c.paint(c.ellipse((0, 0.0), (0.03, 0.04)), VESSEL)
        dura = np.minimum(falx, tentorium)
    c.paint(falx - 0.012, CSF)
    c.paint(falx, MUSCLE)
    c.paint(c.ellipse((0, -0.75), (0.045, 0.03)), VESSEL)
    c.paint(c.capsule((0, 0.56), (0, 0.66), 0.05), AIR)
    return cavity, tissue, dura, (0.0, 0.16) if level == "sella" else None


def _sagittal(rng: np.random.Generator, c: Canvas, level: str) -> _Parts:
    skin = c.ellipse((0.06, -0.2), (0.84, 0.68))
    skin = smooth_union(skin, c.ellipse((-0.4, 0.34), (0.34, 0.52)), 0.2)
    skin = smooth_union(skin, c.ellipse((-0.77, 0.28), (0.09, 0.11)), 0.12)
    skin = smooth_union(skin, c.capsule((0.2, 0.3), (0.3, 1.6), 0.4), 0.2)
    vault = c.ellipse((0.06, -0.2), (0.73, 0.57))
    # The floor falls from the orbits to the posterior fossa.
    cerebrum = np.maximum(vault, c.y - 0.06 - 0.08 * c.x)
    cerebellum = np.maximum(c.ellipse((0.44, 0.19), (0.25, 0.2)), vault - 0.04)
    tentorium = np.maximum(c.capsule((0.24, 0.01), (0.74, 0.1), 0.007), cerebrum - 0.03)
    if level == "sella":
        canal = c.capsule((0.13, 0.1), (0.24, 0.5), 0.12)
        cavity = np.minimum(np.minimum(cerebrum, cerebellum), canal)
        paint_cover(rng, c, skin, cavity)
        c.paint(c.capsule((0.24, 0.5), (0.3, 1.6), 0.09), CSF)
        tissue = paint_brain(rng, c, np.minimum(cerebrum, cerebellum), folia_below=0.08)
        c.paint(c.ellipse((0.1, 0.06), (0.22, 0.1)), CSF)
        c.paint(canal, CSF)
        roof = c.ellipse((0.04, -0.1), (0.34, 0.2))
        c.paint(roof, CSF)
        c.paint(np.maximum(np.abs(roof) - 0.03, c.y + 0.12), WHITE + 0.08)
        c.paint(c.ellipse((0.08, -0.05), (0.22, 0.12)), GREY)
        c.paint(c.ellipse((0.13, 0.16), (0.09, 0.14)), WHITE)
        c.paint(c.capsule((0.15, 0.25), (0.3, 1.6), 0.05), WHITE - 0.03)
        c.paint(np.maximum(cerebellum + 0.02, 0.27 - c.x), GREY)
        c.paint(c.ellipse((0.25, 0.18), (0.025, 0.07)), CSF)
        c.paint(c.ellipse((-0.2, 0.22), (0.12, 0.08)), AIR)
        c.paint(c.capsule((-0.6, 0.36), (-0.16, 0.36), 0.04), AIR)
        c.paint(c.capsule((-0.1, 0.42), (0.0, 1.5), 0.04), AIR)
        c.paint(c.ellipse((-0.06, 0.11), (0.05, 0.03)), GLAND)
        c.paint(c.capsule((0.3, 0.0), (0.62, 0.08), 0.014), VESSEL)
    else:
        temporal = c.ellipse((-0.1, 0.12), (0.32, 0.17))
        cavity = np.minimum(np.minimum(cerebrum, cerebellum), temporal)
        paint_cover(rng, c, skin, cavity)
        tissue = paint_brain(rng, c, cavity, folia_below=0.2)
        c.paint(c.capsule((-0.36, 0.02), (0.16, -0.1), 0.018), CSF)
        c.paint(c.capsule((0.14, 0.0), (0.3, -0.08), rng.uniform(0.02, 0.045)), CSF)
        c.paint(c.ellipse((-0.62, 0.13), (0.14, 0.13)), GREY)
        c.paint(c.ellipse((-0.63, 0.13), (0.11, 0.1)), CSF)
    c.paint(tentorium - 0.012, CSF)
    c.paint(tentorium, MUSCLE)
    return cavity, tissue, tentorium, (-0.06, 0.1) if level == "sella" else None
