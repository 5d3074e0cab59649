"""A network whose batch norms are folded answers as before, with less to compute."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from trainer.config import ModelConfig
from trainer.folding import fold_batch_norms
from trainer.network import build_network

SIZE = 32


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 50, (count, SIZE, SIZE, 3)).astype(np.float32)


def moved(network: keras.Model) -> keras.Model:
    """The network after its batch norms have seen slices, no weight of theirs what it began as."""
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for weight in filter(lambda weight: weight.trainable, layer.weights):
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    for _ in range(3):
        network(images(4), training=True)
    return network


@pytest.mark.parametrize(
    ("encoder", "units"), [("resnet18", (2, 2, 2, 2)), ("resnet50", (3, 4, 6, 3))]
)
def test_it_answers_alike_without_batch_norms(encoder: str, units: tuple[int, ...]) -> None:
    config = ModelConfig(
        image_size=SIZE,
        encoder=encoder,
        encoder_weights="none",
        decoder_filters=(16, 8, 8, 4, 4),
    )
    network = moved(build_network(config))
    folded = fold_batch_norms(network)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
    answer = tf.function(folded).get_concrete_function(tf.constant(images(2)))
    operations = {node.op for node in answer.graph.as_graph_def().node}
    assert not {name for name in operations if name.startswith("FusedBatchNorm")}
    # Behind the input or an addition there is no convolution that could take them in.
    alone = {layer.name for layer in folded.layers if hasattr(layer, "offset")}
    first = {
        f"stage{stage}_unit{unit}_bn1"
        for stage, count in enumerate(units, 1)
        for unit in range(1, count + 1)
    }
    assert alone == first | {"bn_data", "bn1"}
    for name, expected in network(images(2), training=False).items():
        found = answer(tf.constant(images(2)))[name]
        assert np.ptp(expected) > 1e-3, "the test would not see a difference"
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def branching(*, activation: str) -> keras.Model:
    """A batch norm behind a convolution that has a bias, an activation or a second reader."""
    layers = keras.layers
    seen = layers.Input((SIZE, SIZE, 3))
    once = layers.Conv2D(4, 3, use_bias=True, bias_initializer="normal", name="once")(seen)
    normal = layers.BatchNormalization(name="normal")(once)
    bent = layers.Conv2D(4, 1, activation=activation, name="bent")(normal)
    behind = layers.BatchNormalization(scale=False, name="behind")(bent)
    twice = layers.Conv2D(4, 1, use_bias=False, name="twice")(behind)
    shared = layers.BatchNormalization(center=False, name="shared")(twice)
    return keras.Model(seen, layers.Add()([shared, twice]))


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_only_what_nobody_else_reads_takes_a_batch_norm_in(activation: str) -> None:
    network = moved(branching(activation=activation))
    folded = fold_batch_norms(network)
    expected = network(images(2), training=False)
    np.testing.assert_allclose(folded(images(2)), expected, rtol=1e-3, atol=1e-3)
    alone = {layer.name for layer in folded.layers if hasattr(layer, "offset")}
    assert alone == {"shared"} | ({"behind"} if activation == "relu" else set())
