"""Servers that do not answer as they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.download import sources
from data.download.download import download
from data.download.sources import Zenodo
from data.errors import InputError
from pipeline.cli.main import main
from tests.download.fetching import QUICK, places, refused
from tests.publisher import Server

RECORD = "/zenodo/records/17524350"
ANSWERS: dict[str, tuple[dict[str, int], dict[str, bytes], str]] = {
    "no such record": ({RECORD: 404}, {}, "HTTP 404"),
    "no such file": ({"/files/brisc2025.zip": 404}, {}, "HTTP 404"),
    "not allowed": ({"/files/brisc2025.zip": 403}, {}, "HTTP 403"),
    "down": ({RECORD: 503}, {}, "HTTP 503"),
    "no JSON": ({}, {RECORD: b"<html>"}, "no JSON"),
    "JSON of something else": ({}, {RECORD: b"[]"}, "no files with MD5"),
    "no checksum": (
        {},
        {RECORD: b'{"files": [{"key": "a", "size": 1, "checksum": "", "links": {"self": ""}}]}'},
        "no files with MD5",
    ),
    "no file": ({}, {RECORD: b'{"files": []}'}, "no archive in it, it holds nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_answer_that_is_of_no_use_is_named_with_its_address(
    server: Server,
    target: Path,
    status: dict[str, int],
    body: dict[str, bytes],
    reason: str,
) -> None:
    server.status, server.body = status, body
    error = refused(server, target)
    assert reason in error.reason
    assert "--source" in error.remedy


def test_kaggle_without_a_checksum_is_refused(server: Server, target: Path) -> None:
    server.body["/kaggle/datasets/download/briscdataset/brisc2025"] = b"x"
    with pytest.raises(InputError, match="no files with MD5"):
        download(places(server)["kaggle"], target, QUICK)
    assert not target.exists()


def test_no_server_is_named(target: Path) -> None:
    with Server(b"") as gone:
        url = gone.url
    with pytest.raises(InputError, match=r"no answer \(.*refused\)") as caught:
        download(Zenodo(api=url), target, QUICK)
    assert caught.value.where == f"{url}/records/17524350"
    # Nothing came, so there is nothing to go on from.
    assert list(target.parent.iterdir()) == []


def test_the_command_fails_with_one_line(
    server: Server,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sources, "SOURCES", places(server))
    server.status[RECORD] = 404
    with pytest.raises(SystemExit) as ended:
        main(["data", "download", str(target)])
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"brisc: {server.url}{RECORD}: HTTP 404")
