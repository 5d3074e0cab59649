"""``brisc data audit``: copies, shortcuts and the floor of a folder; imports no TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from data.audit.outcome import Audit


def audit(
    directory: Annotated[Path, typer.Argument(help="Folder in BRISC layout.")],
    report: Annotated[
        Path | None, typer.Option(help="HTML file to write, with pictures of the pairs.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for all that was found.")
    ] = None,
) -> None:
    """Finds copies between train and test, label conflicts and shortcuts; measures the floor.

    Reports and exits 0 whatever it finds; unusable files are listed and skipped.

    Example: brisc data audit brisc2025 --report audit.html --json audit.json
    """
    from data.audit.record import write_json, write_report
    from data.audit.run import audit_slices
    from data.layout import scan
    from pipeline.console import progress_bar

    layout = scan(directory)
    found = audit_slices(layout.slices, layout.problems, progress_bar)
    if json_file is not None:
        write_json(found, json_file)
    if report is not None:
        write_report(found, report)
    _print(found)
    for file in filter(None, (report, json_file)):
        print(f"written: {file}")


def _print(found: Audit) -> None:
    from data.audit import summary
    from pipeline.console import print_table

    shown = [summary.leak_table, summary.kind_table, summary.floor_table, summary.shortcut_table]
    for make in [*shown, summary.conflict_table] if found.conflicts else shown:
        print_table(make(found))
    print(summary.headline(found))
    if found.problems:
        print(*found.problems, sep="\n", file=sys.stderr)
        print(f"{len(found.problems)} unusable, skipped; {len(found.slices)} slices audited")
