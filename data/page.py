"""Reports as one HTML file: no script, nothing fetched, readable in dark and light."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; }
th, td { border: 1px solid GrayText; padding: 0.2rem 0.7rem; text-align: left; }
.lead { font-size: 1.25rem; border-left: 0.3rem solid Highlight; padding-left: 1rem; }
"""


@dataclass(frozen=True)
class Table:
    """A title, the names of its columns, and rows of texts."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def draw_page(title: str, lead: str, body: str, style: str = "") -> str:
    """A whole page.

    Args:
        title: Its heading, as text.
        lead: What a reader has to know first, as text.
        body: The rest, as HTML.
        style: CSS that only this page needs.
    """
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}{style}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f"{body}</body></html>\n"
    )


def draw_table(table: Table) -> str:
    """A table as HTML; one without rows is a sentence."""
    if not table.rows:
        return f"<p>{html.escape(table.title)}: none.</p>"
    head = _cells("th", table.columns)
    body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in table.rows)
    return (
        f"<table><caption>{html.escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def draw_skipped(problems: Iterable[object]) -> str:
    """The section that lists unusable files; nothing where there are none."""
    listed = "".join(f"<li>{html.escape(str(problem))}</li>" for problem in problems)
    return f"<h2>Skipped</h2><ul>{listed}</ul>" if listed else ""


def write_text(file: Path, text: str) -> None:
    """Writes a report.

    Raises:
        InputError: It cannot be written.
    """
    try:
        # Names in it may hold what is not Unicode at all.
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(
            file, f"cannot be written ({error.strerror})", "Give another file"
        ) from error


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)
