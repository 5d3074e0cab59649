"""A server that speaks TF Serving's protocol, as its clients see it."""

from __future__ import annotations

import http.client
import os
import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.protobuf import text_format
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

PHASES = ("served", "labelled", "hot/appeared", "hot/corrupt", "hot/deleted")

_SECONDS = 60.0

_LABELLED = """config { model_config_list { config {
  name: "hpt" base_path: "$MODELS/hpt" model_platform: "tensorflow"
  model_version_policy { specific { versions: 1 versions: 2 } }
  version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 2 }
} } }"""

_HOT = """config { model_config_list { config {
  name: "hpt" base_path: "$MODELS/hot/hpt" model_platform: "tensorflow"
} } }"""


class Server:
    """Asks it, and takes it from phase to phase.

    Attributes:
        models: The folder of its models.
    """

    def __init__(self, rest: str, remote: str, models: Path) -> None:
        address = urlsplit(rest)
        assert address.hostname, f"{rest} is no address such as http://localhost:8501"
        self._host, self._port = address.hostname, address.port
        self.models = models
        self._phase = 0
        channel = grpc.insecure_channel(remote)
        self._stubs = (
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, type and body of what REST answers to a path that is sent as it is."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        finally:
            connection.close()

    def call(self, name: str, request: Any) -> Any:
        """What a call of gRPC answers."""
        stub = next(stub for stub in self._stubs if hasattr(stub, name))
        return getattr(stub, name)(request, timeout=_SECONDS)

    def enter(self, phase: str) -> None:
        """Does what leads to this phase; there is no way back."""
        wanted = PHASES.index(phase)
        assert wanted >= self._phase, f"{phase} is over; the phases are {', '.join(PHASES)}"
        steps = (self._label, self._add, self._corrupt, self._delete)
        for step in steps[self._phase : wanted]:
            step()
            self._phase += 1

    def _label(self) -> None:
        self._reload(_LABELLED)

    def _add(self) -> None:
        hot = self.models / "hot" / "hpt"
        shutil.rmtree(hot, ignore_errors=True)
        hot.mkdir(parents=True)
        self._put(1, 1)
        self._reload(_HOT)
        self._wait({1: "AVAILABLE", 2: "END"})
        self._put(2, 7)
        self._wait({7: "AVAILABLE", 1: "END"})

    def _corrupt(self) -> None:
        self._put(2, 9, damaged=True)
        self._wait({9: "END"})

    def _delete(self) -> None:
        for version in (9, 7):
            shutil.rmtree(self.models / "hot" / "hpt" / str(version))
        self._wait({7: "END", 1: "AVAILABLE"})

    def _put(self, source: int, version: int, *, damaged: bool = False) -> None:
        """Adds a version at once: it is written elsewhere and then renamed."""
        staged = self.models / "hot" / "staged"
        shutil.copytree(self.models / "hpt" / str(source), staged)
        if damaged:
            data = staged / "variables" / "variables.data-00000-of-00001"
            os.truncate(data, data.stat().st_size // 2)
        staged.rename(self.models / "hot" / "hpt" / str(version))

    def _reload(self, config: str) -> None:
        request = model_management_pb2.ReloadConfigRequest()
        text_format.Parse(config.replace("$MODELS", str(self.models)), request)
        status = self.call("HandleReloadConfigRequest", request).status
        assert status.error_code == 0, status.error_message

    def _wait(self, wanted: dict[int, str]) -> None:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "hpt"
        name = get_model_status_pb2.ModelVersionStatus.State.Name
        end = time.monotonic() + _SECONDS
        while True:
            found = self.call("GetModelStatus", request).model_version_status
            states = {status.version: name(status.state) for status in found}
            if wanted.items() <= states.items():
                return
            assert time.monotonic() < end, f"{states} does not become {wanted}"
            time.sleep(0.05)
