"""The network: its two named outputs, and where its encoder's weights come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from data.errors import ConfigurationError
from trainer.config import ModelConfig
from trainer.network import build_network
from trainer.outputs import CLASSIFICATION, SEGMENTATION

SIZE = 32


def config(**changes: object) -> ModelConfig:
    return ModelConfig.model_validate(
        {"image_size": SIZE, "encoder_weights": "none", "decoder_filters": [16, 8, 8, 4, 4]}
        | changes
    )


@pytest.fixture(scope="module")
def encoder_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A weights file as it is published for an encoder without its top, and one of its kernels."""
    # Imported late: it fixes TensorFlow's Keras, which `trainer` has to choose first.
    from classification_models.tfkeras import Classifiers

    path = tmp_path_factory.mktemp("weights") / "resnet50_notop.h5"
    resnet50, _ = Classifiers.get("resnet50")
    encoder = resnet50(input_shape=(SIZE, SIZE, 3), weights=None, include_top=False)
    encoder.save_weights(str(path))
    return path, encoder.get_layer("conv0").get_weights()[0]


@pytest.mark.parametrize("encoder", ["resnet18", "resnet34", "resnet50"])
def test_both_outputs_have_their_names_shapes_and_ranges(encoder: str) -> None:
    network = build_network(config(encoder=encoder))
    images = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)
    outputs = network(images, training=False)
    classes, masks = outputs[CLASSIFICATION].numpy(), outputs[SEGMENTATION].numpy()
    assert classes.shape == (2, 4)
    np.testing.assert_allclose(classes.sum(axis=-1), 1, atol=1e-5)
    assert masks.shape == (2, SIZE, SIZE, 1)
    assert masks.min() >= 0 and masks.max() <= 1


def test_outputs_stay_float32_in_mixed_precision() -> None:
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        network = build_network(config())
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert {output.dtype.name for output in network.outputs} == {"float32"}
    assert {weight.dtype.name for weight in network.weights} == {"float32"}
    # What bfloat16 would round to 1 is still a probability that a gradient can lower.
    sigmoid = network.get_layer(SEGMENTATION)
    logits = tf.constant(8.0)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        probability = sigmoid(logits)
    assert float(probability) < 1
    assert float(tape.gradient(probability, logits)) > 0


def test_encoder_weights_are_loaded_from_a_file(encoder_file: tuple[Path, np.ndarray]) -> None:
    path, kernel = encoder_file
    loaded = build_network(config(encoder_weights=str(path)))
    np.testing.assert_array_equal(loaded.get_layer("conv0").get_weights()[0], kernel)
    fresh = build_network(config(encoder_weights=str(path)), encoder_weights=False)
    assert not np.array_equal(fresh.get_layer("conv0").get_weights()[0], kernel)


def test_a_file_that_does_not_fit_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    keras.Sequential([keras.layers.Dense(2, input_shape=(3,))]).save_weights(str(other))
    text = tmp_path / "text.h5"
    text.write_text("no weights")
    for path, reason in (
        (other, "does not fit"),
        (text, "does not fit"),
        (tmp_path / "missing.h5", "no such file"),
    ):
        with pytest.raises(ConfigurationError, match=reason) as caught:
            build_network(config(encoder_weights=str(path)))
        assert str(path) in str(caught.value)


def test_weights_that_cannot_be_fetched_are_an_error_with_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A machine without internet, and without the file from earlier.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="could not be fetched") as caught:
        build_network(config(encoder_weights="imagenet"))
    assert "set none" in str(caught.value)
