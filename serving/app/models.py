"""Asks the server for answers of one version, so that the page can say which it was."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from data.errors import InputError
from serving.app.options import AppOptions
from serving.client import AsyncClient, ClientOptions, NoAnswer, NotServed
from serving.prediction import Prediction

_LOG = logging.getLogger(__name__)
SERVER = "the model server"


@dataclass(frozen=True)
class Answer:
    """A prediction, the version that made it, and the seconds until it came."""

    prediction: Prediction
    version: int
    seconds: float


class Models:
    """The versions of one model at one server; for one event loop.

    What the server says of its errors goes to the log: it may name files of its machine.
    """

    def __init__(self, options: AppOptions) -> None:
        self._options = options
        self._newest = AsyncClient(options.server, self._client_options(None))
        self._clients: dict[int, AsyncClient] = {}

    def _client_options(self, version: int | None) -> ClientOptions:
        return ClientOptions(
            model_name=self._options.model_name,
            version=version,
            token=self._options.token,
            seconds=self._options.answer_seconds,
            attempts=3,
        )

    async def versions(self) -> list[int]:
        """Those that answer, the newest first; none while one is being loaded.

        Raises:
            InputError: The server does not answer, or has no such model.
        """
        try:
            return await self._newest.versions()
        except InputError as error:
            raise _passed_on(error, SERVER) from error

    async def predict(self, image: bytes, name: str, version: int | None) -> Answer:
        """Asks for one encoded image.

        Args:
            image: JPEG, PNG, BMP or GIF.
            name: How errors call it.
            version: ``None`` for the newest.

        Raises:
            InputError: There is no answer, or not for this image.
        """
        if version is None or version not in self._clients:
            version = await self._open(version)
        begun = time.monotonic()
        try:
            (prediction,) = await self._clients[version].predict([image])
        except InputError as error:
            raise _passed_on(error, name) from error
        return Answer(prediction, version, time.monotonic() - begun)

    async def _open(self, version: int | None) -> int:
        served = await self.versions()
        if not served:
            raise NoAnswer(SERVER, "it is loading its model", "Wait a little")
        if version is None:
            version = served[0]
        if version not in served:
            raise _not_served()
        if version not in self._clients:
            options = self._client_options(version)
            self._clients[version] = AsyncClient(self._options.server, options)
        return version

    async def close(self) -> None:
        """Ends all connections."""
        for client in (self._newest, *self._clients.values()):
            await client.close()


def _passed_on(error: InputError, name: str) -> InputError:
    _LOG.warning("%s", error)
    if isinstance(error, NoAnswer):
        return NoAnswer(SERVER, "it does not answer", "Wait until it is back, or start it")
    if isinstance(error, NotServed):
        return _not_served()
    return InputError(name, "the model cannot answer for it", error.remedy)


def _not_served() -> NotServed:
    return NotServed(SERVER, "it does not have this model or version", "Choose another version")
