"""The audit as one HTML file."""

from __future__ import annotations

from data.audit.gallery import draw_gallery
from data.audit.outcome import Audit
from data.audit.summary import (
    conflict_table,
    floor_table,
    headline,
    kind_table,
    leak_table,
    plane_table,
    shortcut_table,
    size_table,
)
from data.page import draw_page, draw_skipped, draw_table

_STYLE = """
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
    return draw_page(
        f"Audit of {len(audit.slices)} slices",
        headline(audit),
        f"{''.join(map(draw_table, tables))}{draw_skipped(audit.problems)}"
        f"{draw_gallery(audit.slices, audit.pairs)}"
        f"<footer><p>Data fingerprint {audit.fingerprint}</p></footer>",
        _STYLE,
    )
