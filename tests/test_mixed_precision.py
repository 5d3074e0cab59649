"""A server that is asked for bfloat16 answers nearly as in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.server.options import ServerOptions
from serving.server.warmup import load_warm
from trainer.processor import read_processor

SIDE, CHANNELS = 16, 32


class _Convolves(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        filters = rng.normal(size=(3, 3, CHANNELS, CHANNELS)) / (9 * CHANNELS) ** 0.5
        self.filters = tf.Variable(filters.astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, CHANNELS], name="image")])
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"convolved": tf.nn.conv2d(image, self.filters, strides=1, padding="SAME")}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "1"
    model = _Convolves()
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serve})
    return folder


def _answer(version: Path, options: ServerOptions, image: np.ndarray) -> np.ndarray:
    servable = load_warm("model", 1, version, options)
    signature = servable.signatures["serving_default"]
    feeds = {signature.inputs["image"].name: image}
    (found,) = servable.run(feeds, [signature.outputs["convolved"].name])
    servable.retire()
    return found


def test_bfloat16_loses_little_and_comes_back_as_float32(version: Path) -> None:
    image = np.random.default_rng(1).normal(size=(2, SIDE, SIDE, CHANNELS)).astype(np.float32)
    exact = _answer(version, ServerOptions(), image)
    mixed = _answer(version, ServerOptions(mixed_precision="bfloat16"), image)
    assert exact.dtype == mixed.dtype == np.float32
    # Eight bits of mantissa: sums of some 300 products of values around 1.
    np.testing.assert_allclose(mixed, exact, atol=0.05)
    if not read_processor().flags & {"avx512_bf16", "amx_bf16"}:
        pytest.skip("this processor has no bfloat16, and TensorFlow then leaves it")
    assert np.abs(mixed - exact).max() > 1e-4
