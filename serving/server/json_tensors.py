"""Tensors from JSON values: shapes from the brackets, types from the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow.core.framework import tensor_pb2

from serving.server.errors import invalid
from serving.server.json_dense import dense, shape_of
from serving.server.json_faults import Inputs, check_rows, check_value, is_object
from serving.server.json_quote import quoted


def tensor(value: Any, dtype: int) -> tensor_pb2.TensorProto:
    """A list of lists, or one value, as a tensor of type ``dtype`` (types.proto).

    Raises:
        ServingError: It is ragged, or not of the type.
    """
    message = dense(value, shape_of(value), dtype)
    if message is None:
        # The quick way does not say what is wrong where.
        check_value(value, dtype)
        raise AssertionError(f"a value is refused for no reason: {quoted(value)}")
    return message


def row_tensors(rows: list[Any], inputs: Inputs) -> dict[str, tensor_pb2.TensorProto]:
    """One tensor for each input of a list of rows: values of the only input, or objects.

    Raises:
        ServingError: Rows differ in names or shapes, or are not of the types.
    """
    objects = is_object(rows[0])
    if not objects and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    columns: Mapping[str, list[Any]] = {}
    if not objects and not any(map(is_object, rows)):
        columns = dict.fromkeys(inputs, rows)
    elif objects and all(is_object(row) and row.keys() == inputs.keys() for row in rows):
        columns = {name: [row[name] for row in rows] for name in inputs}
    found = {}
    for name, column in columns.items():
        found[name] = dense(column, (len(rows), *shape_of(column[0])), inputs[name].dtype)
    tensors = {name: message for name, message in found.items() if message is not None}
    if len(tensors) < len(inputs):
        check_rows(rows, inputs, objects)
        raise AssertionError(f"rows are refused for no reason: {quoted(rows)}")
    return tensors
