"""From the network's outputs to the model's answer: mirror image, temperature and gate."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tf_keras as keras

from data import naming
from trainer.calibration import fit_temperature
from trainer.config import ModelConfig
from trainer.inputs import validation_batches
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_log = logging.getLogger(__name__)

Outputs = dict[str, tf.Tensor]
"""``classification`` float32 [batch, 4] and ``segmentation`` float32 [batch, S, S, 1]."""

_BATCH = 16


@dataclass(frozen=True)
class AnsweringNetwork:
    """A trained network and what is made of its outputs.

    Attributes:
        network: From images float32 [batch, S, S, 3] to ``Outputs``.
        mirrored: Whether answers are means over an image and its mirror image.
        gated: Whether slices whose likeliest class is ``no_tumor`` get an empty mask.
        temperature: What the logits of the classes are divided by.
    """

    network: keras.Model
    mirrored: bool = False
    gated: bool = False
    temperature: float = 1.0

    @classmethod
    def configured(
        cls, network: keras.Model, config: ModelConfig, val_files: Sequence[str]
    ) -> AnsweringNetwork:
        """What section ``model`` asks for, its temperature fitted on the val split."""
        plain = cls(network, config.test_time_flip, config.gate_mask)
        if not config.calibrate:
            return plain
        val = validation_batches(val_files, config.image_size, _BATCH)
        answer = tf.function(plain.__call__, autograph=False, reduce_retracing=True)
        answers = [(answer(images)[CLASSIFICATION], truth[CLASSIFICATION]) for images, truth in val]
        probabilities, truth = (np.concatenate(part) for part in zip(*answers, strict=True))
        temperature = fit_temperature(probabilities, truth)
        _log.info("temperature %.3f, fitted on %d slices of val", temperature, len(truth))
        return cls(network, config.test_time_flip, config.gate_mask, temperature)

    def __call__(self, images: tf.Tensor) -> Outputs:
        """The model's answers, outside of training."""
        if self.mirrored:
            # Both in one batch: the weights are brought to the processor's cache once.
            both = tf.concat([images, tf.reverse(images, [2])], axis=0)
            outputs = _mean(self.network(both, training=False))
        else:
            outputs = self.network(images, training=False)
        if self.temperature != 1:
            outputs = _scaled(outputs, self.temperature)
        return _gated(outputs) if self.gated else outputs


def _mean(both: Outputs) -> Outputs:
    straight, mirrored = {}, {}
    for name, tensor in both.items():
        straight[name], mirrored[name] = tf.split(tensor, 2)
    return {
        CLASSIFICATION: (straight[CLASSIFICATION] + mirrored[CLASSIFICATION]) / 2,
        SEGMENTATION: (straight[SEGMENTATION] + tf.reverse(mirrored[SEGMENTATION], [2])) / 2,
    }


def _scaled(outputs: Outputs, temperature: float) -> Outputs:
    # Softmax forgets what is added to all logits, so its logarithm is as good as they are.
    logits = tf.math.log(tf.maximum(outputs[CLASSIFICATION], 1e-30))
    return {**outputs, CLASSIFICATION: tf.nn.softmax(logits / temperature)}


def _gated(outputs: Outputs) -> Outputs:
    likeliest = tf.argmax(outputs[CLASSIFICATION], axis=-1)
    tumour = tf.not_equal(likeliest, naming.CLASSES.index(naming.NO_TUMOR))
    gate = tf.cast(tumour, tf.float32)[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return {**outputs, SEGMENTATION: outputs[SEGMENTATION] * gate}
