"""Tensors as messages (tensor.proto) and as arrays, the way TF Serving writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.errors import invalid

# TF Serving fills these fields; clients in other languages read no others.
_FIELDS: dict[int, tuple[str, Callable[[np.ndarray], Any]]] = {
    types_pb2.DT_FLOAT: ("float_val", np.ndarray.tolist),
    types_pb2.DT_DOUBLE: ("double_val", np.ndarray.tolist),
    types_pb2.DT_BOOL: ("bool_val", np.ndarray.tolist),
    types_pb2.DT_INT64: ("int64_val", np.ndarray.tolist),
    types_pb2.DT_UINT64: ("uint64_val", np.ndarray.tolist),
    types_pb2.DT_UINT32: ("uint32_val", np.ndarray.tolist),
    types_pb2.DT_STRING: ("string_val", np.ndarray.tolist),
    **dict.fromkeys(
        (
            types_pb2.DT_INT32,
            types_pb2.DT_INT16,
            types_pb2.DT_INT8,
            types_pb2.DT_UINT16,
            types_pb2.DT_UINT8,
        ),
        ("int_val", np.ndarray.tolist),
    ),
    **dict.fromkeys(
        (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16),
        ("half_val", lambda values: values.view(np.uint16).tolist()),
    ),
}


def to_message(array: np.ndarray, dtype: int) -> tensor_pb2.TensorProto:
    """A tensor of type ``dtype`` (types.proto) with its values in the field of that type."""
    field = _FIELDS.get(dtype)
    if field is None:
        return tf.make_tensor_proto(array, dtype=tf.as_dtype(dtype))
    name, values = field
    message = tensor_pb2.TensorProto(dtype=dtype)
    for size in array.shape:
        message.tensor_shape.dim.add(size=size)
    getattr(message, name).extend(values(np.ravel(array)))
    return message


def to_array(message: tensor_pb2.TensorProto, alias: str, most_bytes: int) -> np.ndarray:
    """The values of a tensor, whatever field they are in.

    Raises:
        ServingError: It is no tensor, or has more than ``most_bytes``.
    """
    refused = invalid(f"tensor parsing error: {alias}")
    if message.tensor_shape.unknown_rank:
        raise refused
    elements = 1
    for dim in message.tensor_shape.dim:
        if dim.size < 0:
            raise refused
        elements *= dim.size
    try:
        if _size(message, elements) > most_bytes:
            raise invalid(f"tensor {alias} has more than {most_bytes} bytes")
        return tf.make_ndarray(message)
    except (TypeError, ValueError, OverflowError) as error:
        raise refused from error


def _size(message: tensor_pb2.TensorProto, elements: int) -> int:
    """Bytes of the tensor: one value, the last, stands for any number of equal ones."""
    size = elements * max(tf.as_dtype(message.dtype).size or 1, 1)
    if message.dtype == types_pb2.DT_STRING and message.string_val:
        lengths = list(map(len, message.string_val))
        size += sum(lengths) + max(elements - len(lengths), 0) * lengths[-1]
    return size


def type_name(dtype: int) -> str:
    """As TensorFlow's messages name a type: float, double, int32, string."""
    if dtype not in types_pb2.DataType.values():
        return f"type {dtype}"
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()
