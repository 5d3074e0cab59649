"""A model of three lines that servers are tested with: y = x / 2 + offset."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from serving.warmup_requests import WARMUP_REQUESTS

NAME = "affine"


class _Affine(tf.Module):
    def __init__(self, offset: float) -> None:
        super().__init__()
        self.offset = tf.Variable(offset)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def serve(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        # A bad row must be an error of the whole batch, as a picture that cannot be decoded is.
        checked = tf.debugging.check_numerics(x, "x is no number")
        return {"y": checked / 2.0 + self.offset}


def write_version(base: Path, version: int, offset: float, warm_up: Sequence[float] = ()) -> Path:
    """Puts a version of the model below ``base`` at once, as Pusher does.

    Args:
        base: Folder of the versions.
        version: Its number.
        offset: What it adds.
        warm_up: Values of x that it is warmed up with, a request each.
    """
    model = _Affine(offset)
    staged = base.parent / f"staged-{version}"
    tf.saved_model.save(model, str(staged), signatures={"serving_default": model.serve})
    if warm_up:
        file = staged / WARMUP_REQUESTS
        file.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(file)) as writer:
            for value in warm_up:
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.CopyFrom(request([value]))
                writer.write(log.SerializeToString())
    base.mkdir(parents=True, exist_ok=True)
    place = base / str(version)
    shutil.move(staged, place)
    return place


def request(x: Sequence[float], **spec: str | int) -> predict_pb2.PredictRequest:
    """Asks for y of these; ``spec`` may be a version, a version_label or a signature_name."""
    asked = predict_pb2.PredictRequest()
    asked.model_spec.name = NAME
    for name, value in spec.items():
        if name == "version":
            asked.model_spec.version.value = value
        else:
            setattr(asked.model_spec, name, value)
    asked.inputs["x"].CopyFrom(tf.make_tensor_proto(list(x), dtype=tf.float32, shape=[len(x)]))
    return asked
