"""Asks a saved model in this process, by the signature that servers offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import naming
from data.checks import decode_grey
from data.errors import InputError
from serving.contract import SERVING_DEFAULT
from serving.model_files import find_saved_model

_OUTPUTS = frozenset({"class", "probabilities", "mask_png_bytes", "mask_area"})


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
        pixels = decode_grey(self.mask_png)
        assert isinstance(pixels, np.ndarray)
        return pixels > 0


class Predictor:
    """A loaded model."""

    def __init__(self, directory: Path) -> None:
        """Loads the SavedModel in ``directory``, or its newest version.

        Raises:
            InputError: There is none, it is damaged, or it has not the signature.
        """
        self.path = find_saved_model(directory)
        try:
            # Kept: its variables go when it does.
            self._model = tf.saved_model.load(str(self.path))
        except (OSError, ValueError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                self.path, f"the saved model is damaged ({reason})", "Push it again"
            ) from error
        signature = self._model.signatures.get(SERVING_DEFAULT)
        if signature is None or not set(signature.structured_outputs) >= _OUTPUTS:
            raise InputError(
                self.path,
                f"its signature {SERVING_DEFAULT} does not return {', '.join(sorted(_OUTPUTS))}",
                "Give a model that `brisc run` saved",
            )
        self._signature = signature

    def predict(self, images: Sequence[bytes]) -> list[Prediction]:
        """Answers for encoded slices.

        Raises:
            InputError: One of them cannot be decoded; ``data.checks`` finds out which.
        """
        try:
            answer = self._signature(image_bytes=tf.constant(list(images)))
        except tf.errors.OpError as error:
            raise InputError(
                "a slice", f"the model cannot answer for it ({error.message})", "Check the slices"
            ) from error
        columns = {name: tensor.numpy() for name, tensor in answer.items()}
        return [
            Prediction(
                label=columns["class"][row].decode(),
                probabilities=dict(
                    zip(naming.CLASSES, map(float, columns["probabilities"][row]), strict=True)
                ),
                mask_png=columns["mask_png_bytes"][row],
                mask_area=int(columns["mask_area"][row]),
            )
            for row in range(len(images))
        ]
