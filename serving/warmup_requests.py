"""Writes into a SavedModel the request that a server runs before it serves the model.

The first answer of a fresh session takes many times as long as the second. TF Serving reads
``assets.extra/tf_serving_warmup_requests``: TFRecords of PredictionLog (prediction_log.proto).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.contract import SERVING_DEFAULT
from serving.model_files import ASSETS_EXTRA

WARMUP_REQUESTS = Path(ASSETS_EXTRA) / "tf_serving_warmup_requests"

_SIZE = 512


def write_warmup(model: Path) -> None:
    """Adds a request for one slice, a drawn disc: a model must not carry anybody's pictures."""
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = SERVING_DEFAULT
    rows, columns = np.indices((_SIZE, _SIZE)) - _SIZE / 2
    disc = np.where(np.hypot(rows, columns) < _SIZE / 3, 128, 0).astype(np.uint8)
    encoded = tf.io.encode_jpeg(disc[..., np.newaxis]).numpy()
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([encoded]))
    file = model / WARMUP_REQUESTS
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(log.SerializeToString(deterministic=True))
