"""A few slices of val, always the same, and how they are drawn with the answers they get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from data import naming
from serving.overlay import draw_overlay, outline
from trainer.evaluation import overlap
from trainer.outputs import CLASSIFICATION, MASK_PROBABILITY, SEGMENTATION

LEGEND = "Green outline: true mask. Red: predicted mask. Below: true class, then the predicted."

_PER_CLASS = 2
_SIDE = 256
_LINE = 16
_TRUTH = (60, 230, 120)
_TEXT = (255, 255, 255)


@dataclass(frozen=True)
class Examples:
    """The first slices of each class.

    Attributes:
        images: What the network is fed, float32 [n, S, S, 3].
        labels: Their classes, int [n].
        masks: Their masks, bool [n, S, S].
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray

    @classmethod
    def of(cls, batches: tf.data.Dataset) -> Examples:
        """Takes them from the batches of ``trainer.inputs``; fewer where a class has fewer."""
        found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in naming.CLASSES]
        for images, truth in batches.as_numpy_iterator():
            for image, label, mask in zip(
                images, truth[CLASSIFICATION], truth[SEGMENTATION], strict=True
            ):
                if len(found[label]) < _PER_CLASS:
                    found[label].append((image, mask[..., 0] > 0))
            if all(len(own) == _PER_CLASS for own in found):
                break
        labels = [label for label, own in enumerate(found) for _ in own]
        images, masks = zip(*(pair for own in found for pair in own), strict=True)
        return cls(np.stack(images), np.array(labels), np.stack(masks))

    def drawn(self, answers: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
        """A name that stays and an RGB picture uint8 [height, width, 3] of each.

        Args:
            answers: The network's outputs for ``images``.
        """
        seen: dict[int, int] = {}
        for image, label, mask, probabilities, shares in zip(
            self.images,
            self.labels,
            self.masks,
            answers[CLASSIFICATION],
            answers[SEGMENTATION][..., 0],
            strict=True,
        ):
            seen[label] = seen.get(label, 0) + 1
            predicted = shares > MASK_PROBABILITY
            counts = np.array([[(mask & predicted).sum(), predicted.sum(), mask.sum()]])
            likeliest = int(np.argmax(probabilities))
            caption = (
                f"true: {naming.CLASSES[label]}",
                f"{naming.CLASSES[likeliest]} {probabilities[likeliest]:.3f}, "
                f"Dice {overlap.dice(counts)[0]:.3f}",
            )
            picture = _draw(_grey(image), mask, predicted, caption)
            yield f"{naming.CLASSES[label]}/{seen[label]}", picture


def _grey(image: np.ndarray) -> np.ndarray:
    values = image[..., 0]
    spread = max(float(np.ptp(values)), 1e-6)
    return ((values - values.min()) / spread * 255).astype(np.uint8)


def _draw(
    grey: np.ndarray, mask: np.ndarray, predicted: np.ndarray, caption: tuple[str, ...]
) -> np.ndarray:
    # Enlarged first: the outlines are then thin, and the text has room.
    factor = max(1, -(-_SIDE // len(grey)))
    grey, mask, predicted = (
        part.repeat(factor, axis=0).repeat(factor, axis=1) for part in (grey, mask, predicted)
    )
    pixels = np.array(draw_overlay(grey, predicted))
    pixels[outline(mask)] = _TRUTH
    strip = Image.new("RGB", (pixels.shape[1], _LINE * len(caption)))
    pen = ImageDraw.Draw(strip)
    for number, line in enumerate(caption):
        pen.text((4, number * _LINE + 1), line, _TEXT, ImageFont.load_default(12))
    return np.concatenate([pixels, np.asarray(strip)])
