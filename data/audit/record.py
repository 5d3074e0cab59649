"""Keeps an audit in a folder, and reads back what later stages need of it."""

from __future__ import annotations

import json
from pathlib import Path

from data.audit.outcome import Audit
from data.audit.pairs import Pair
from data.audit.report import render_report
from data.page import write_text

RECORD = "audit.json"
REPORT = "audit.html"


def write_audit(audit: Audit, folder: Path) -> None:
    """Writes both of the files below.

    Raises:
        InputError: One of them cannot be written.
    """
    write_json(audit, folder / RECORD)
    write_report(audit, folder / REPORT)


def write_json(audit: Audit, file: Path) -> None:
    """Writes all that was found as JSON."""
    write_text(file, json.dumps(audit.to_json(), indent=2) + "\n")


def write_report(audit: Audit, file: Path) -> None:
    """Writes the report, an HTML page with pictures of the pairs."""
    write_text(file, render_report(audit))


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """The alike slices that an audit kept in ``folder`` found."""
    content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return tuple(Pair(**pair) for pair in content["pairs"])
