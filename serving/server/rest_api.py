"""The server's REST API: which request a path and a body are, and the JSON of its answer.

Paths and texts are those of TF Serving's http_rest_api_handler.cc.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack

from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.contract import SERVING_DEFAULT
from serving.server.errors import invalid
from serving.server.handlers import Handlers
from serving.server.json_answers import (
    classification_json,
    metadata_json,
    predict_json,
    regression_json,
    status_json,
)
from serving.server.json_requests import (
    fill_classification_request,
    fill_predict_request,
    fill_regression_request,
)
from serving.server.manager import ModelManager
from serving.server.metadata import SIGNATURES
from serving.server.metrics import Metrics
from serving.server.options import Limits
from serving.server.predict import predict
from serving.server.servable import Servable

_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_QUESTION = re.compile(
    rf"(?i:/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<metadata>metadata))?)"
)
# Paths ignore case, verbs do not.
_COMMAND = re.compile(
    rf"(?i:/v1/models)/(?P<name>[^/:]+)(?i:{_VERSION}):(?P<verb>classify|regress|predict)"
)
_LARGEST_VERSION = 2**63 - 1

_Names = Mapping[str, meta_graph_pb2.TensorInfo]


class RestApi:
    """Answers requests; safe to use from several threads."""

    def __init__(
        self, manager: ModelManager, handlers: Handlers, metrics: Metrics, limits: Limits
    ) -> None:
        self._manager = manager
        self._handlers = handlers
        self._metrics = metrics
        self._limits = limits

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """The JSON of the answer.

        Args:
            method: Of HTTP.
            path: Decoded, with whatever follows a question mark.
            body: As it was sent, inflated.

        Raises:
            ServingError: The request is malformed, or refused.
        """
        command = _COMMAND.fullmatch(path) if method == "POST" else None
        question = _QUESTION.fullmatch(path) if method == "GET" else None
        found = command or question
        if found is None:
            raise invalid(f"Malformed request: {method} {path}")
        spec = _spec(found)
        if command is not None:
            with self._metrics.measured(spec.name, command["verb"], "REST"):
                return self._obey(command["verb"], spec, body)
        if not spec.name:
            raise invalid("Missing model name in request.")
        if found["metadata"]:
            asked = get_model_metadata_pb2.GetModelMetadataRequest(
                model_spec=spec, metadata_field=[SIGNATURES]
            )
            return metadata_json(self._handlers.metadata(asked))
        # A label is ignored: the states of all versions are told.
        spec.ClearField("version_label")
        return status_json(
            self._handlers.status(get_model_status_pb2.GetModelStatusRequest(model_spec=spec))
        )

    def _obey(self, verb: str, spec: model_pb2.ModelSpec, body: bytes) -> bytes:
        seconds = self._limits.answer_seconds
        if verb == "classify":
            classification = classification_pb2.ClassificationRequest(model_spec=spec)
            fill_classification_request(body, classification, self._limits.json_depth)
            return classification_json(self._handlers.classify(classification, seconds))
        if verb == "regress":
            regression = regression_pb2.RegressionRequest(model_spec=spec)
            fill_regression_request(body, regression, self._limits.json_depth)
            return regression_json(self._handlers.regress(regression, seconds))
        return self._predict(spec, body)

    def _predict(self, spec: model_pb2.ModelSpec, body: bytes) -> bytes:
        request = predict_pb2.PredictRequest(model_spec=spec)
        with ExitStack() as stack:
            used: list[Servable] = []

            def inputs(signature: str) -> _Names:
                # The version that says what the numbers mean is the one that answers.
                used.append(stack.enter_context(self._manager.using(spec)))
                return _inputs(used[0], signature)

            form = fill_predict_request(body, inputs, request, self._limits.json_depth)
            response = predict(
                used[0], request, self._limits.tensor_bytes, self._limits.answer_seconds
            )
        return predict_json(response.outputs, form)


def _inputs(servable: Servable, signature: str) -> _Names:
    name = signature or SERVING_DEFAULT
    if name not in servable.signatures:
        raise invalid(f'Serving signature name: "{name}" not found in signature def')
    return servable.signatures[name].inputs


def _spec(found: re.Match[str]) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=found["name"] or "")
    if found["version"]:
        digits = found["version"].lstrip("0") or "0"
        if len(digits) > len(str(_LARGEST_VERSION)) or int(digits) > _LARGEST_VERSION:
            raise invalid(f"Failed to convert version: {found['version']} to numeric")
        spec.version.value = int(digits)
    elif found["label"]:
        spec.version_label = found["label"]
    return spec
