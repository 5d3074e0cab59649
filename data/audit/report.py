"""The audit as one HTML file: no script, nothing fetched, readable in dark and light."""

from __future__ import annotations

import html
from collections.abc import Iterable

from data.audit.gallery import draw_gallery
from data.audit.outcome import Audit
from data.audit.summary import (
    Table,
    conflict_table,
    floor_table,
    headline,
    kind_table,
    leak_table,
    plane_table,
    shortcut_table,
    size_table,
)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; }
th, td { border: 1px solid GrayText; padding: 0.2rem 0.7rem; text-align: left; }
.lead { font-size: 1.25rem; border-left: 0.3rem solid Highlight; padding-left: 1rem; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figure img { width: 49%; background: black; }
figcaption { font-size: 0.8rem; overflow-wrap: anywhere; }
"""


def render_report(audit: Audit) -> str:
    """The report's HTML; slices that have become unreadable are named in place of a picture."""
    tables = (
        leak_table(audit),
        kind_table(audit),
        floor_table(audit),
        conflict_table(audit),
        shortcut_table(audit),
        plane_table(audit),
        size_table(audit),
    )
    problems = "".join(f"<li>{html.escape(str(problem))}</li>" for problem in audit.problems)
    skipped = f"<h2>Skipped</h2><ul>{problems}</ul>" if problems else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Audit of {len(audit.slices)} slices</title><style>{_STYLE}</style></head><body>"
        f'<h1>Audit of {len(audit.slices)} slices</h1><p class="lead">'
        f"{html.escape(headline(audit))}</p>"
        f"{''.join(map(_table, tables))}{skipped}{draw_gallery(audit.slices, audit.pairs)}"
        f"<footer><p>Data fingerprint {audit.fingerprint}</p></footer></body></html>\n"
    )


def _table(table: Table) -> str:
    if not table.rows:
        return f"<p>{html.escape(table.title)}: none.</p>"
    head = _cells("th", table.columns)
    body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in table.rows)
    return (
        f"<table><caption>{html.escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)
