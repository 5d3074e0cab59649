"""What is wrong with values that make no tensor: the first fault, in TF Serving's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from serving.server.errors import ServingError, StatusCode, invalid
from serving.server.json_base64 import decoded, is_base64
from serving.server.json_dense import FLOATS, INTEGERS, Shape, fits, shape_of
from serving.server.json_parse import as_double
from serving.server.json_quote import quoted, type_of
from serving.server.tensors import type_name

Inputs = Mapping[str, meta_graph_pb2.TensorInfo]


def check_value(value: Any, dtype: int) -> int:
    """How many elements of type ``dtype`` there are.

    Raises:
        ServingError: The lists are ragged, or an element is of another type.
    """
    count = 0
    for leaf in _leaves(value, shape_of(value), 0):
        _check(leaf, dtype)
        count += 1
    return count


def check_rows(rows: list[Any], inputs: Inputs, objects: bool) -> None:
    """Looks at each row: values of the only input, or ``objects``.

    Raises:
        ServingError: One is wrong, or unlike those before it.
    """
    shapes: dict[str, tuple[int, Shape]] = {}
    for number, row in enumerate(rows):
        if is_object(row) != objects:
            wanted, got = ("object", "list") if objects else ("value/list", "object")
            raise invalid(f"Expecting {wanted} but got {got} at item {number} of input list")
        for name, value in row.items() if objects else [(next(iter(inputs)), row)]:
            key = f" key: {name}" if objects else ""
            try:
                _check_item(name, value, inputs, shapes)
            except ServingError as error:
                raise invalid(
                    f"Failed to process element: {number}{key} of 'instances' list. "
                    f"Error: {error.code.name}: {error.message}"
                ) from error
        if objects and row.keys() != inputs.keys():
            raise invalid(
                f"Failed to process element: {number} of 'instances' list. JSON object: "
                f"{quoted(row)} keys must be equal to: {','.join(sorted(inputs))}"
            )


def is_object(row: Any) -> bool:
    """Whether this is a row of named values."""
    return isinstance(row, dict) and not is_base64(row)


def _check_item(
    name: str, value: Any, inputs: Inputs, shapes: dict[str, tuple[int, Shape]]
) -> None:
    if name not in inputs:
        raise invalid(f"JSON object: does not have named input: {name}")
    shape = shape_of(value)
    size = check_value(value, inputs[name].dtype)
    first_size, first_shape = shapes.setdefault(name, (size, shape))
    if size != first_size:
        raise invalid(f"Expecting tensor size: {first_size} but got: {size}")
    if shape != first_shape:
        raise invalid(f"Expecting shape {_text(first_shape)} but got: {_text(shape)}")


def _leaves(value: Any, shape: Shape, level: int) -> Iterator[Any]:
    """The elements one by one, for as long as the lists have the shape."""
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid(
                f"JSON Value: {quoted(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {rank}"
            )
        yield value
        return
    if level >= rank:
        raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for part in value:
        yield from _leaves(part, shape, level + 1)


def _check(leaf: Any, dtype: int) -> None:
    kind = type(leaf)
    if dtype == types_pb2.DT_STRING:
        good = kind is str
        if kind is dict:
            decoded(leaf)
            return
    elif dtype in FLOATS:
        good = kind in (int, float)
    elif dtype in INTEGERS:
        good = kind is int and fits(INTEGERS[dtype][0], leaf, leaf)
    elif dtype == types_pb2.DT_BOOL:
        good = kind is bool
    elif kind is dict:
        good = False
    else:
        raise ServingError(
            StatusCode.UNIMPLEMENTED,
            f"Conversion of JSON Value: {quoted(leaf)} to type: {type_name(dtype)}",
        )
    if not good:
        raise invalid(
            f"JSON Value: {quoted(leaf)} Type: {type_of(leaf)} "
            f"is not of expected type: {type_name(dtype)}"
        )
    if kind is int and dtype in FLOATS:
        as_double(leaf)


def _text(shape: Shape) -> str:
    return "[" + ",".join(map(str, shape)) + "]"
