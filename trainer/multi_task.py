"""The model that is fitted: the network, its losses and how they are weighed."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf
import tf_keras as keras

from trainer.board.counts import AnswerCounts
from trainer.loss_weighting import FixedWeighting, UncertaintyWeighting
from trainer.losses import Loss


class MultiTask(keras.Model):
    """Fits ``network`` to several losses at once, over the global batch of all devices.

    Attributes:
        network: From images to a dict of outputs.
        weighting: From the losses of the outputs to one.
        answer_counts: What the network answers on val, counted.
    """

    def __init__(
        self,
        network: keras.Model,
        losses: Mapping[str, Loss],
        weighting: FixedWeighting | UncertaintyWeighting,
    ) -> None:
        super().__init__(name="multi_task")
        self.network = network
        self.weighting = weighting
        self.answer_counts = AnswerCounts()
        self._task_losses = dict(losses)
        self._total = keras.metrics.Mean(name="loss")
        self._parts = {task: keras.metrics.Mean(name=f"{task}_loss") for task in losses}

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> dict[str, tf.Tensor]:
        """Images to the network's outputs."""
        if training:
            return self.network(inputs, training=True)
        # The last batch of val may leave a device without a slice, which oneDNN's convolutions
        # make nonsense of: they hand on their input. Done on one device too: Keras takes the cross
        # entropy of a softmax that it is given as it is from the logits, without a bound.
        slices = tf.shape(inputs)[0]
        missing = tf.maximum(1 - slices, 0)
        filled = tf.pad(inputs, [[0, missing], [0, 0], [0, 0], [0, 0]])
        outputs = self.network(filled, training=False)
        return {name: output[:slices] for name, output in outputs.items()}

    # Nothing here depends on a tensor's value but by TensorFlow's own operations, and to convert
    # all of Keras for that case takes twice as long as the rest of tracing.
    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: tuple[tf.Tensor, dict[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
        """As Keras has it."""
        return super().train_step(data)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: tuple[tf.Tensor, dict[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
        """As Keras has it, and counts the answers."""
        images, truth = data
        answers = self(images, training=False)
        self.compute_loss(images, truth, answers)
        self.answer_counts.update_state(truth, answers)
        return self.compute_metrics(images, truth, answers, None)

    def compute_loss(
        self,
        x: tf.Tensor = None,
        y: dict[str, tf.Tensor] | None = None,
        y_pred: dict[str, tf.Tensor] | None = None,
        sample_weight: tf.Tensor = None,
    ) -> tf.Tensor:
        """The weighted loss of a device's part of the batch.

        Gradients of devices are added up, so each gives its share of the mean. Shares differ
        where slices cannot be dealt out evenly; of a last batch a device may even get none.
        """
        del x, sample_weight
        assert y is not None and y_pred is not None
        slices = tf.shape(next(iter(y.values())))[0]
        losses = {
            # A mean over no slices is no number, whatever it is weighed with.
            task: tf.where(slices > 0, loss(y[task], y_pred[task]), 0.0)
            for task, loss in self._task_losses.items()
        }
        for task, value in losses.items():
            self._parts[task].update_state(value, sample_weight=slices)
        total = self.weighting(losses)
        self._total.update_state(total, sample_weight=slices)
        return total * _share(tf.cast(slices, total.dtype))


def _share(slices: tf.Tensor) -> tf.Tensor:
    """A device's slices as a part of those of all devices, 1 where it is alone."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return tf.ones_like(slices)
    context = tf.distribute.get_replica_context()
    return slices / context.all_reduce(tf.distribute.ReduceOp.SUM, slices)
