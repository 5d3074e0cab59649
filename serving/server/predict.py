"""Answers Predict: named tensors in, named tensors out (predict.proto)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from serving.contract import SERVING_DEFAULT
from serving.server.errors import invalid, precondition
from serving.server.servable import Servable
from serving.server.tensors import to_array, to_message, type_name


def predict(
    servable: Servable,
    request: predict_pb2.PredictRequest,
    most_bytes: int,
    seconds: float | None = None,
) -> predict_pb2.PredictResponse:
    """What the model answers, and the version that did.

    Args:
        servable: The version that the request names.
        request: It.
        most_bytes: What each input may have.
        seconds: Until nobody waits for the answer; ``None``: for ever.

    Raises:
        ServingError: The request does not fit the signature, or the model refuses it.
    """
    name = request.model_spec.signature_name or SERVING_DEFAULT
    signature = servable.signatures.get(name)
    if signature is None:
        raise precondition(f'Serving signature key "{name}" not found.')
    feeds = _feeds(signature, request, most_bytes)
    outputs = _outputs(signature, request.output_filter)
    tensors = [signature.outputs[alias].name for alias in outputs]
    arrays = servable.answer(name, feeds, tensors, seconds)
    response = predict_pb2.PredictResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    response.model_spec.signature_name = name
    for alias, array in zip(outputs, arrays, strict=True):
        message = to_message(np.asarray(array), signature.outputs[alias].dtype)
        response.outputs[alias].CopyFrom(message)
    return response


def _feeds(
    signature: meta_graph_pb2.SignatureDef, request: predict_pb2.PredictRequest, most_bytes: int
) -> dict[str, np.ndarray]:
    wanted, given, defaults = signature.inputs, request.inputs, signature.defaults
    if len(given) != len(wanted) and not defaults:
        raise invalid(
            f"input size does not match signature: {len(given)}!={len(wanted)} "
            f"len({_set(given)}) != len({_set(wanted)}). "
            f"Sent extra: {_set(given.keys() - wanted.keys())}. "
            f"Missing but required: {_set(wanted.keys() - given.keys())}."
        )
    feeds = {}
    for position, (alias, tensor) in enumerate(sorted(wanted.items())):
        message = given[alias] if alias in given else defaults.get(alias)
        if message is None:
            raise invalid(
                f"Signature input alias: {alias}(feed name: {tensor.name}) not found in request "
                "and no default value provided. Inputs expected to be in the request "
                f"{_set(given)}, or default input alias set: {','.join(sorted(defaults))}"
            )
        if message.dtype != tensor.dtype:
            raise invalid(
                f"Expects arg[{position}] to be {type_name(tensor.dtype)} "
                f"but {type_name(message.dtype)} is provided"
            )
        feeds[tensor.name] = to_array(message, alias, most_bytes)
    return feeds


def _outputs(signature: meta_graph_pb2.SignatureDef, chosen: Sequence[str]) -> list[str]:
    seen: list[str] = []
    for alias in chosen:
        if alias not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {_set(signature.outputs)}."
            )
        if alias in seen:
            raise invalid(f"duplicate output tensor alias: {alias}")
        seen.append(alias)
    return seen or sorted(signature.outputs)


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
