"""The server's REST side as an ASGI application: bodies in, JSON out, within limits."""

from __future__ import annotations

import asyncio
import hmac
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from serving.server.errors import ServingError, StatusCode, http_status, invalid
from serving.server.json_answers import error_json
from serving.server.metrics import CONTENT_TYPE, Metrics
from serving.server.options import ServerOptions
from serving.server.rest_api import RestApi

_log = logging.getLogger(__name__)

METRICS_PATH = "/monitoring/prometheus/metrics"

_JSON = "application/json"

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class _Unread(Exception):
    """A request whose body is not read to its end."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(eq=False)
class _Held:
    """What of a request is in memory, in bytes."""

    size: int = 0


class _Gone(Exception):
    """Whoever asked has left."""


class RestApplication:
    """Called by the server for every request; models answer on threads of their own."""

    def __init__(self, api: RestApi, metrics: Metrics, options: ServerOptions) -> None:
        self._api = api
        self._metrics = metrics
        self._limits = options.limits
        self._monitoring = options.monitoring
        self._token = None if options.token is None else f"Bearer {options.token}".encode()
        self._threads = ThreadPoolExecutor(options.threads, thread_name_prefix="rest")
        self._held: list[_Held] = []

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One request (ASGI 3)."""
        headers = dict(scope["headers"])
        held = _Held()
        try:
            self._require_token(headers)
            self._held.append(held)
            try:
                reading = self._read(headers, receive, held)
                body = await asyncio.wait_for(reading, self._limits.body_seconds)
                status, kind, answer = await self._answered(scope, headers, body)
            finally:
                self._held.remove(held)
            await _respond(send, status, kind, answer)
        except _Gone:
            return
        except _Unread as error:
            await _respond(send, error.status, _JSON, error_json(str(error)), close=True)
        except asyncio.TimeoutError:
            text = f"The request took more than {self._limits.body_seconds:g} seconds to arrive"
            await _respond(send, 408, _JSON, error_json(text), close=True)

    def _require_token(self, headers: Mapping[bytes, bytes]) -> None:
        shown = headers.get(b"authorization", b"")
        if self._token is not None and not hmac.compare_digest(shown, self._token):
            raise _Unread(http_status(StatusCode.UNAUTHENTICATED), "Missing or wrong token")

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive, held: _Held) -> bytes:
        most = self._limits.body_bytes
        too_long = _Unread(413, f"The request has more than {most} bytes")
        if int(headers.get(b"content-length", b"0")) > most:
            raise too_long
        parts: list[bytes] = []
        while True:
            self._require_room()
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            parts.append(message.get("body", b""))
            held.size += len(parts[-1])
            if held.size > most:
                raise too_long
            if not message.get("more_body", False):
                return b"".join(parts)

    def _require_room(self) -> None:
        size = sum(held.size for held in self._held)
        if len(self._held) > self._limits.waiting_requests or size > self._limits.waiting_bytes:
            text = f"{len(self._held)} requests of {size} bytes are waiting already"
            raise _Unread(http_status(StatusCode.UNAVAILABLE), text)

    async def _answered(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], body: bytes
    ) -> tuple[int, str, bytes]:
        # Whatever follows a question mark is part of the path.
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        if self._monitoring and scope["method"] == "GET" and path == METRICS_PATH:
            return 200, CONTENT_TYPE, self._metrics.text()
        working = asyncio.get_running_loop().run_in_executor(
            self._threads, self._answer, scope["method"], path, headers, body
        )
        seconds = self._limits.answer_seconds
        try:
            # One that has not begun yet never will.
            return await asyncio.wait_for(working, seconds)
        except asyncio.TimeoutError:
            text = f"There is no answer within {seconds:g} seconds"
            return http_status(StatusCode.DEADLINE_EXCEEDED), _JSON, error_json(text)

    def _answer(
        self, method: str, path: str, headers: Mapping[bytes, bytes], body: bytes
    ) -> tuple[int, str, bytes]:
        try:
            if headers.get(b"content-encoding", b"").lower() == b"gzip":
                body = _inflated(body, self._limits.body_bytes)
            return 200, _JSON, self._api.answer(method, path, body)
        except ServingError as error:
            return http_status(error.code), _JSON, error_json(error.message)
        except Exception:
            # What it was is for the log, not for whoever asked.
            _log.exception("%s %s failed", method, path)
            return 500, _JSON, error_json("Internal error")


def _inflated(body: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(body, most)
    except zlib.error as error:
        raise invalid(f"Failed to inflate the gzip body: {error}") from error
    if inflater.unconsumed_tail:
        raise ServingError(
            StatusCode.RESOURCE_EXHAUSTED, f"The inflated body has more than {most} bytes"
        )
    if not inflater.eof:
        raise invalid("Failed to inflate the gzip body: it ends too early")
    return inflated


async def _respond(send: Send, status: int, kind: str, body: bytes, *, close: bool = False) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
