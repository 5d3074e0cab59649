"""The server's gRPC side: PredictionService, ModelService, health and reflection."""

from __future__ import annotations

import contextlib
import hmac
import importlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from data.errors import ConfigurationError
from serving.server.errors import ServingError
from serving.server.handlers import Handlers
from serving.server.metrics import Metrics
from serving.server.options import ServerOptions
from serving.server.tls import read_certificate

_log = logging.getLogger(__name__)

_SERVICES = {
    "tensorflow.serving.PredictionService": "tensorflow_serving.apis.prediction_service_pb2",
    "tensorflow.serving.ModelService": "tensorflow_serving.apis.model_service_pb2",
}
"""The modules that define them."""

_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name


class _Services(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    """Both services; a request's deadline is how long its answer is waited for."""

    def __init__(self, handlers: Handlers, metrics: Metrics, threads: int) -> None:
        self._handlers = handlers
        self._metrics = metrics
        self._working = threading.BoundedSemaphore(threads)

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("predict", self._handlers.predict, request, context)

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("classify", self._handlers.classify, request, context)

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("regress", self._handlers.regress, request, context)

    def MultiInference(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("multi_inference", self._handlers.multi_inference, request, context)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("metadata", self._handlers.metadata, request, context)

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("status", self._handlers.status, request, context)

    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer("reload", self._handlers.reload, request, context)

    def _answer(
        self,
        api: str,
        handler: Callable[[Any, float | None], Any],
        request: Any,
        context: grpc.ServicerContext,
    ) -> Any:
        model = request.model_spec.name if hasattr(request, "model_spec") else ""
        seconds = context.time_remaining()
        if seconds is not None and seconds > threading.TIMEOUT_MAX:
            # What gRPC says of a request without a deadline.
            seconds = None
        try:
            with self._metrics.measured(model, api, "GRPC"):
                if not self._working.acquire(timeout=seconds):
                    raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded")
                try:
                    return handler(request, seconds)
                finally:
                    self._working.release()
        except ServingError as error:
            context.abort(error.code, error.message)
        except Exception:
            # What it was is for the log, not for whoever asked.
            _log.exception("%s failed", api)
            context.abort(grpc.StatusCode.INTERNAL, "Internal error")


class _Token(grpc.ServerInterceptor):
    """Refuses who does not show the token, but for questions of health."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()
        self._refusal = grpc.unary_unary_rpc_method_handler(_refuse)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        if handler_call_details.method.startswith(f"/{_HEALTH}/"):
            return continuation(handler_call_details)
        for key, value in handler_call_details.invocation_metadata:
            if key == "authorization" and hmac.compare_digest(value.encode(), self._expected):
                return continuation(handler_call_details)
        return self._refusal


def _register_services() -> None:
    """Has reflection find the services."""
    for module in _SERVICES.values():
        # They were generated long ago. Newer protobufs take the definition and then refuse to have
        # an option of the file set, which nothing here needs.
        with contextlib.suppress(AttributeError):
            importlib.import_module(module)


def _refuse(request: Any, context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "Missing or wrong token")


class GrpcServer:
    """Listens once it is made.

    Attributes:
        port: Where.
    """

    def __init__(self, handlers: Handlers, metrics: Metrics, options: ServerOptions) -> None:
        """Starts to listen.

        Raises:
            ConfigurationError: The port is taken, or the certificate cannot be read.
        """
        interceptors = [] if options.token is None else [_Token(options.token)]
        self._server = grpc.server(
            # A request holds a thread from its first byte on: those that do not arrive must not
            # keep out those that do.
            ThreadPoolExecutor(options.limits.waiting_requests, thread_name_prefix="grpc"),
            maximum_concurrent_rpcs=options.limits.waiting_requests,
            interceptors=interceptors,
            options=[
                ("grpc.max_receive_message_length", options.limits.body_bytes),
                ("grpc.max_send_message_length", -1),
                # Two servers on one port would share its clients.
                ("grpc.so_reuseport", 0),
            ],
        )
        services = _Services(handlers, metrics, options.threads)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(services, self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(services, self._server)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        _register_services()
        names = [*_SERVICES, _HEALTH, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, self._server)
        self.port = self._listen(options)
        self._server.start()
        for name in names:
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def stop(self, seconds: float) -> threading.Event:
        """Takes no more requests.

        Returns:
            Is set when those under way are answered, or after a time.
        """
        self._health.enter_graceful_shutdown()
        ended: threading.Event = self._server.stop(seconds)
        return ended

    def _listen(self, options: ServerOptions) -> int:
        host = f"[{options.host}]" if ":" in options.host else options.host
        address = f"{host}:{options.grpc_port}"
        try:
            if options.certificate is None or options.private_key is None:
                port = self._server.add_insecure_port(address)
            else:
                pair = read_certificate(options.certificate, options.private_key)
                port = self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        except RuntimeError:
            port = 0
        if not port:
            raise ConfigurationError(
                f"--grpc-port {options.grpc_port}",
                f"{address} cannot be listened at",
                "Give another port, or 0 for any that is free",
            )
        return port
