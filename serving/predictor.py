"""Asks a saved model in this process, by the signature that servers offer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from data.errors import InputError
from serving.contract import SERVING_DEFAULT
from serving.model_files import find_saved_model
from serving.prediction import OUTPUTS, Prediction, predictions


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
        if signature is None or not set(signature.structured_outputs) >= OUTPUTS:
            raise InputError(
                self.path,
                f"its signature {SERVING_DEFAULT} does not return {', '.join(sorted(OUTPUTS))}",
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
        return predictions({name: tensor.numpy() for name, tensor in answer.items()})
