"""Listens for REST: uvicorn on a thread, with a time in which a request's head has to be there."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from data.errors import ConfigurationError
from serving.listening import listen
from serving.server.options import ServerOptions
from serving.server.rest import RestApplication
from serving.server.tls import read_certificate


class RestServer:
    """Listens once it is made.

    Attributes:
        port: Where.
    """

    def __init__(self, application: RestApplication, options: ServerOptions) -> None:
        """Starts to listen.

        Raises:
            ConfigurationError: The port is taken.
            InputError: The certificate cannot be read.
        """
        if options.certificate is not None and options.private_key is not None:
            read_certificate(options.certificate, options.private_key)
        seconds = options.limits.body_seconds
        config = uvicorn.Config(
            application,
            http=type("TimedProtocol", (_TimedProtocol,), {"head_seconds": seconds}),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_certfile=options.certificate,
            ssl_keyfile=options.private_key,
        )
        listening = listen(options.host, options.rest_port, "--rest-port")
        self.port: int = listening.getsockname()[1]
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="rest-server", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        if not self._server.started:
            raise ConfigurationError(
                f"--rest-port {options.rest_port}",
                f"nothing listens at {options.host}:{self.port}",
                "Give another port, or 0 for any that is free",
            )

    def stop(self, seconds: float) -> None:
        """Takes no more requests and ends when those under way are answered, or after a time."""
        self._server.config.timeout_graceful_shutdown = int(seconds)
        self._server.should_exit = True
        self._thread.join()


class _TimedProtocol(H11Protocol):
    """Closes a connection on which a request's head takes its time.

    uvicorn waits for ever for the rest of a line, and every such connection costs a file.
    """

    head_seconds = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
