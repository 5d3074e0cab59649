"""Loads a version and has it answer its own warm-up requests before anybody else's.

They lie in the SavedModel's ``assets.extra/tf_serving_warmup_requests``, a TFRecord file of
``PredictionLog`` (prediction_log.proto), as TF Serving reads them.
"""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.errors import ServingError, StatusCode, invalid
from serving.server.inference import classify, multi_inference, regress
from serving.server.options import ServerOptions
from serving.server.predict import predict
from serving.server.servable import Servable
from serving.warmup_requests import WARMUP_REQUESTS

_MOST = 1000
"""Requests that TF Serving takes."""


def load_warm(name: str, version: int, directory: Path, options: ServerOptions) -> Servable:
    """The SavedModel in ``directory``, which has answered its warm-up requests.

    Raises:
        ServingError: As of ``Servable``, or it refuses one of them.
    """
    servable = Servable(
        name,
        version,
        directory,
        options.batching,
        constant_weights=options.constant_weights,
        bfloat16=options.mixed_precision == "bfloat16",
    )
    file = directory / WARMUP_REQUESTS
    try:
        if file.is_file():
            _warm_up(servable, file, options.limits.tensor_bytes)
    except BaseException:
        servable.retire()
        raise
    return servable


def _warm_up(servable: Servable, file: Path, most_bytes: int) -> None:
    try:
        for number, record in enumerate(tf.data.TFRecordDataset(str(file)).as_numpy_iterator()):
            if number == _MOST:
                raise invalid(f"{file}: more than {_MOST} warm-up requests")
            _replay(servable, prediction_log_pb2.PredictionLog.FromString(record), most_bytes)
    except (tf.errors.OpError, DecodeError) as error:
        reason = f"{file}: no warm-up requests ({error})"
        raise ServingError(StatusCode.DATA_LOSS, reason) from error


def _replay(servable: Servable, log: prediction_log_pb2.PredictionLog, most_bytes: int) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        predict(servable, log.predict_log.request, most_bytes)
    elif kind == "classify_log":
        classify(servable, log.classify_log.request)
    elif kind == "regress_log":
        regress(servable, log.regress_log.request)
    elif kind == "multi_inference_log":
        multi_inference(servable, log.multi_inference_log.request)
    else:
        raise ServingError(StatusCode.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
