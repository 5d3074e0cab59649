"""What a model says of one slice, by whichever way it was asked."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from data import naming

OUTPUTS = frozenset({"class", "probabilities", "mask_png_bytes", "mask_area"})
"""Of signature ``serving_default``; ``serving.signatures`` says what they are."""


@dataclass(frozen=True)
class Prediction:
    """The model's answer for one slice.

    Attributes:
        label: One of ``data.naming.CLASSES``.
        probabilities: By class; they sum to 1.
        mask_png: PNG bytes, {0, 255}, at the slice's own size.
        mask_area: Pixels of the mask.
    """

    label: str
    probabilities: dict[str, float]
    mask_png: bytes
    mask_area: int

    @property
    def mask(self) -> np.ndarray:
        """The mask, bool [height, width]."""
        with Image.open(io.BytesIO(self.mask_png), formats=["PNG"]) as image:
            return np.asarray(image.convert("L")) > 0


def predictions(columns: Mapping[str, Sequence[Any]]) -> list[Prediction]:
    """The answers for a batch, from the outputs of the signature by name, a row a slice."""
    rows = zip(
        *(columns[name] for name in ("class", "probabilities", "mask_png_bytes", "mask_area")),
        strict=True,
    )
    return [
        Prediction(
            label=label.decode() if isinstance(label, bytes) else label,
            probabilities=dict(zip(naming.CLASSES, map(float, probabilities), strict=True)),
            mask_png=mask,
            mask_area=int(area),
        )
        for label, probabilities, mask, area in rows
    ]
