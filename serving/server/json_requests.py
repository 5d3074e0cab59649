"""Requests from JSON bodies, with the texts of TF Serving's json_tensor.cc for wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from tensorflow_serving.apis import classification_pb2, predict_pb2, regression_pb2

from serving.server.errors import ServingError, invalid
from serving.server.json_base64 import is_base64
from serving.server.json_examples import fill_example
from serving.server.json_faults import Inputs
from serving.server.json_parse import DEPTH, parse
from serving.server.json_quote import quoted
from serving.server.json_tensors import row_tensors, tensor


class JsonFormat(Enum):
    """How a body gives its tensors; the answer is in the same format."""

    ROW = "instances"
    COLUMN = "inputs"


def fill_predict_request(
    body: bytes,
    signature_inputs: Callable[[str], Inputs],
    request: predict_pb2.PredictRequest,
    depth: int = DEPTH,
) -> JsonFormat:
    """Fills the inputs, and the name of the signature where the body has one.

    Args:
        body: ``{"instances": [...]}`` or ``{"inputs": ...}``, with a ``signature_name`` or without.
        signature_inputs: The inputs of the signature of this name, "" the default one.
        request: What is filled.
        depth: Of the JSON, at most.

    Raises:
        ServingError: The body is malformed or does not fit the inputs.
    """
    document = parse(body, depth)
    _fill_signature(document, request)
    signature = request.model_spec.signature_name
    inputs = signature_inputs(signature)
    if not inputs:
        raise invalid(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
    if "instances" in document:
        tensors = row_tensors(_rows(document), inputs)
        form = JsonFormat.ROW
    elif "inputs" in document:
        tensors = _columns(document["inputs"], inputs)
        form = JsonFormat.COLUMN
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    for name, message in tensors.items():
        request.inputs[name].CopyFrom(message)
    return form


def fill_classification_request(
    body: bytes, request: classification_pb2.ClassificationRequest, depth: int = DEPTH
) -> None:
    """Fills the examples, what they have in common, and the name of the signature.

    Args:
        body: ``{"examples": [{...}, ...]}``, with a ``context`` or without.
        request: What is filled.
        depth: Of the JSON, at most.

    Raises:
        ServingError: The body is malformed.
    """
    _fill_examples(body, request, depth)


def fill_regression_request(
    body: bytes, request: regression_pb2.RegressionRequest, depth: int = DEPTH
) -> None:
    """As ``fill_classification_request``."""
    _fill_examples(body, request, depth)


def _fill_signature(document: dict[str, Any], request: Any) -> None:
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise _wrong(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    if name:
        request.model_spec.signature_name = name


def _rows(document: dict[str, Any]) -> list[Any]:
    if "inputs" in document:
        raise _wrong(
            document,
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )
    rows = document["instances"]
    if not isinstance(rows, list):
        raise _wrong(document, "Expecting 'instances' to be an list/array")
    if not rows:
        raise _wrong(document, "No values in 'instances' array")
    return rows


def _columns(value: Any, inputs: Inputs) -> dict[str, Any]:
    if isinstance(value, dict) and not is_base64(value):
        for name in sorted(inputs):
            if name not in value:
                raise invalid(f"Missing named input: {name} in 'inputs' object.")
        return {name: tensor(value[name], info.dtype) for name, info in inputs.items()}
    if len(inputs) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple "
            "input tensors required as per tensorinfo_map"
        )
    return {name: tensor(value, info.dtype) for name, info in inputs.items()}


def _fill_examples(body: bytes, request: Any, depth: int) -> None:
    document = parse(body, depth)
    _fill_signature(document, request)
    found: Any = request.input.example_list
    if "context" in document:
        found = request.input.example_list_with_context
        fill_example(document["context"], found.context)
    if "examples" not in document:
        # Of regressions it says the same.
        raise _wrong(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _wrong(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _wrong(document, "'examples' value is an empty array")
    for example in examples:
        fill_example(example, found.examples.add())


def _wrong(document: dict[str, Any], reason: str) -> ServingError:
    return invalid(f"JSON Value: {quoted(document)} {reason}")
