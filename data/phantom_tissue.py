"""The tissues of a head: their intensities, the folded brain and what wraps it."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from data.phantom_shapes import Canvas, Field, smooth_noise

# Intensities of T1 after contrast, relative to fat.
AIR, BONE, CSF, MUSCLE, GREY, WHITE, GLAND, VESSEL, FAT = (
    0.02, 0.08, 0.13, 0.34, 0.36, 0.5, 0.56, 0.8, 0.85,
)  # fmt: skip


def paint_cover(rng: np.random.Generator, c: Canvas, skin: Field, cavity: Field) -> None:
    """What wraps the brain: skin, fat, muscle, and the skull with marrow between its tables."""
    c.paint(skin, GREY)
    c.paint(skin + 0.02, FAT)
    streaks = smooth_noise(rng, c.shape, 0.03 * c.unit) + smooth_noise(rng, c.shape, 0.1 * c.unit)
    c.paint(skin + 0.09, np.clip(MUSCLE + 0.06 * streaks, BONE, FAT))
    c.paint(cavity - 0.065, BONE)
    c.paint(np.abs(cavity - 0.035) - 0.006, GREY + 0.04 * streaks)


def paint_brain(
    rng: np.random.Generator, c: Canvas, cavity: Field, folia_below: float = np.inf
) -> Field:
    """Fills the cavity with CSF and folded brain; returns the distance to the brain.

    Cortex is grey over white and parted by sulci; below the height ``folia_below`` it has the
    narrower folds of the cerebellum.
    """
    c.paint(cavity, CSF)
    brain = cavity + 0.025
    depth = -brain
    fold = smooth_noise(rng, c.shape, 0.055 * c.unit)
    folia = smooth_noise(rng, c.shape, 0.02 * c.unit)
    fold = np.where(c.y > folia_below, folia, fold)
    white = expit((depth - 0.09 + 0.045 * fold) / 0.012)
    sulcus = np.exp(-((fold / 0.2) ** 2)) * np.clip(1 - depth / 0.16, 0, 1)
    value = GREY + (WHITE - GREY) * white
    value = value + 0.012 * smooth_noise(rng, c.shape, 0.12 * c.unit)
    c.paint(brain, value + (CSF - value) * 0.85 * sulcus)
    return brain
