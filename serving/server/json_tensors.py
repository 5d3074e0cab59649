"""Tensors from JSON values: shapes from the brackets, types from the signature."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from serving.server.errors import ServingError, StatusCode, invalid
from serving.server.json_parse import as_double
from serving.server.json_quote import quoted, type_of
from serving.server.tensors import type_name

Inputs = Mapping[str, meta_graph_pb2.TensorInfo]

_Shape = tuple[int, ...]

_FLOATS = {types_pb2.DT_FLOAT: np.float32, types_pb2.DT_DOUBLE: np.float64}

# The type that the numbers have to fit, and that of the tensor: TF Serving reads all small integers
# as of 32 bits, and what is too large for the tensor wraps around.
_INTEGERS: dict[int, tuple[Any, Any]] = {
    types_pb2.DT_INT8: (np.int32, np.int8),
    types_pb2.DT_UINT8: (np.int32, np.uint8),
    types_pb2.DT_INT16: (np.int32, np.int16),
    types_pb2.DT_INT32: (np.int32, np.int32),
    types_pb2.DT_INT64: (np.int64, np.int64),
    types_pb2.DT_UINT32: (np.uint32, np.uint32),
    types_pb2.DT_UINT64: (np.uint64, np.uint64),
}


def is_base64(value: Any) -> bool:
    """Whether this is an object of the one member ``b64``, a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decoded(value: Any) -> bytes:
    """The bytes of a ``{"b64": ...}``.

    Raises:
        ServingError: It is no such object, or no base64.
    """
    if not is_base64(value):
        raise invalid(f"JSON Value: {quoted(value)} not formatted correctly for base64 data")
    content = _content(value)
    if content is None:
        raise invalid("Unable to base64 decode")
    return content


def tensor(value: Any, dtype: int) -> tensor_pb2.TensorProto:
    """A list of lists, or one value, as a tensor of type ``dtype`` (types.proto).

    Raises:
        ServingError: It is ragged, or not of the type.
    """
    shape = _shape(value)
    message = _message(value, shape, dtype)
    if message is None:
        # The quick way does not say what is wrong where.
        for leaf in _leaves(value, shape, 0):
            _check(leaf, dtype)
        raise AssertionError(f"a value is refused for no reason: {quoted(value)}")
    return message


def row_tensors(rows: list[Any], inputs: Inputs) -> dict[str, tensor_pb2.TensorProto]:
    """One tensor for each input of a list of rows: values of the only input, or objects.

    Raises:
        ServingError: Rows differ in names or shapes, or are not of the types.
    """
    objects = _is_object(rows[0])
    if not objects and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    columns: Mapping[str, list[Any]] = {}
    if not objects and not any(map(_is_object, rows)):
        columns = dict.fromkeys(inputs, rows)
    elif objects and all(_is_object(row) and row.keys() == inputs.keys() for row in rows):
        columns = {name: [row[name] for row in rows] for name in inputs}
    found = {}
    for name, column in columns.items():
        found[name] = _message(column, (len(rows), *_shape(column[0])), inputs[name].dtype)
    tensors = {name: message for name, message in found.items() if message is not None}
    if len(tensors) < len(inputs):
        _check_rows(rows, inputs, objects)
        raise AssertionError(f"rows are refused for no reason: {quoted(rows)}")
    return tensors


def _shape(value: Any) -> _Shape:
    """That of the first elements; whether the others have it remains to be seen."""
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return tuple(sizes)


def _message(value: Any, shape: _Shape, dtype: int) -> tensor_pb2.TensorProto | None:
    """The tensor, all of whose elements are looked at at once; ``None`` where one is wrong."""
    level = [value]
    for size in shape:
        if any(not isinstance(part, list) or len(part) != size for part in level):
            return None
        level = list(chain.from_iterable(level))
    message = tensor_pb2.TensorProto(dtype=dtype)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    kinds = set(map(type, level))
    if dtype == types_pb2.DT_STRING and kinds <= {str, dict}:
        contents = [leaf.encode() if isinstance(leaf, str) else _content(leaf) for leaf in level]
        if None in contents:
            return None
        message.string_val.extend(contents)
    elif dtype in _FLOATS and kinds <= {int, float}:
        # By way of a double, as RapidJSON gives a float.
        doubles = np.array(list(map(as_double, level)) if int in kinds else level, np.float64)
        with np.errstate(over="ignore"):
            message.tensor_content = doubles.astype(_FLOATS[dtype]).tobytes()
    elif dtype in _INTEGERS and kinds <= {int}:
        wide, narrow = _INTEGERS[dtype]
        if level and not _fits(wide, min(level), max(level)):
            return None
        message.tensor_content = np.array(level, wide).astype(narrow).tobytes()
    elif dtype == types_pb2.DT_BOOL and kinds <= {bool}:
        message.tensor_content = np.array(level, bool).tobytes()
    elif level:
        return None
    return message


def _check_rows(rows: list[Any], inputs: Inputs, objects: bool) -> None:
    """Says which row is the first wrong one."""
    shapes: dict[str, tuple[int, _Shape]] = {}
    for number, row in enumerate(rows):
        if _is_object(row) != objects:
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


def _check_item(
    name: str, value: Any, inputs: Inputs, shapes: dict[str, tuple[int, _Shape]]
) -> None:
    if name not in inputs:
        raise invalid(f"JSON object: does not have named input: {name}")
    shape = _shape(value)
    size = 0
    for leaf in _leaves(value, shape, 0):
        _check(leaf, inputs[name].dtype)
        size += 1
    first_size, first_shape = shapes.setdefault(name, (size, shape))
    if size != first_size:
        raise invalid(f"Expecting tensor size: {first_size} but got: {size}")
    if shape != first_shape:
        raise invalid(f"Expecting shape {_text(first_shape)} but got: {_text(shape)}")


def _leaves(value: Any, shape: _Shape, level: int) -> Iterator[Any]:
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
    elif dtype in _FLOATS:
        good = kind in (int, float)
    elif dtype in _INTEGERS:
        good = kind is int and _fits(_INTEGERS[dtype][0], leaf, leaf)
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
    if kind is int and dtype in _FLOATS:
        as_double(leaf)


def _fits(kind: Any, smallest: int, largest: int) -> bool:
    limits = np.iinfo(kind)
    return int(limits.min) <= smallest and largest <= int(limits.max)


def _is_object(row: Any) -> bool:
    return isinstance(row, dict) and not is_base64(row)


def _content(value: dict[str, Any]) -> bytes | None:
    if not is_base64(value):
        return None
    text: str = value["b64"]
    content = _unescaped(text)
    # White space is allowed, and rare.
    return _unescaped("".join(text.split())) if content is None else content


def _unescaped(text: str) -> bytes | None:
    """What base64 says, with its padding or without; ``None``: it is none."""
    bare = text.rstrip("=")
    missing = -len(bare) % 4
    if missing == 3 or len(text) - len(bare) not in (0, missing):
        return None
    try:
        content = binascii.a2b_base64(bare + "=" * missing)
    except ValueError:
        return None
    # It skips what is no letter of base64.
    return content if len(content) == len(bare) * 3 // 4 else None


def _text(shape: _Shape) -> str:
    return "[" + ",".join(map(str, shape)) + "]"
