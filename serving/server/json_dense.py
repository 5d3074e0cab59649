"""Dense tensors from lists of lists, all elements at once."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.json_base64 import decoded_or_none
from serving.server.json_parse import as_double

Shape = tuple[int, ...]

FLOATS = {types_pb2.DT_FLOAT: np.float32, types_pb2.DT_DOUBLE: np.float64}

# The type that the numbers have to fit, and that of the tensor: TF Serving reads all small integers
# as of 32 bits, and what is too large for the tensor wraps around.
INTEGERS: dict[int, tuple[Any, Any]] = {
    types_pb2.DT_INT8: (np.int32, np.int8),
    types_pb2.DT_UINT8: (np.int32, np.uint8),
    types_pb2.DT_INT16: (np.int32, np.int16),
    types_pb2.DT_INT32: (np.int32, np.int32),
    types_pb2.DT_INT64: (np.int64, np.int64),
    types_pb2.DT_UINT32: (np.uint32, np.uint32),
    types_pb2.DT_UINT64: (np.uint64, np.uint64),
}


def shape_of(value: Any) -> Shape:
    """That of the first elements; whether the others have it remains to be seen."""
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return tuple(sizes)


def dense(value: Any, shape: Shape, dtype: int) -> tensor_pb2.TensorProto | None:
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
        contents = [
            leaf.encode() if isinstance(leaf, str) else decoded_or_none(leaf) for leaf in level
        ]
        if None in contents:
            return None
        message.string_val.extend(contents)
    elif dtype in FLOATS and kinds <= {int, float}:
        # By way of a double, as RapidJSON gives a float.
        doubles = np.array(list(map(as_double, level)) if int in kinds else level, np.float64)
        with np.errstate(over="ignore"):
            message.tensor_content = doubles.astype(FLOATS[dtype]).tobytes()
    elif dtype in INTEGERS and kinds <= {int}:
        wide, narrow = INTEGERS[dtype]
        if level and not fits(wide, min(level), max(level)):
            return None
        message.tensor_content = np.array(level, wide).astype(narrow).tobytes()
    elif dtype == types_pb2.DT_BOOL and kinds <= {bool}:
        message.tensor_content = np.array(level, bool).tobytes()
    elif level:
        return None
    return message


def fits(kind: Any, smallest: int, largest: int) -> bool:
    """Whether integers of this range are all of type ``kind``."""
    limits = np.iinfo(kind)
    return int(limits.min) <= smallest and largest <= int(limits.max)
