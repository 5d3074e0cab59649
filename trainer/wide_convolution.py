"""Convolutions of few places and many channels, for processors: by products of matrices.

At the bottom of a U-Net a filter has more values than the layer sees and answers. oneDNN's
convolutions, made for the opposite, take up to 2.4 times as long there as the products that its
sums are (docs/performance.md).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import tensorflow as tf
import tf_keras as keras

Convolution = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Inputs [batch, H, W, in] and filter [h, w, in, out] to outputs [batch, H', W', out]."""


def multiply_where_wide(network: keras.Model) -> None:
    """Has the convolutions of ``network`` look at each call whether products are the faster way.

    What they compute stays the same, but for the order in which sums are added up.
    """
    for layer in network.layers:
        if type(layer) is keras.layers.Conv2D and _is_plain(layer):
            # Keras' own place for another way to convolve.
            layer.convolution_op = _choosing(layer)


def _is_plain(layer: keras.layers.Conv2D) -> bool:
    if (
        layer.groups != 1
        or layer.data_format != "channels_last"
        or (*layer.dilation_rate,) != (1, 1)
    ):
        return False
    # What SAME adds is the same on all sides only of an odd filter that leaves nothing out.
    symmetric = (*layer.strides,) == (1, 1) and all(side % 2 for side in layer.kernel_size)
    return (*layer.kernel_size,) == (1, 1) or layer.padding == "valid" or symmetric


def _choosing(layer: keras.layers.Conv2D) -> Convolution:
    otherwise, strides, padding = layer.convolution_op, layer.strides, layer.padding.upper()

    def convolution(inputs: tf.Tensor, kernel: tf.Variable) -> tf.Tensor:
        kernel = tf.convert_to_tensor(kernel)
        if not _is_wide(inputs.shape, kernel.shape, strides):
            return otherwise(inputs, kernel)
        if kernel.shape[:2] == (1, 1):
            seen = inputs[:, :: strides[0], :: strides[1]]
            return tf.tensordot(seen, tf.reshape(kernel, kernel.shape[2:]), 1)
        return wide_convolution(inputs, kernel, strides, padding)

    return convolution


def _is_wide(inputs: tf.TensorShape, kernel: tf.TensorShape, strides: Sequence[int]) -> bool:
    """Whether the filter has more values than inputs and outputs together, as far as is known."""
    if not inputs.is_fully_defined():
        return False
    places = math.prod(inputs[:3])
    seen_and_answered = places * kernel[2] + places * kernel[3] / math.prod(strides)
    return math.prod(kernel) > seen_and_answered


def wide_convolution(
    inputs: tf.Tensor, kernel: tf.Tensor, strides: Sequence[int], padding: str
) -> tf.Tensor:
    """A convolution whose filter's gradient is a product of matrices for each tap.

    Args:
        inputs: [batch, H, W, in], of known shape.
        kernel: [h, w, in, out]; for ``SAME`` h and w are odd.
        strides: Down and to the right; for ``SAME`` 1 and 1.
        padding: ``SAME`` or ``VALID``.

    Returns:
        [batch, H', W', out].
    """

    @tf.custom_gradient
    def convolve(
        inputs: tf.Tensor, kernel: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            to_inputs = tf.nn.conv2d_transpose(upstream, kernel, inputs.shape, strides, padding)
            margins = [side // 2 if padding == "SAME" else 0 for side in kernel.shape[:2]]
            padded = tf.pad(inputs, [(0, 0), *((margin, margin) for margin in margins), (0, 0)])
            return to_inputs, _filter_gradient(padded, upstream, kernel.shape, strides)

        return tf.nn.conv2d(inputs, kernel, strides, padding), gradients

    return convolve(inputs, kernel)


def _filter_gradient(
    inputs: tf.Tensor, upstream: tf.Tensor, kernel: tf.TensorShape, strides: Sequence[int]
) -> tf.Tensor:
    rows, columns, channels, filters = kernel
    # From the first to the last place that a tap sees.
    height, width = (
        (places - 1) * stride + 1
        for places, stride in zip(upstream.shape[1:3], strides, strict=True)
    )
    answered = tf.reshape(upstream, [-1, filters])
    taps = []
    for row, column in itertools.product(range(rows), range(columns)):
        seen = inputs[:, row : row + height : strides[0], column : column + width : strides[1]]
        taps.append(tf.matmul(tf.reshape(seen, [-1, channels]), answered, transpose_a=True))
    return tf.reshape(tf.stack(taps), kernel)
