"""Downloads from the server of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.download.archive import Limits
from data.download.download import Downloaded, download
from data.download.http import Http
from data.download.sources import Figshare, Kaggle, Source, Zenodo
from data.errors import InputError
from tests.publisher import Server

FILES = 60
"""Of the set that is served, its manifest left out."""
QUICK = Http(retries=2, pause=0, connect_timeout=5, read_timeout=5)


def fetch(server: Server, target: Path, limits: Limits | None = None) -> Downloaded:
    return download(Zenodo(api=f"{server.url}/zenodo"), target, QUICK, limits)


def refused(server: Server, target: Path) -> InputError:
    """A download that fails, and leaves nothing where the data set was to be."""
    with pytest.raises(InputError) as caught:
        fetch(server, target)
    assert not target.exists()
    assert caught.value.remedy
    return caught.value


def assert_whole(published: Path, target: Path) -> None:
    names = {path.relative_to(published) for path in published.rglob("*")}
    assert {path.relative_to(target) for path in target.rglob("*")} == names
    for name in names:
        if (published / name).is_file():
            assert (target / name).read_bytes() == (published / name).read_bytes()
    # Nor is anything left beside it.
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def places(server: Server) -> dict[str, Source]:
    return {
        "zenodo": Zenodo(api=f"{server.url}/zenodo"),
        "figshare": Figshare(api=f"{server.url}/figshare"),
        "kaggle": Kaggle(api=f"{server.url}/kaggle"),
    }
