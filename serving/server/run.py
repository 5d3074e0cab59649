"""Starts and ends the server: first its models, then its ports."""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError
from serving.server.config_watch import ConfigWatch
from serving.server.errors import ServingError
from serving.server.grpc_services import GrpcServer
from serving.server.handlers import Handlers
from serving.server.manager import ModelManager
from serving.server.metrics import Metrics
from serving.server.model_config import read_models
from serving.server.options import ServerOptions
from serving.server.rest import RestApplication
from serving.server.rest_api import RestApi
from serving.server.rest_server import RestServer
from serving.server.servable import Servable
from serving.server.warmup import load_warm


class RunningServer:
    """A server that listens.

    Attributes:
        grpc_port: Of gRPC.
        rest_port: Of REST.
        models: Names of what is served.
    """

    def __init__(self, options: ServerOptions) -> None:
        """Loads the models and then opens the ports.

        Raises:
            InputError: A model, config or certificate cannot be used.
            ConfigurationError: A port is taken.
        """
        self._seconds = options.drain_seconds
        self._watch = ConfigWatch.of(options)
        models = read_models(options)
        self.models = [model.name for model in models]

        def load(name: str, version: int, directory: Path) -> Servable:
            return load_warm(name, version, directory, options)

        self._manager = ModelManager(models, load, options.poll_seconds)
        try:
            self._manager.start()
        except ServingError as error:
            self._manager.stop()
            places = ", ".join(str(model.base_path) for model in models)
            raise InputError(
                places,
                error.message,
                "Give the folder that `brisc run` pushed to, WORKSPACE/serving/NAME, or push again",
            ) from error
        handlers = Handlers(self._manager, options.limits.tensor_bytes)
        metrics = Metrics(self._manager.serves)
        try:
            self._grpc = GrpcServer(handlers, metrics, options)
            try:
                api = RestApi(self._manager, handlers, metrics, options.limits)
                self._rest = RestServer(RestApplication(api, metrics, options), options)
            except BaseException:
                self._grpc.stop(0).wait()
                raise
        except BaseException:
            self._manager.stop()
            raise
        self.grpc_port = self._grpc.port
        self.rest_port = self._rest.port
        if self._watch is not None:
            self._watch.start(self._manager)

    def stop(self) -> None:
        """Takes no more requests, answers those under way and drops the models."""
        ended = self._grpc.stop(self._seconds)
        self._rest.stop(self._seconds)
        ended.wait()
        if self._watch is not None:
            self._watch.stop()
        self._manager.stop()
