"""Weights are put into oneDNN's order once, and only where they stay what they are."""

from __future__ import annotations

import time
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.model_files import SAVED_MODEL
from serving.server.constant_weights import changing_weights
from tests.serving_command import serve
from tests.tiny_model import put_tiny_model

SIDE = 16


class _Convolves(tf.Module):
    """Convolves ``image`` by a variable, by an input, or by a variable that each call changes."""

    def __init__(self, by: str) -> None:
        super().__init__()
        self._by = by
        self.filter = tf.Variable(tf.ones([3, 3, 8, 8]))

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, SIDE, SIDE, 8], name="image"),
            tf.TensorSpec([3, 3, 8, 8], name="filter"),
        ]
    )
    def serve(self, image: tf.Tensor, filter: tf.Tensor) -> dict[str, tf.Tensor]:
        if self._by == "changing":
            self.filter.assign_add(filter)
        weights = filter if self._by == "input" else self.filter
        # As in a function of a saved network, which is called from the signature's.
        convolved = tf.function(_convolve)(image, weights)
        return {"convolved": convolved + 0 * tf.reduce_sum(filter)}


def _convolve(image: tf.Tensor, weights: tf.Tensor | tf.Variable) -> tf.Tensor:
    return tf.nn.conv2d(image, weights, strides=1, padding="SAME")


def _write(base: Path, version: int, by: str) -> Path:
    model = _Convolves(by)
    staged = base.parent / f"staged-{version}"
    tf.saved_model.save(model, str(staged), signatures={"serving_default": model.serve})
    base.mkdir(exist_ok=True)
    return staged.rename(base / str(version))


@pytest.mark.parametrize(
    ("by", "constant"), [("variable", True), ("input", False), ("changing", False)]
)
def test_weights_are_constant_where_only_variables_that_nobody_writes_are_multiplied_by(
    tmp_path: Path, by: str, constant: bool
) -> None:
    file = _write(tmp_path / "model", 1, by) / SAVED_MODEL
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    assert (changing_weights(saved.meta_graphs[0]) is None) is constant


def test_a_model_without_any_weights_has_none_that_change(tmp_path: Path) -> None:
    file = put_tiny_model(tmp_path / "tiny") / SAVED_MODEL
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    assert changing_weights(saved.meta_graphs[0]) is None


@pytest.mark.integration
def test_a_filter_that_comes_with_the_request_is_the_one_that_is_used(tmp_path: Path) -> None:
    _write(tmp_path / "model", 1, "input")
    with serve(f"--model-base-path={tmp_path / 'model'}") as served:
        assert [_centre(served.grpc, weight) for weight in (1.0, 2.0, 3.0)] == [72, 144, 216]


@pytest.mark.integration
def test_a_version_that_changes_its_weights_is_refused_where_they_were_to_stay(
    tmp_path: Path,
) -> None:
    base = tmp_path / "model"
    _write(base, 1, "variable")
    with serve(f"--model-base-path={base}") as served:
        assert _centre(served.grpc, 5.0) == 72
        _write(base, 2, "input")
        message = _error_of(served.grpc, version=2)
        assert "(Conv2D) multiplies by what is computed" in message
        assert "Start it again with TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=0" in message
        assert _centre(served.grpc, 5.0) == 72
    with serve(f"--model-base-path={base}") as served:
        assert [_centre(served.grpc, weight) for weight in (1.0, 2.0)] == [72, 144]


@pytest.mark.integration
def test_kept_weights_answer_alike_at_every_size_of_a_batch(tmp_path: Path) -> None:
    _write(tmp_path / "model", 1, "variable")
    images = np.random.default_rng(0).normal(size=(5, SIDE, SIDE, 8)).astype(np.float32)
    expected = _convolve(images, tf.ones([3, 3, 8, 8])).numpy()
    with serve(f"--model-base-path={tmp_path / 'model'}") as served:
        # oneDNN's order may be another for another batch, and the one kept is of the first.
        for size in (1, 5, 2, 1):
            answered = _ask(served.grpc, images[:size], weight=0)
            np.testing.assert_allclose(answered, expected[:size], rtol=1e-4, atol=1e-4)


def _centre(address: str, weight: float) -> float:
    """What eight channels of ones come to in the middle, by nine ``weight`` of a filter."""
    image = np.ones((1, SIDE, SIDE, 8), np.float32)
    return float(_ask(address, image, weight)[0, SIDE // 2, SIDE // 2, 0])


def _ask(address: str, images: np.ndarray, weight: float) -> np.ndarray:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "brisc"
    request.inputs["image"].CopyFrom(tf.make_tensor_proto(images))
    filter = np.full((3, 3, 8, 8), weight, np.float32)
    request.inputs["filter"].CopyFrom(tf.make_tensor_proto(filter))
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        answer: np.ndarray = tf.make_ndarray(stub.Predict(request, timeout=30).outputs["convolved"])
    return answer


def _error_of(address: str, version: int) -> str:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "brisc"
    with grpc.insecure_channel(address) as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for status in stub.GetModelStatus(request, timeout=10).model_version_status:
                if status.version == version and status.status.error_message:
                    return str(status.status.error_message)
            time.sleep(0.2)
    raise AssertionError(f"version {version} was not refused")
