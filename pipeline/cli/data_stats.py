"""``brisc data stats``: statistics, anomalies and drift of a folder or of a run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import InputError
from pipeline.cli.options import SecretsOption, read_parameters, read_store

if TYPE_CHECKING:
    from data.statistics.findings import Findings
    from pipeline.configuration import Parameters
    from pipeline.store_address import StoreAddress


def stats(
    source: Annotated[
        Path, typer.Argument(help="Folder in BRISC layout, workspace, or folder of a run in one.")
    ],
    against: Annotated[
        Path | None, typer.Option(help="Another such source, whose distributions to compare with.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="HTML file to write, with tables and plots.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for all that was found.")
    ] = None,
    params: Annotated[
        Path | None, typer.Option(help="Parameters, layered on params.yaml where it exists.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="section.key=value of split or drift; may be repeated."),
    ] = None,
    secrets: SecretsOption = None,
) -> None:
    """Shows what TFDV says of the data: statistics, anomalies, distances of distributions.

    Of a workspace it shows what the last run recorded, also one that a gate has stopped; a
    folder is split as a run would. Reports and exits 0 whatever it finds.

    Example: brisc data stats my-set --against brisc2025 --html stats.html
    """
    from data.page import write_text
    from pipeline.console import hush_tensorflow

    hush_tensorflow()
    parameters, store = read_parameters(params, None, assignments), read_store(secrets)
    found = _find(source, parameters, store)
    other = _find(against, parameters, store) if against is not None else None
    # A gate may have stopped a run before it compared anything.
    if other or not found.drift.comparisons:
        earlier = (other.statistics, other.name) if other else ()
        with _tfdv("comparing"):
            from data.statistics.comparison import compare

            found = replace(found, drift=compare(found.statistics, parameters.drift, *earlier))
    if json_file is not None:
        import json

        write_text(json_file, json.dumps(found.to_json(), indent=2) + "\n")
    if html_file is not None:
        from data.statistics.report import render_report

        write_text(html_file, render_report(found))
    _print(found)


def _find(source: Path, parameters: Parameters, store: StoreAddress | None) -> Findings:
    from pipeline.config import PathsConfig
    from pipeline.console import progress_bar
    from pipeline.recorded import find_workspace, read_findings

    workspace = find_workspace(source, store)
    if workspace is not None:
        return read_findings(source, workspace)
    from data.audit.run import audit_slices
    from data.layout import scan

    layout = scan(source)
    audit = audit_slices(layout.slices, layout.problems, progress_bar)
    if not audit.slices:
        print(*audit.problems, sep="\n", file=sys.stderr)
        raise InputError(source, "no slice in it can be used", "See `brisc data verify`")
    with _tfdv("computing statistics"):
        # TensorFlow, which what a run has recorded can do without.
        from data.statistics.folder import examine_folder

        return examine_folder(
            source, audit, parameters.split, parameters.drift, PathsConfig().beam_args
        )


@contextlib.contextmanager
def _tfdv(what: str) -> Iterator[None]:
    """Says on a terminal ``what`` is done, and keeps TFDV's remarks off it."""
    from pipeline.console import status_line
    from pipeline.quiet import quiet

    with quiet(Path(os.devnull)) as console, status_line(console, what):
        yield


def _print(found: Findings) -> None:
    from pipeline.console import print_table

    if found.anomalies:
        print_table(found.anomaly_table())
    if found.drift.comparisons:
        print_table(found.drift.table())
    if found.problems:
        print(*found.problems, sep="\n", file=sys.stderr)
        print(f"{len(found.problems)} unusable, skipped")
    print(f"{found.name}: {found.sentence()}")
