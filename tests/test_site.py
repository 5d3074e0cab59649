"""The documentation as a site, built of the whole repository as `make docs` builds it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.airflow_environment import CANNOT
from tests.command import ROOT

pytestmark = pytest.mark.integration


class Fetched(HTMLParser):
    """What a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag != "a":
            found = attributes.get("src") or attributes.get("href")
            self.addresses += [found] if found else []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that a site is made of."""
    made = subprocess.run([ROOT / "requirements" / "docs.sh"], stderr=subprocess.PIPE, text=True)
    if made.returncode == CANNOT:
        pytest.skip(made.stderr)
    assert made.returncode == 0, made.stderr
    copy = tmp_path_factory.mktemp("site") / "repository"
    for folder in ("docs", "data", "preprocessing", "trainer", "serving", "pipeline"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "mkdocs.yml", copy)
    return copy


def build(repository: Path) -> subprocess.CompletedProcess[str]:
    # What `make docs` calls.
    (line,) = re.findall(r"python -m mkdocs .*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    python = ROOT / os.environ.get("BRISC_DOCS_VENV", ".venv-docs") / "bin" / "python"
    return subprocess.run(
        [python, *line.split()[1:]], cwd=repository, capture_output=True, text=True
    )


def test_the_site_is_built_and_fetches_nothing_from_elsewhere(repository: Path) -> None:
    built = build(repository)
    assert built.returncode == 0, built.stderr
    pages = list((repository / "build" / "docs").rglob("*.html"))
    names = {page.relative_to(repository / "build" / "docs").as_posix() for page in pages}
    assert {"index.html", "reference/commands.html", "reference/configuration.html"} <= names
    for page in pages:
        parser = Fetched()
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.addresses
        assert not [one for one in parser.addresses if re.match(r"(https?:)?//", one)], page


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[x](how-to/no-such-page.md)", "no-such-page.md"),
        ("[x](results.md#no-such-heading)", "no-such-heading"),
        ("[x](reference/commands.md#brisc-no-such-verb)", "brisc-no-such-verb"),
    ],
)
def test_a_broken_link_fails(repository: Path, link: str, said: str) -> None:
    page = repository / "docs" / "index.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(f"{before}\n{link}\n", encoding="utf-8")
    try:
        built = build(repository)
    finally:
        page.write_text(before, encoding="utf-8")
    assert built.returncode != 0
    assert said in built.stderr


def test_a_page_that_nobody_finds_fails(repository: Path) -> None:
    page = repository / "docs" / "how-to" / "forgotten.md"
    page.write_text("# Forgotten\n", encoding="utf-8")
    try:
        built = build(repository)
    finally:
        page.unlink()
    assert built.returncode != 0
    assert "forgotten.md" in built.stderr
