"""What every answer tells a browser to refuse, and which requests are refused themselves."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Pictures of patients do not belong in a browser's cache on disk.
    "Cache-Control": "no-store",
}


class Guard:
    """Adds ``HEADERS``, and refuses what another site makes a browser send."""

    def __init__(self, app: ASGIApp, host: str, names: Collection[str] = ()) -> None:
        """Guards ``app``, which listens at ``host`` and may be called by ``names`` alone.

        Without any it is called by all, but at a loopback address by this machine's own.
        """
        self._app = app
        self._local = is_loopback(host)
        self._names = {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        answer: Any = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await answer(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        # A page elsewhere whose name is made to mean 127.0.0.1 has that name here.
        name = headers.get("host", "").rpartition("@")[2]
        name = name.partition("]")[0].lstrip("[") if "[" in name else name.partition(":")[0]
        if self._names and name.lower() not in self._names:
            return "This page is not called by this name; --trusted-host can add it."
        if not self._names and self._local and not is_loopback(name):
            return "This page is for this machine alone."
        if scope["method"] == "POST" and headers.get("sec-fetch-site") in (
            "cross-site",
            "same-site",
        ):
            return "Only this page itself may ask."
        return None


def is_host_name(name: str) -> bool:
    """Whether it is a bare name or address: without scheme, port or brackets."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return re.fullmatch(r"\w[\w.-]*", name) is not None
    return True


def is_loopback(host: str) -> bool:
    """Whether a name or address is that of this machine, to itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
