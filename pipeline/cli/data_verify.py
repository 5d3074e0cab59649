"""``brisc data verify``: everything that is odd about a folder, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import InputError, printable

if TYPE_CHECKING:
    from data.verification.finding import Finding
    from data.verification.verify import Report

ROWS = 100
PLACES = 2
WIDTH = 160
"""Columns where nobody looks: a log or a file."""


def verify(
    directory: Annotated[Path, typer.Argument(help="Folder in BRISC layout.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for all findings with all their paths.")
    ] = None,
) -> None:
    """Reads every file once and lists what is wrong, odd or worth knowing.

    Exits 1 where there is an error: a slice that cannot be used, or data that is not as the
    manifest says.

    Example: brisc data verify brisc2025 --json findings.json
    """
    from data.verification.finding import Severity
    from data.verification.verify import examine, survey
    from pipeline.console import progress_bar

    plan = survey(directory)
    with progress_bar("verifying", plan.reads) as advance:
        report = examine(plan, lambda: advance(1))
    if json_file is not None:
        try:
            text = json.dumps(report.as_json(), indent=2)
            json_file.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(
                json_file, f"cannot be written ({error.strerror})", "Give another file"
            ) from error
    _print(report)
    if report.number(Severity.error):
        raise typer.Exit(1)


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from data.verification.finding import Severity

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if report.findings:
        table = Table("severity", "finding", "count", "what, where, what to do", show_lines=True)
        for item in report.findings[:ROWS]:
            # Text, since square brackets in a file's name are no markup.
            cells = (item.severity.value, item.code, str(item.count), _sentence(item, report.root))
            table.add_row(*(Text(cell, overflow="fold") for cell in cells))
        console.print(table)
    if len(report.findings) > ROWS:
        print(f"… and {len(report.findings) - ROWS} more findings, all of them with --json")
    counts = ", ".join(f"{report.number(kind)} {kind.value}(s)" for kind in Severity)
    print(f"{report.root}: {report.slices} usable slices in {report.files} files; {counts}")


def _sentence(item: Finding, root: Path) -> str:
    from data.verification.finding import relative

    groups = [" = ".join(relative(path, root) for path in group) for group in item.groups]
    shown = ", ".join(groups[:PLACES])
    if len(groups) > PLACES:
        shown += f" and {len(groups) - PLACES} more"
    return "\n".join(map(printable, (f"{item.reason}: {shown}", f"{item.remedy}.")))
