"""Asks a server for class and mask of slices: over REST or gRPC, waiting or asynchronously.

    with Client("http://127.0.0.1:8501") as client:
        prediction = client.predict([Path("slice.jpg").read_bytes()])[0]
    print(prediction.label, prediction.mask.sum())

``http://`` and ``https://`` are REST and need no TensorFlow; ``grpc://`` and ``grpcs://`` are gRPC.
Encoded files are sent, never pixels. What fails on the way is tried again, with growing, random
waits; asking twice does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import tenacity
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from data.errors import ConfigurationError, InputError
from serving.prediction import Prediction

T = TypeVar("T")

_WAITS = tenacity.wait_random_exponential(multiplier=0.1, max=2.0)


class ClientOptions(BaseModel):
    """Which version of which model is asked, and how patiently."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_name: str = "brisc"
    version: int | None = Field(None, ge=0)
    label: str | None = None
    """Instead of a version; with neither it is the newest."""
    token: SecretStr | None = None
    seconds: float = Field(30.0, gt=0)
    """Until an answer begins to come, all attempts together."""
    attempts: int = Field(5, ge=1)
    certificate: Path | None = None
    """Of who signed the server's, PEM; default: those that this machine trusts."""


class Unanswered(Exception):
    """Nothing came back, or the server has no time; another attempt may succeed."""


class NoAnswer(InputError):
    """The server did not answer in the time and the attempts that it was given."""


class NotServed(InputError):
    """The server has no such model, or not that version of it."""


class Transport(Protocol):
    """One protocol, with one server. Both raise ``Unanswered`` or ``InputError``."""

    def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]: ...

    def versions(self, seconds: float) -> list[int]: ...

    def close(self) -> None: ...


class AsyncTransport(Protocol):
    """As ``Transport``, awaited."""

    async def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]: ...

    async def versions(self, seconds: float) -> list[int]: ...

    async def close(self) -> None: ...


class Client:
    """Waits for answers; may be used by several threads."""

    def __init__(self, server: str, options: ClientOptions | None = None) -> None:
        """Knows ``server``, for example grpc://127.0.0.1:8500, and connects when it is asked.

        Raises:
            ConfigurationError: It is no such address.
        """
        self._server = server
        self._options = options or ClientOptions()
        self._transport: Transport = _module(server).Blocking(server, self._options)

    def predict(self, images: Sequence[bytes]) -> list[Prediction]:
        """Answers for encoded slices (JPEG, PNG, BMP or GIF), in their order.

        Raises:
            InputError: The server refuses them, or there is no answer in time (``NoAnswer``).
        """
        return self._ask(lambda seconds: self._transport.predict(images, seconds))

    def versions(self) -> list[int]:
        """The versions of the model that the server answers for, the newest first.

        Raises:
            InputError: As of ``predict``.
        """
        return self._ask(self._transport.versions)

    def _ask(self, question: Callable[[float], T]) -> T:
        try:
            for attempt in tenacity.Retrying(**_policy(self._options)):
                with attempt:
                    return question(_left(attempt, self._options))
        except Unanswered as error:
            raise _no_answer(self._server, error) from error
        raise AssertionError("tenacity raises or returns")

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """As ``Client``, for one event loop: ``async with AsyncClient(...)``."""

    def __init__(self, server: str, options: ClientOptions | None = None) -> None:
        """As of ``Client``."""
        self._server = server
        self._options = options or ClientOptions()
        self._transport: AsyncTransport = _module(server).Asynchronous(server, self._options)

    async def predict(self, images: Sequence[bytes]) -> list[Prediction]:
        """As of ``Client``."""
        return await self._ask(lambda seconds: self._transport.predict(images, seconds))

    async def versions(self) -> list[int]:
        """As of ``Client``."""
        return await self._ask(self._transport.versions)

    async def _ask(self, question: Callable[[float], Awaitable[T]]) -> T:
        try:
            async for attempt in tenacity.AsyncRetrying(**_policy(self._options)):
                with attempt:
                    return await question(_left(attempt, self._options))
        except Unanswered as error:
            raise _no_answer(self._server, error) from error
        raise AssertionError("tenacity raises or returns")

    async def close(self) -> None:
        """Ends the connection."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _module(server: str) -> Any:
    scheme, separator, target = server.partition("://")
    if separator and target and scheme in ("http", "https"):
        from serving import client_rest

        return client_rest
    if separator and target and scheme in ("grpc", "grpcs"):
        from serving import client_grpc

        return client_grpc
    raise ConfigurationError(
        f"server {server}",
        "no address of a server",
        "Write http://HOST:PORT for REST or grpc://HOST:PORT for gRPC (https, grpcs: by TLS)",
    )


def _policy(options: ClientOptions) -> dict[str, Any]:
    return {
        "retry": tenacity.retry_if_exception_type(Unanswered),
        "wait": _WAITS,
        "stop": tenacity.stop_after_attempt(options.attempts)
        | tenacity.stop_before_delay(options.seconds),
        "reraise": True,
    }


def _left(attempt: tenacity.AttemptManager, options: ClientOptions) -> float:
    passed = time.monotonic() - attempt.retry_state.start_time
    return max(options.seconds - passed, 0.001)


def _no_answer(server: str, error: Unanswered) -> NoAnswer:
    return NoAnswer(
        server, f"no answer ({error})", "Start the server with `brisc serve`, or give another one"
    )


def refusal(server: str, status: int, message: str) -> Exception:
    """What a status of HTTP that is no success means for who asked."""
    if status == 503:
        return Unanswered(message)
    if status in (413, 429):
        return InputError(server, message, "Send fewer or smaller slices, or ask again later")
    if status in (401, 403):
        return InputError(server, message, "Give the serving_token that it was started with")
    if status == 404:
        return NotServed(server, message, "Give the name and version of a model that it serves")
    if status == 504:
        return InputError(server, message, "Ask for fewer slices, or give it more time")
    if 400 <= status < 500:
        return InputError(
            "a slice", f"the model cannot answer for it ({message})", "Check the slices"
        )
    return InputError(server, f"it failed ({message})", "Look into its log")
