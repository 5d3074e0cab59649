"""HTTP as downloads need it: few retries, patience, and errors that name the address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from data.errors import InputError

BUSY = (429, 500, 502, 503, 504)
ELSEWHERE = (
    "Try later, or another --source; or fetch and unpack the archive elsewhere: its folder that "
    "holds classification_task is what other commands take"
)


@dataclass(frozen=True)
class Http:
    """How servers are asked.

    Attributes:
        retries: How often a request is repeated that failed, in a row.
        pause: Seconds before the first repetition; each further one waits twice as long.
        connect_timeout, read_timeout: Seconds without an answer, and without a byte of it.
    """

    retries: int = 4
    pause: float = 1.0
    connect_timeout: float = 15.0
    read_timeout: float = 60.0

    def session(self) -> requests.Session:
        """A session that repeats requests where the server is busy."""
        retry = Retry(
            total=self.retries,
            backoff_factor=self.pause,
            status_forcelist=BUSY,
            raise_on_status=False,
        )
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        # Bytes as they are stored: ranges count those.
        session.headers.update({"Accept-Encoding": "identity", "User-Agent": "brisc"})
        return session

    def get(
        self, session: requests.Session, url: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Asks for ``url``; the body is not read yet.

        Raises:
            InputError: There is no answer, or one of another status than 200, 206 and 416.
        """
        try:
            answer = session.get(
                url,
                headers=headers,
                stream=True,
                timeout=(self.connect_timeout, self.read_timeout),
            )
        except requests.RequestException as error:
            raise InputError(url, f"no answer ({_reason(error)})", ELSEWHERE) from error
        if answer.status_code not in (200, 206, 416):
            answer.close()
            raise InputError(url, f"HTTP {answer.status_code} {answer.reason}", ELSEWHERE)
        return answer

    def json(self, session: requests.Session, url: str) -> Any:
        """The JSON at ``url``.

        Raises:
            InputError: There is none.
        """
        with self.get(session, url) as answer:
            try:
                return answer.json()
            except (requests.RequestException, ValueError) as error:
                raise InputError(url, "the answer is no JSON", ELSEWHERE) from error

    def wait(self, failures: int) -> None:
        """Waits before the next try, after so many failures in a row."""
        time.sleep(self.pause * 2 ** (failures - 1))


def _reason(error: requests.RequestException) -> str:
    # The innermost reason says it in words; those around it repeat address and objects.
    cause: BaseException = error
    while inner := getattr(cause, "reason", None) or (cause.args and cause.args[0]):
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return str(cause).rpartition(": ")[2].rstrip(".") or type(cause).__name__
