"""Bodies of requests over REST, and what has to be true of any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import classification_pb2, predict_pb2

from serving.server.errors import ServingError, invalid
from serving.server.json_answers import error_json
from serving.server.json_requests import (
    JsonFormat,
    fill_classification_request,
    fill_predict_request,
)

SIGNATURES = {
    "serving_default": {"x": "float32"},
    "all": {"f": "float32", "d": "float64", "i": "int64", "u": "uint8", "s": "string", "b": "bool"},
    **{name: {"x": name} for name in ("int8", "int32", "int64", "uint32", "uint64", "float64")},
    **{name: {"x": name} for name in ("uint8", "bool", "string", "float16")},
}


def inputs(signature: str) -> Mapping[str, meta_graph_pb2.TensorInfo]:
    names = SIGNATURES.get(signature or "serving_default")
    if names is None:
        raise invalid(f'Serving signature name: "{signature}" not found in signature def')
    return {
        name: meta_graph_pb2.TensorInfo(dtype=tf.as_dtype(kind).as_datatype_enum)
        for name, kind in names.items()
    }


def read(body: bytes | str | dict[str, Any]) -> tuple[dict[str, np.ndarray], JsonFormat]:
    if isinstance(body, dict):
        body = json.dumps(body)
    request = predict_pb2.PredictRequest()
    form = fill_predict_request(body.encode() if isinstance(body, str) else body, inputs, request)
    return {name: tf.make_ndarray(message) for name, message in request.inputs.items()}, form


def check_read_or_refused(body: bytes) -> None:
    """Raises whatever is neither a request nor an error that its sender can read."""
    for ask in (
        lambda: read(body),
        lambda: fill_classification_request(body, classification_pb2.ClassificationRequest()),
    ):
        try:
            ask()
        except ServingError as error:
            assert error.message and json.loads(error_json(error.message))["error"]
