"""A call in a new process behaves as a call here, but for crashes, which it survives."""

from __future__ import annotations

import logging
import os
import signal

import pytest

from data.errors import InputError
from data.progress import progress
from trainer.fresh_process import ProcessDied, call


def report(text: str) -> None:
    progress.info("%s from %s", text, "there")


def fail(where: str) -> None:
    raise InputError(where, "is wrong", "Mend it")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    signal.pause()


def test_progress_comes_through(caplog: pytest.LogCaptureFixture) -> None:
    progress.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, progress.name):
            call(report, "news")
    finally:
        progress.removeHandler(caplog.handler)
    assert "news from there" in caplog.messages


def test_errors_come_through_as_they_are() -> None:
    with pytest.raises(InputError, match="file: is wrong"):
        call(fail, "file")


def test_a_process_that_is_killed_is_an_error() -> None:
    with pytest.raises(ProcessDied, match="-9"):
        call(crash)


def test_the_watch_ends_a_process_that_hangs() -> None:
    calls = iter([None, None])

    def watch() -> None:
        if next(calls, "over") == "over":
            raise TimeoutError("enough")

    with pytest.raises(TimeoutError, match="enough"):
        call(hang, watch=watch)
