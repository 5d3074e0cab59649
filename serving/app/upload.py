"""Takes a file that is sent as the body of a request: into memory, and nowhere else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request

from data.errors import InputError
from serving.app.options import AppOptions

_LONGEST = 200
"""Characters of a file's name."""


class TooLarge(InputError):
    """A file beyond ``AppOptions.upload_bytes``."""


class TooSlow(InputError):
    """A file that takes longer than ``AppOptions.upload_seconds``."""


class Uploads:
    """Receives so many files at a time; the others wait before their first byte is read."""

    def __init__(self, options: AppOptions) -> None:
        self._options = options
        self._places = asyncio.Semaphore(options.uploads)

    @asynccontextmanager
    async def received(self, request: Request, name: Path) -> AsyncIterator[bytes]:
        """The body of ``request``; its place is free again when the body of ``with`` ends.

        Raises:
            InputError: It is too large, or too slow.
        """
        async with self._places:
            seconds = self._options.upload_seconds
            try:
                content = await asyncio.wait_for(self._body(request, name), seconds)
            except asyncio.TimeoutError:
                raise TooSlow(
                    name, f"it was not there after {seconds:g} seconds", "Send it again"
                ) from None
            yield content

    async def _body(self, request: Request, name: Path) -> bytes:
        most = self._options.upload_bytes
        declared = request.headers.get("content-length", "")
        size = int(declared) if declared.isdecimal() else 0
        content = bytearray()
        if size <= most:
            async for part in request.stream():
                content += part
                size = len(content)
                if size > most:
                    break
        if size > most:
            raise TooLarge(name, f"it is larger than {most} bytes", "Divide it")
        return bytes(content)


def file_name(given: str) -> Path:
    """The last part of a name that a browser gives; it is shown again, and never opened."""
    last = re.split(r"[/\\]", given)[-1]
    shown = "".join(c for c in last if c.isprintable())[:_LONGEST]
    return Path(shown if shown.strip(". ") else "file")
