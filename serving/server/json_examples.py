"""tf.Examples from JSON objects, a feature a member (example.proto)."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2

from serving.server.errors import ServingError, invalid
from serving.server.json_base64 import decoded, is_base64
from serving.server.json_parse import as_double, is_double
from serving.server.json_quote import type_of

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def fill_example(value: Any, example: example_pb2.Example) -> None:
    """Adds the features that ``value`` says.

    Raises:
        ServingError: It is no object, or a feature is of no type or of several.
    """
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {type_of(value)}")
    for name, content in value.items():
        feature = example.features.feature[name]
        for element in content if isinstance(content, list) else [content]:
            _add(element, name, feature)


def _add(element: Any, name: str, feature: feature_pb2.Feature) -> None:
    if isinstance(element, str):
        _values("bytes_list", name, feature).append(element.encode())
    elif is_base64(element):
        _values("bytes_list", name, feature).append(decoded(element))
    elif is_double(element):
        with np.errstate(over="ignore"):
            number = float(np.float32(as_double(element)))
        _values("float_list", name, feature).append(number)
    elif isinstance(element, int):
        values = _values("int64_list", name, feature)
        if element >= 2**63:
            raise invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
        values.append(int(element))
    else:
        raise invalid(f"Feature: {name} has element with unexpected JSON type: {type_of(element)}")


def _values(kind: str, name: str, feature: feature_pb2.Feature) -> Any:
    """The list of this kind, if the feature has no other."""
    present = feature.WhichOneof("kind") or kind
    if present != kind:
        raise _mixed(name, present)
    return getattr(feature, kind).value


def _mixed(name: str, present: str) -> ServingError:
    return invalid(f"Unexpected element type in feature: {name} expecting type: {_KINDS[present]}")
