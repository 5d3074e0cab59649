"""Markdown for the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; of empty columns nothing is left."""
    rows = list(rows)
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    lines = [[columns[place] for place in kept], ["---"] * len(kept)]
    lines += [[row[place] for place in kept] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def prose(text: str) -> str:
    """Text as a docstring or a help has it, on one line; only code in backticks is marked up."""
    parts = " ".join(text.split()).replace("``", "`").split("`")
    return "`".join(
        part if place % 2 else re.sub(r"([\\*_<\[\]|])", r"\\\1", part)
        for place, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Text as code; nothing where there is none."""
    return f"`{text}`" if text else ""
