"""The client's gRPC side: PredictionService by the stubs of tensorflow-serving-api."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.client import ClientOptions, Unanswered, refusal
from serving.prediction import OUTPUTS, Prediction, predictions
from serving.server.errors import http_status

_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class _Grpc:
    """What both ways to wait have in common."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        self._server = server
        self._options = options
        scheme, _, self._target = server.partition("://")
        self._credentials = None
        if scheme == "grpcs":
            trusted = options.certificate.read_bytes() if options.certificate else None
            self._credentials = grpc.ssl_channel_credentials(trusted)
        self._metadata: list[tuple[str, str]] = []
        if options.token is not None:
            token = options.token.get_secret_value()
            self._metadata.append(("authorization", f"Bearer {token}"))

    def _request(self, images: Sequence[bytes]) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._options.model_name
        if self._options.version is not None:
            request.model_spec.version.value = self._options.version
        elif self._options.label is not None:
            request.model_spec.version_label = self._options.label
        request.output_filter.extend(sorted(OUTPUTS))
        encoded = np.array(list(images), dtype=object)
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(encoded, tf.string))
        return request

    @staticmethod
    def _answer(response: predict_pb2.PredictResponse) -> list[Prediction]:
        return predictions({name: tf.make_ndarray(response.outputs[name]) for name in OUTPUTS})

    def _question(self) -> get_model_status_pb2.GetModelStatusRequest:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._options.model_name
        return request

    @staticmethod
    def _available(response: get_model_status_pb2.GetModelStatusResponse) -> list[int]:
        ready = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        states = response.model_version_status
        return sorted((state.version for state in states if state.state == ready), reverse=True)

    def _refusal(self, error: Any) -> Exception:
        code, message = error.code(), error.details() or error.code().name
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Unanswered(message)
        return refusal(self._server, http_status(code), message)


class Blocking(_Grpc):
    """Waits for the answer."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        super().__init__(server, options)
        self._channel = (
            grpc.insecure_channel(self._target, options=_OPTIONS)
            if self._credentials is None
            else grpc.secure_channel(self._target, self._credentials, options=_OPTIONS)
        )
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]:
        try:
            response = self._stub.Predict(
                self._request(images), timeout=seconds, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise self._refusal(error) from error
        return self._answer(response)

    def versions(self, seconds: float) -> list[int]:
        try:
            response = self._models.GetModelStatus(
                self._question(), timeout=seconds, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise self._refusal(error) from error
        return self._available(response)

    def close(self) -> None:
        self._channel.close()


class Asynchronous(_Grpc):
    """Is awaited."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        super().__init__(server, options)
        self._channel = (
            grpc.aio.insecure_channel(self._target, options=_OPTIONS)
            if self._credentials is None
            else grpc.aio.secure_channel(self._target, self._credentials, options=_OPTIONS)
        )
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    async def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]:
        try:
            response = await self._stub.Predict(
                self._request(images), timeout=seconds, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise self._refusal(error) from error
        return self._answer(response)

    async def versions(self, seconds: float) -> list[int]:
        try:
            response = await self._models.GetModelStatus(
                self._question(), timeout=seconds, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise self._refusal(error) from error
        return self._available(response)

    async def close(self) -> None:
        await self._channel.close()
