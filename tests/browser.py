"""A real browser before the real web page, for tests and for pictures."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.command import announced

# It asks nobody but the page, and leaves nothing behind.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> Path:
    """Where Chromium is: CHROMIUM, else where Debian puts it."""
    return Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen; skips a test where there is none."""
    if not chromium_path().is_file():
        pytest.skip(f"no browser: there is no {chromium_path()} (requirements/browser.sh)")
    # For a machine that does other things as well.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium_path()), args=["--headless=new", *_ARGUMENTS]
        )
        yield browser
        browser.close()


@contextmanager
def run_page(*arguments: str) -> Iterator[str]:
    """``brisc app`` with ``arguments`` as a process of its own; yields the page's address."""
    page = announced(
        r"The page is at (http://\S+),",
        *("app", "--port=0", *arguments),
        stderr=subprocess.DEVNULL,
        # Its own server goes with it, and cleans up.
        end=signal.SIGTERM,
    )
    with page as (_, found):
        yield found[1]


def give(page: Page, *files: tuple[str, bytes]) -> None:
    """Chooses files, each a name and a content."""
    page.locator("#chooser").set_input_files(
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files
        ]
    )
