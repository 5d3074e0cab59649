"""Where BRISC is published, and how each place tells its files and their checksums."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from data.download.http import ELSEWHERE, Http
from data.errors import InputError


@dataclass(frozen=True)
class RemoteFile:
    """A published file: ``size`` in bytes, ``md5`` as 32 lower-case hexadecimal digits."""

    name: str
    url: str
    size: int
    md5: str


class Source(Protocol):
    """A place that publishes the data set."""

    def files(self, http: Http, session: requests.Session) -> list[RemoteFile]:
        """Asks for the files.

        Raises:
            InputError: The place does not answer, or not as its interface is described.
        """


@dataclass(frozen=True)
class Zenodo:
    """A record of Zenodo; ``api`` is its REST API (https://developers.zenodo.org)."""

    record: str = "17524350"
    api: str = "https://zenodo.org/api"

    def files(self, http: Http, session: requests.Session) -> list[RemoteFile]:
        """The files of the record."""
        url = f"{self.api}/records/{self.record}"
        answer = http.json(session, url)
        try:
            return [
                _remote(item["key"], item["links"]["self"], item["size"], item["checksum"])
                for item in answer["files"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise _unexpected(url, error) from error


@dataclass(frozen=True)
class Figshare:
    """An article of Figshare; ``api`` is its API, version 2 (https://docs.figshare.com)."""

    article: str = "30533120"
    api: str = "https://api.figshare.com/v2"

    def files(self, http: Http, session: requests.Session) -> list[RemoteFile]:
        """The files of the article."""
        url = f"{self.api}/articles/{self.article}/files?page_size=100"
        answer = http.json(session, url)
        try:
            return [
                _remote(item["name"], item["download_url"], item["size"], item["computed_md5"])
                for item in answer
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise _unexpected(url, error) from error


@dataclass(frozen=True)
class Kaggle:
    """A public data set of Kaggle, which makes one archive of it; needs no account.

    Its storage tells the checksum in a header of the archive itself (``x-goog-hash``).
    """

    handle: str = "briscdataset/brisc2025"
    api: str = "https://www.kaggle.com/api/v1"

    def files(self, http: Http, session: requests.Session) -> list[RemoteFile]:
        """The one archive."""
        url = f"{self.api}/datasets/download/{self.handle}"
        with http.get(session, url) as answer:
            told = re.search(r"md5=([A-Za-z0-9+/]+=*)", answer.headers.get("x-goog-hash", ""))
            try:
                md5 = base64.b64decode(told[1], validate=True).hex() if told else ""
                return [_remote("archive.zip", url, answer.headers["Content-Length"], md5)]
            except (KeyError, ValueError) as error:
                raise _unexpected(url, error) from error


SOURCES: dict[str, Source] = {"zenodo": Zenodo(), "figshare": Figshare(), "kaggle": Kaggle()}


def _remote(name: Any, url: Any, size: Any, checksum: Any) -> RemoteFile:
    md5 = str(checksum).removeprefix("md5:").lower()
    if re.fullmatch("[0-9a-f]{32}", md5) is None:
        raise ValueError(f"{checksum!r} is no MD5")
    return RemoteFile(str(name), str(url), int(size), md5)


def _unexpected(url: str, error: Exception) -> InputError:
    return InputError(url, f"the answer gives no files with MD5 and size ({error!r})", ELSEWHERE)
