"""Whether a server answers as TF Serving does, by exchanges that were recorded from it.

By default the embedded server is asked. Any other that listens for HTTP and gRPC can be, TF
Serving itself above all:

    python -m tests.conformance.models /tmp/models
    tensorflow_model_server --model_config_file=/tmp/models/models.config \
        --port=8500 --rest_api_port=8501 &
    TFS_REST=http://localhost:8501 TFS_GRPC=localhost:8500 TFS_MODELS=/tmp/models \
        python -m pytest tests/conformance

It has to be a fresh one, with the folder at the same path and the files for the tests to change.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from tests.conformance.server import PHASES, Server

EXCHANGES = Path(__file__).parent / "exchanges"

DELIBERATE = {
    "served/classify-3": "a message of TensorFlow ends at its first NUL for Python",
    "labelled/labels-3": "a model that a new config leaves out is gone at once, not after a while",
    "labelled/grpc-8": "the same by gRPC",
}
"""What the embedded server answers in another way, by name of the exchange, and why.

Where no exchange goes, it is safer too: deep JSON and strings that are no UTF-8 are refused, and of
a long body only the beginning is quoted; a reload takes models from below the folders it knows. The
health service is always there, not behind a flag.
"""

MESSAGES = {
    "Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    "Classify": (
        classification_pb2.ClassificationRequest,
        classification_pb2.ClassificationResponse,
    ),
    "Regress": (regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
    "MultiInference": (inference_pb2.MultiInferenceRequest, inference_pb2.MultiInferenceResponse),
    "GetModelMetadata": (
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
    ),
    "GetModelStatus": (
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
    ),
    "HandleReloadConfigRequest": (
        model_management_pb2.ReloadConfigRequest,
        model_management_pb2.ReloadConfigResponse,
    ),
}

# Names of one SavedModel or one build, and what a JSON library says in its own words.
_MASKED = re.compile(
    r"goo\.gle/debug\w*\s*|(?<=__inference_)\w+|(?<=StatefulPartitionedCall)_\d+"
    r"|(?<=JSON Parse error: )(?s:.*)"
)


def _exchanges() -> list[Any]:
    found = []
    for phase in PHASES:
        place = EXCHANGES / phase
        files = sorted(place.glob("*.yaml")) if place.is_dir() else [place.with_suffix(".yaml")]
        for file in files:
            topic = file.relative_to(EXCHANGES).with_suffix("")
            for number, exchange in enumerate(yaml.safe_load(file.read_text(encoding="utf-8"))):
                found.append(pytest.param(phase, exchange, id=f"{topic}-{number}"))
    return found


@pytest.mark.parametrize(("phase", "exchange"), _exchanges())
def test_the_answer_is_that_of_tf_serving(
    server: Server, phase: str, exchange: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    reason = DELIBERATE.get(request.node.callspec.id)
    if reason and "TFS_REST" not in os.environ:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    server.enter(phase)
    if "call" in exchange:
        _check_call(server, exchange)
    else:
        _check_rest(server, exchange)


def _check_rest(server: Server, exchange: dict[str, Any]) -> None:
    method, path = exchange["ask"].split()
    status, kind, body = server.ask(method, path, exchange.get("body", "").encode())
    refused = "answer" not in exchange
    assert status == exchange.get("http", 400 if refused else 200), body
    assert kind == "application/json"
    # An answer to HEAD has no body, and that of one exchange was not recorded.
    if method == "HEAD" or ("error" not in exchange and refused):
        return
    answer = json.loads(body.decode(errors="replace"))
    if refused:
        assert list(answer) == ["error"]
        assert _masked(answer["error"]) == _masked(exchange["error"])
    else:
        assert _is_same(answer, exchange["answer"]), answer


def _check_call(server: Server, exchange: dict[str, Any]) -> None:
    asked, answered = (message() for message in MESSAGES[exchange["call"]])
    text_format.Parse(exchange["request"].replace("$MODELS", str(server.models)), asked)
    if "response" in exchange:
        text_format.Parse(exchange["response"], answered)
        assert server.call(exchange["call"], asked) == answered
        return
    with pytest.raises(grpc.RpcError) as caught:
        server.call(exchange["call"], asked)
    assert caught.value.code().name == exchange["code"]
    assert _masked(caught.value.details()) == _masked(exchange["message"])


def _masked(text: str) -> str:
    return _MASKED.sub("", text)


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, float):
        return _is_same_number(one, other)
    if isinstance(one, str):
        return _masked(one) == _masked(other)
    return bool(one == other)


def _is_same_number(one: float, other: float) -> bool:
    """A float32 is the same, however many of its digits are printed."""
    if not np.isfinite(other):
        return str(one) == str(other)
    with np.errstate(over="ignore"):
        single = np.float32(other)
    return one == other or bool(np.isfinite(single) and np.float32(one) == single)
