"""Tables of the documentation, for tests that compare them with what they are about."""

from __future__ import annotations

import re

from tests.command import ROOT

DOCS = ROOT / "docs"


def table_below(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head; code without backticks."""
    text = (DOCS / page).read_text(encoding="utf-8")
    below = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("| ")]
    cells = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:])
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in row] for row in cells]
