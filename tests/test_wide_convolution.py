"""Convolutions by products of matrices: the same answers and gradients as TensorFlow's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from trainer.wide_convolution import multiply_where_wide, wide_convolution

FILTERS = 40


def both(convolve: object, inputs: tf.Tensor, kernel: tf.Tensor) -> list[np.ndarray]:
    """Outputs, and the gradients of a sum that weighs each of them otherwise."""
    with tf.GradientTape() as tape:
        tape.watch([inputs, kernel])
        outputs = convolve(inputs, kernel)
        total = tf.reduce_sum(outputs * tf.sin(outputs))
    return [outputs.numpy(), *(found.numpy() for found in tape.gradient(total, [inputs, kernel]))]


@pytest.mark.parametrize(
    ("kernel", "strides", "padding"),
    [
        ((3, 3), (1, 1), "SAME"),
        ((3, 3), (1, 1), "VALID"),
        ((3, 3), (2, 2), "VALID"),
        ((2, 4), (1, 2), "VALID"),
        ((5, 1), (1, 1), "SAME"),
    ],
)
def test_gradients_are_those_of_the_convolution(
    kernel: tuple[int, int], strides: tuple[int, int], padding: str
) -> None:
    rng = np.random.default_rng(0)
    inputs = tf.constant(rng.normal(size=(2, 6, 7, 30)), tf.float64)
    weights = tf.constant(rng.normal(size=(*kernel, 30, FILTERS)), tf.float64)
    found = both(lambda x, k: wide_convolution(x, k, strides, padding), inputs, weights)
    expected = both(lambda x, k: tf.nn.conv2d(x, k, strides, padding), inputs, weights)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("side", [3, 4])
@pytest.mark.parametrize(("strides", "padding"), [(1, "valid"), (2, "same"), (2, "valid")])
def test_a_layer_of_one_tap_is_a_product(strides: int, padding: str, side: int) -> None:
    layer = keras.layers.Conv2D(FILTERS, 1, strides, padding, dtype="float64")
    inputs = tf.random.stateless_normal((1, side, side, 30), (0, 1), dtype=tf.float64)
    layer(inputs)
    expected = both(lambda x, _: layer(x), inputs, layer.kernel)
    multiply_where_wide(keras.Sequential([layer]))
    for ours, theirs in zip(
        both(lambda x, _: layer(x), inputs, layer.kernel), expected, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)
    graph = tf.function(layer.__call__).get_concrete_function(inputs).graph
    assert "MatMul" in operations(graph) and "Conv2D" not in operations(graph)


@pytest.mark.parametrize(
    ("kernel", "options", "multiplied"),
    [
        (3, {"padding": "same"}, True),
        (3, {"strides": 2}, True),
        (3, {"padding": "same", "strides": 2}, False),
        (2, {"padding": "same"}, False),
        (3, {"dilation_rate": 2}, False),
        (3, {"groups": 2}, False),
    ],
)
def test_a_layer_is_multiplied_where_its_taps_see_what_they_should(
    kernel: int, options: dict[str, object], multiplied: bool
) -> None:
    layer = keras.layers.Conv2D(FILTERS, kernel, dtype="float64", **options)
    inputs = tf.random.stateless_normal((1, 7, 6, 30), (0, 1), dtype=tf.float64)
    layer.build(inputs.shape)
    expected = both(layer.convolution_op, inputs, layer.kernel.value()) if multiplied else None
    multiply_where_wide(keras.Sequential([layer]))

    def gradient(inputs: tf.Tensor) -> tf.Tensor:
        return tf.gradients(layer(inputs), layer.kernel)[0]

    found = operations(tf.function(gradient).get_concrete_function(inputs).graph)
    assert ("MatMul" in found) == multiplied
    if expected is not None:
        for ours, theirs in zip(
            both(layer.convolution_op, inputs, layer.kernel.value()), expected, strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def operations(graph: tf.Graph) -> set[str]:
    return {operation.type for operation in graph.get_operations()}


@pytest.mark.parametrize("shape", [(None, 4, 4, 30), (9, 32, 32, 30)])
def test_a_layer_that_sees_more_than_its_filter_holds_stays_a_convolution(
    shape: tuple[int | None, ...],
) -> None:
    layer = keras.layers.Conv2D(FILTERS, 1)
    layer.build((None, None, None, 30))
    multiply_where_wide(keras.Sequential([layer]))
    graph = tf.function(layer.__call__).get_concrete_function(tf.TensorSpec(shape)).graph
    assert "Conv2D" in operations(graph)
