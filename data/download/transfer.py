"""Brings one file over: continued where an earlier try ended, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from data.download.http import ELSEWHERE, Http
from data.download.sources import RemoteFile
from data.errors import InputError

_PIECE = 1 << 18
AGAIN = "Run the same command again: it goes on from there"


def fetch(
    http: Http,
    session: requests.Session,
    remote: RemoteFile,
    target: Path,
    progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Makes ``target`` the remote file.

    What has arrived is kept in ``target`` with suffix ``.part`` until all of it is there and has
    the right checksum, so the next call asks the server for the rest alone.

    Args:
        http: How servers are asked.
        session: From ``http``.
        remote: The file.
        target: A path in a folder that exists.
        progress: Called with the number of bytes that have come in addition since the last call;
            negative where they have to be fetched again.

    Raises:
        InputError: The server does not answer, the transfer keeps breaking off, or the bytes are
            not those that were announced.
        OSError: ``target`` cannot be written.
    """
    if target.is_file() and _md5(target) == remote.md5:
        progress(remote.size)
        return
    partial = target.with_name(f"{target.name}.part")
    partial.touch()
    done = _length(partial)
    progress(done)
    failures = 0
    while done < remote.size:
        try:
            _append(http, session, remote, partial, progress)
            broken = "the answer ended early"
        except (requests.RequestException, HTTPError) as error:
            broken = type(error).__name__
        grown = _length(partial) > done
        done = _length(partial)
        if done < remote.size:
            failures = 1 if grown else failures + 1
            if failures > http.retries:
                reason = f"broke off at {done} of {remote.size} bytes ({broken})"
                raise InputError(remote.url, reason, AGAIN)
            http.wait(failures)
    if done > remote.size:
        fault = f"more than the {remote.size} bytes that were announced"
    elif (md5 := _md5(partial)) != remote.md5:
        fault = f"its MD5 is {md5}, announced was {remote.md5}"
    else:
        partial.replace(target)
        return
    # Nothing tells which of its bytes are wrong.
    partial.unlink()
    raise InputError(remote.url, fault, f"It was removed: run again to fetch it anew. {ELSEWHERE}")


def _append(
    http: Http,
    session: requests.Session,
    remote: RemoteFile,
    partial: Path,
    progress: Callable[[int], None],
) -> None:
    done = _length(partial)
    headers = {"Range": f"bytes={done}-"} if done else {}
    with http.get(session, remote.url, headers) as answer:
        told = answer.headers.get("Content-Range", "")
        if done and not (answer.status_code == 206 and told.startswith(f"bytes {done}-")):
            # The server sends all of it, or has no such part: then the part here is not its.
            progress(-done)
            done = 0
            partial.write_bytes(b"")
            if answer.status_code != 200:
                return
        elif not done and answer.status_code != 200:
            reason = f"HTTP {answer.status_code} {answer.reason}"
            raise InputError(remote.url, reason, ELSEWHERE)
        with partial.open("ab") as file:
            # Not iter_content: at a break it would drop the piece that it was filling.
            while piece := answer.raw.read1(_PIECE, decode_content=False):
                file.write(piece)
                done += len(piece)
                progress(len(piece))
                if done > remote.size:
                    return


def _length(path: Path) -> int:
    return path.stat().st_size


def _md5(path: Path) -> str:
    # A checksum of transfer, which is all that the publishers give.
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
