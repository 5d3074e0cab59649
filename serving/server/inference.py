"""Answers Classify, Regress and MultiInference: tf.Examples in, scores out (inference.proto)."""

from __future__ import annotations

import numpy as np
from google.protobuf import text_format
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    model_pb2,
    regression_pb2,
)

from serving.contract import SERVING_DEFAULT
from serving.server.errors import ServingError, StatusCode, invalid
from serving.server.servable import Servable

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


def classify(
    servable: Servable,
    request: classification_pb2.ClassificationRequest,
    seconds: float | None = None,
) -> classification_pb2.ClassificationResponse:
    """Classes and scores of each example.

    Raises:
        ServingError: The signature is of another kind, or the model refuses the examples.
    """
    name = request.model_spec.signature_name or SERVING_DEFAULT
    response = classification_pb2.ClassificationResponse()
    response.result.CopyFrom(_classify(servable, name, request.input, seconds))
    _fill(response.model_spec, servable, name)
    return response


def regress(
    servable: Servable, request: regression_pb2.RegressionRequest, seconds: float | None = None
) -> regression_pb2.RegressionResponse:
    """One value for each example.

    Raises:
        ServingError: The signature is of another kind, or the model refuses the examples.
    """
    name = request.model_spec.signature_name or SERVING_DEFAULT
    response = regression_pb2.RegressionResponse()
    response.result.CopyFrom(_regress(servable, name, request.input, seconds))
    _fill(response.model_spec, servable, name)
    return response


def multi_inference(
    servable: Servable, request: inference_pb2.MultiInferenceRequest, seconds: float | None = None
) -> inference_pb2.MultiInferenceResponse:
    """Answers of several signatures for the same examples.

    Raises:
        ServingError: Two tasks are about two models, or one signature; or as of those above.
    """
    response = inference_pb2.MultiInferenceResponse()
    seen: set[str] = set()
    for task in request.tasks:
        if task.model_spec.name != request.tasks[0].model_spec.name:
            raise invalid(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        name = task.model_spec.signature_name or SERVING_DEFAULT
        if name in seen:
            raise invalid(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in servable.signatures:
            raise invalid(f"Requested signature not found in model graph: {name}")
        result = response.results.add()
        if task.method_name == CLASSIFY:
            result.classification_result.CopyFrom(_classify(servable, name, request.input, seconds))
        elif task.method_name == REGRESS:
            result.regression_result.CopyFrom(_regress(servable, name, request.input, seconds))
        else:
            raise ServingError(
                StatusCode.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
            )
        _fill(result.model_spec, servable, name)
    return response


def _classify(
    servable: Servable, name: str, given: input_pb2.Input, seconds: float | None
) -> classification_pb2.ClassificationResult:
    signature = _signature(servable, name)
    if len(signature.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    feed = _feed(signature, "classification")
    aliases = [alias for alias in ("classes", "scores") if alias in signature.outputs]
    if not aliases:
        raise invalid(
            "Expected classification signature outputs to contain at least one of "
            f'"classes" or "scores". Signature was: {_text(signature)}'
        )
    examples = _examples(given)
    tensors = [signature.outputs[alias].name for alias in aliases]
    arrays = servable.answer(name, {feed: examples}, tensors, seconds)
    columns = dict(zip(aliases, arrays, strict=True))
    for alias, array in columns.items():
        _check_matrix(alias, array, signature.outputs[alias].dtype, len(examples))
    widths = {array.shape[1] for array in columns.values()}
    if len(widths) != 1:
        raise invalid(
            "Tensors class and score should match in dim_size(1). Got "
            f"{columns['classes'].shape[1]} vs. {columns['scores'].shape[1]}"
        )
    (width,) = widths
    result = classification_pb2.ClassificationResult()
    for row in range(len(examples)):
        classifications = result.classifications.add()
        for column in range(width):
            entry = classifications.classes.add()
            if "classes" in columns:
                entry.label = columns["classes"][row, column].decode("utf-8", "replace")
            if "scores" in columns:
                entry.score = columns["scores"][row, column]
    return result


def _regress(
    servable: Servable, name: str, given: input_pb2.Input, seconds: float | None
) -> regression_pb2.RegressionResult:
    signature = _signature(servable, name)
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    feed = _feed(signature, "regression")
    if "outputs" not in signature.outputs:
        raise invalid(f"No regression outputs found in SignatureDef: {_text(signature)}")
    examples = _examples(given)
    output = signature.outputs["outputs"]
    (array,) = servable.answer(name, {feed: examples}, [output.name], seconds)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] != 1):
        raise invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {_shape(array)}"
        )
    if len(array) != len(examples):
        raise invalid(
            f"Input batch size did not match output batch size: {len(examples)} vs. {len(array)}"
        )
    if output.dtype != types_pb2.DT_FLOAT:
        raise invalid(
            f"Expected output Tensor of DT_FLOAT.  Got: {types_pb2.DataType.Name(output.dtype)}"
        )
    result = regression_pb2.RegressionResult()
    for value in np.ravel(array):
        result.regressions.add(value=value)
    return result


def _signature(servable: Servable, name: str) -> meta_graph_pb2.SignatureDef:
    signature = servable.signatures.get(name)
    if signature is None:
        raise invalid(f"No signature was found with the name: {name}")
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    return signature


def _feed(signature: meta_graph_pb2.SignatureDef, kind: str) -> str:
    if "inputs" not in signature.inputs:
        raise invalid(f"No {kind} inputs found in SignatureDef: {_text(signature)}")
    return signature.inputs["inputs"].name


def _examples(given: input_pb2.Input) -> np.ndarray:
    """Serialised tf.Examples, object [n], each with what all of them have in common."""
    kind = given.WhichOneof("kind")
    if kind == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        # Two messages after one another are one that has the fields of both, the later's first.
        found = [
            context + example.SerializeToString()
            for example in given.example_list_with_context.examples
        ]
    else:
        found = [example.SerializeToString() for example in given.example_list.examples]
    if not found:
        raise invalid("Input is empty.")
    return np.array(found, dtype=object)


def _check_matrix(alias: str, array: np.ndarray, dtype: int, rows: int) -> None:
    wanted = types_pb2.DT_STRING if alias == "classes" else types_pb2.DT_FLOAT
    if array.ndim != 2:
        raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}")
    if dtype != wanted:
        raise invalid(
            f"Expected {alias} Tensor of {types_pb2.DataType.Name(wanted)}. "
            f"Got: {types_pb2.DataType.Name(dtype)}"
        )
    if len(array) != rows:
        raise invalid(f"Expected {alias} output batch size of {rows}. Got: {len(array)}")


def _shape(array: np.ndarray) -> str:
    return "[" + ",".join(map(str, array.shape)) + "]"


def _text(signature: meta_graph_pb2.SignatureDef) -> str:
    return text_format.MessageToString(signature)


def _fill(spec: model_pb2.ModelSpec, servable: Servable, signature: str) -> None:
    spec.name = servable.name
    spec.version.value = servable.version
    spec.signature_name = signature
