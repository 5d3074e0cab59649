"""Pictures to try the page with: synthetic slices, drawn when they are first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data.phantom import draw_slice
from data.sample import encode_image

_SIZE = (320, 320)


@dataclass(frozen=True)
class Sample:
    """One picture.

    Attributes:
        name: Of its file.
        title: What the page calls it.
        label, plane: What it shows.
        seed: Of the drawing.
    """

    name: str
    title: str
    label: str
    plane: str
    seed: int


SAMPLES = (
    Sample("synthetic-meningioma.jpg", "Meningioma, axial", "meningioma", "axial", 5),
    Sample("synthetic-glioma.jpg", "Glioma, axial", "glioma", "axial", 3),
    Sample("synthetic-pituitary.jpg", "Pituitary, sagittal", "pituitary", "sagittal", 2),
    Sample("synthetic-healthy.jpg", "No tumour, coronal", "no_tumor", "coronal", 5),
)


@lru_cache
def draw_sample(name: str) -> bytes | None:
    """The JPEG of the sample of this name; ``None`` where there is none."""
    for sample in SAMPLES:
        if sample.name == name:
            rng = np.random.default_rng(sample.seed)
            return encode_image(draw_slice(rng, sample.label, sample.plane, _SIZE))
    return None
