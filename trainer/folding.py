"""Batch norms of a trained network become a part of the convolutions before them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras as keras


class ChannelAffine(keras.layers.Layer):
    """A product and a sum by channel: what a batch norm is outside of training.

    As plain operations, which take a processor less time than oneDNN's batch norm
    (docs/performance.md).
    """

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes ``scale`` and ``offset``, float32 [channels]."""
        self.scale = self.add_weight("scale", (input_shape[-1],), initializer="ones")
        self.offset = self.add_weight("offset", (input_shape[-1],), initializer="zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Takes and gives [..., channels]."""
        return inputs * self.scale + self.offset


def fold_batch_norms(network: keras.Model) -> keras.Model:
    """Builds a network that answers like ``network`` does outside of training, for that alone.

    There a batch norm is an affine map of each channel (Ioffe and Szegedy 2015, arXiv 1502.03167,
    algorithm 2): its factors go into the filters of the convolution before it and what it adds
    becomes that one's bias. Behind anything else it becomes a ``ChannelAffine``.

    Args:
        network: A functional model under policy ``float32``, each of its layers called once, its
            batch norms over the last axis, none of their convolutions an output.

    Returns:
        Answers equal but for rounding; weights float32, none of them shared with ``network``.
    """
    norms = [layer for layer in network.layers if _is_norm(layer)]
    folded = {norm.name: before for norm in norms if (before := _foldable(norm)) is not None}
    taking = {convolution.name for convolution in folded.values()}

    def rebuilt(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name in folded:
            return keras.layers.Activation("linear", name=layer.name)
        if _is_norm(layer):
            return ChannelAffine(name=layer.name)
        bias = {"use_bias": True} if layer.name in taking else {}
        return type(layer).from_config(layer.get_config() | bias)

    answering = keras.models.clone_model(network, clone_function=rebuilt)
    for layer in network.layers:
        if _is_norm(layer) and layer.name not in folded:
            answering.get_layer(layer.name).set_weights(_affine(layer))
        elif not _is_norm(layer) and layer.name not in taking:
            answering.get_layer(layer.name).set_weights(layer.get_weights())
    for name, convolution in folded.items():
        scale, offset = _affine(network.get_layer(name))
        kernel, *bias = convolution.get_weights()
        # The last axis of a filter is that of the channels it makes.
        weights = [kernel * scale, offset + scale * sum(bias)]
        answering.get_layer(convolution.name).set_weights(weights)
    return answering


def _is_norm(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _foldable(norm: keras.layers.BatchNormalization) -> keras.layers.Conv2D | None:
    """The convolution whose output is that batch norm's alone."""
    before = norm.inbound_nodes[0].inbound_layers
    plain = type(before) is keras.layers.Conv2D and before.activation is keras.activations.linear
    return before if plain and len(before.outbound_nodes) == 1 else None


def _affine(norm: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """Factor and summand of each channel."""
    scale = 1 / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    if norm.scale:
        scale = scale * norm.gamma.numpy()
    offset = -norm.moving_mean.numpy() * scale
    if norm.center:
        offset = offset + norm.beta.numpy()
    return scale, offset
