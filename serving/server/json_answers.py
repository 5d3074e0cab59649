"""Answers as JSON, as TF Serving's REST gives them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    regression_pb2,
)

from serving.server.errors import invalid, status_of
from serving.server.json_requests import JsonFormat

_BYTES = "_bytes"
"""Outputs whose names end so are base64; other strings are text."""

_State = get_model_status_pb2.ModelVersionStatus.State


def predict_json(outputs: Mapping[str, tensor_pb2.TensorProto], form: JsonFormat) -> bytes:
    """Outputs as ``predictions``, a value or an object a row, or as ``outputs``.

    Raises:
        ServingError: By rows, outputs do not have as many of them as one another.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    if form is JsonFormat.ROW:
        _check_rows(outputs)
    arrays = {name: _array(name, message) for name, message in sorted(outputs.items())}
    only = next(iter(arrays.values())) if len(arrays) == 1 else None
    if form is JsonFormat.COLUMN:
        return _text({"outputs": arrays if only is None else only})
    if only is not None:
        return _text({"predictions": only})
    rows = zip(*arrays.values(), strict=True)
    return _text({"predictions": [dict(zip(arrays, row, strict=True)) for row in rows]})


def classification_json(response: classification_pb2.ClassificationResponse) -> bytes:
    """Pairs of class and score for each example.

    Raises:
        ServingError: There are none.
    """
    if not response.result.classifications:
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    results = [
        [[entry.label, np.float32(entry.score)] for entry in found.classes]
        for found in response.result.classifications
    ]
    return _text({"results": results})


def regression_json(response: regression_pb2.RegressionResponse) -> bytes:
    """A number for each example.

    Raises:
        ServingError: There are none.
    """
    values = [found.value for found in response.result.regressions]
    if not values:
        raise invalid("Cannot convert empty RegressionResults to JSON")
    return _text({"results": np.array(values, np.float32)})


def status_json(response: get_model_status_pb2.GetModelStatusResponse) -> bytes:
    """Each version with its state and what went wrong with it."""
    versions = [
        {
            "version": str(found.version),
            "state": _State.Name(found.state),
            "status": {
                "error_code": status_of(found.status.error_code).name,
                "error_message": found.status.error_message,
            },
        }
        for found in response.model_version_status
    ]
    return _text({"model_version_status": versions})


def metadata_json(response: get_model_metadata_pb2.GetModelMetadataResponse) -> bytes:
    """The signatures, fields without a value among them."""
    spec = response.model_spec
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    found = {name: _signature(each) for name, each in sorted(signatures.signature_def.items())}
    return _text(
        {
            "model_spec": {
                "name": spec.name,
                "version": str(spec.version.value),
                "signature_name": spec.signature_name,
            },
            "metadata": {"signature_def": {"signature_def": found}},
        }
    )


def error_json(message: str) -> bytes:
    """What a refused request is answered."""
    return _text({"error": message.encode("utf-8", "replace").decode()})


def _check_rows(outputs: Mapping[str, tensor_pb2.TensorProto]) -> None:
    expected = None
    for name, message in sorted(outputs.items()):
        if not message.tensor_shape.dim:
            raise invalid(f"Tensor name: {name} has no shape information ")
        size = message.tensor_shape.dim[0].size
        if expected not in (None, size):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {size} expecting: {expected}"
            )
        expected = size


def _array(name: str, message: tensor_pb2.TensorProto) -> Any:
    """What ``_text`` can write: an array of numbers, or lists of strings or objects."""
    array = tf.make_ndarray(message)
    if message.dtype == types_pb2.DT_STRING:
        written = _base64 if name.endswith(_BYTES) else _decoded
        flat = np.empty(array.size, object)
        flat[:] = [written(value) for value in array.ravel()]
        return flat.reshape(array.shape).tolist()
    if message.dtype in (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16):
        array = array.astype(np.float32)
    return array[()] if array.ndim == 0 else array


def _base64(content: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(content).decode()}


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _signature(signature: meta_graph_pb2.SignatureDef) -> dict[str, Any]:
    return {
        "inputs": {name: _tensor(info) for name, info in sorted(signature.inputs.items())},
        "outputs": {name: _tensor(info) for name, info in sorted(signature.outputs.items())},
        "method_name": signature.method_name,
        "defaults": {name: _fields(value) for name, value in sorted(signature.defaults.items())},
    }


def _tensor(info: meta_graph_pb2.TensorInfo) -> dict[str, Any]:
    kind = info.WhichOneof("encoding") or "name"
    encoded = info.name if kind == "name" else _fields(getattr(info, kind))
    shape = info.tensor_shape
    return {
        kind: encoded,
        "dtype": types_pb2.DataType.Name(info.dtype),
        "tensor_shape": {
            "dim": [{"size": str(dim.size), "name": dim.name} for dim in shape.dim],
            "unknown_rank": shape.unknown_rank,
        },
    }


def _fields(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found


def _text(payload: dict[str, Any]) -> bytes:
    """JSON; floats with as few digits as give the same value in their own type."""
    if _is_finite(payload):
        return orjson.dumps(payload, option=orjson.OPT_SERIALIZE_NUMPY)
    # orjson writes null for what JSON has no number for, and TF Serving NaN and Infinity.
    return json.dumps(payload, default=_plain, ensure_ascii=False).encode()


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, np.ndarray | np.floating) or bool(np.isfinite(value).all())


def _plain(array: np.ndarray | np.generic) -> Any:
    if array.dtype != np.float32:
        return array.tolist()
    shortest = [float(str(value)) for value in np.ravel(array)]
    return np.reshape(shortest, np.shape(array)).tolist()
