"""The client's REST side: TF Serving's REST API over httpx."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx

from data.errors import ConfigurationError, InputError
from serving.client import ClientOptions, Unanswered, refusal
from serving.prediction import Prediction, predictions

T = TypeVar("T")


class _Rest:
    """What both ways to wait have in common."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        self._server = server
        place = ""
        if options.version is not None:
            place = f"/versions/{options.version}"
        elif options.label is not None:
            place = f"/labels/{options.label}"
        model = f"{server.rstrip('/')}/v1/models/{options.model_name}"
        try:
            self._model = httpx.URL(model)
            self._url = httpx.URL(f"{model}{place}:predict")
        except httpx.InvalidURL as error:
            raise ConfigurationError(
                f"server {server}", f"no address of a server ({error})", "Write http://HOST:PORT"
            ) from error
        self._settings: dict[str, Any] = {"trust_env": False}
        if options.token is not None:
            token = options.token.get_secret_value()
            self._settings["headers"] = {"Authorization": f"Bearer {token}"}
        if options.certificate is not None:
            self._settings["verify"] = ssl.create_default_context(cafile=options.certificate)

    @staticmethod
    def _body(images: Sequence[bytes]) -> bytes:
        encoded = [{"b64": base64.b64encode(image).decode()} for image in images]
        return json.dumps({"instances": encoded}).encode()

    def _answer(self, response: httpx.Response) -> list[Prediction]:
        return self._read(response, _predictions)

    def _versions(self, response: httpx.Response) -> list[int]:
        return self._read(response, _available)

    def _read(self, response: httpx.Response, meaning: Callable[[Any], T]) -> T:
        try:
            answer = response.json()
            if response.is_success:
                return meaning(answer)
            message = answer["error"]
        except (ValueError, LookupError, TypeError) as error:
            raise InputError(
                self._server,
                f"it answers {response.status_code}, but not as a model of `brisc run` does",
                "Give the address of TF Serving or `brisc serve`",
            ) from error
        raise refusal(self._server, response.status_code, message)


def _predictions(answer: Any) -> list[Prediction]:
    rows = answer["predictions"]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    masks = columns["mask_png_bytes"]
    columns["mask_png_bytes"] = [base64.b64decode(mask["b64"]) for mask in masks]
    return predictions(columns)


def _available(answer: Any) -> list[int]:
    states = answer["model_version_status"]
    ready = (int(state["version"]) for state in states if state["state"] == "AVAILABLE")
    return sorted(ready, reverse=True)


class Blocking(_Rest):
    """Waits for the answer."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        super().__init__(server, options)
        self._http = httpx.Client(**self._settings)

    def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]:
        return self._answer(self._ask("POST", self._url, seconds, self._body(images)))

    def versions(self, seconds: float) -> list[int]:
        return self._versions(self._ask("GET", self._model, seconds))

    def _ask(
        self, method: str, url: httpx.URL, seconds: float, body: bytes | None = None
    ) -> httpx.Response:
        try:
            return self._http.request(method, url, content=body, timeout=seconds)
        except httpx.TransportError as error:
            raise Unanswered(str(error) or type(error).__name__) from error

    def close(self) -> None:
        self._http.close()


class Asynchronous(_Rest):
    """Is awaited."""

    def __init__(self, server: str, options: ClientOptions) -> None:
        super().__init__(server, options)
        self._http = httpx.AsyncClient(**self._settings)

    async def predict(self, images: Sequence[bytes], seconds: float) -> list[Prediction]:
        return self._answer(await self._ask("POST", self._url, seconds, self._body(images)))

    async def versions(self, seconds: float) -> list[int]:
        return self._versions(await self._ask("GET", self._model, seconds))

    async def _ask(
        self, method: str, url: httpx.URL, seconds: float, body: bytes | None = None
    ) -> httpx.Response:
        try:
            asked = self._http.request(method, url, content=body, timeout=None)
            return await asyncio.wait_for(asked, seconds)
        except (httpx.TransportError, asyncio.TimeoutError) as error:
            raise Unanswered(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        await self._http.aclose()
