"""``brisc runs``: the runs of a workspace; imports neither TFX nor TensorFlow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import ConfigurationError
from pipeline.cli.options import (
    ConfigOption,
    SecretsOption,
    WorkspaceOption,
    open_workspace,
)

if TYPE_CHECKING:
    from rich.console import Console

    from data.page import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def runs(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the runs of a workspace, shows and compares them, and removes what old ones left.

    An interrupted run is one that was ended from outside: `brisc run` continues it.

    Example: brisc runs --workspace work
    """
    if context.invoked_subcommand is not None:
        if workspace or config or secrets or as_json:
            raise ConfigurationError(
                f"brisc runs {context.invoked_subcommand}",
                "options stand before the verb",
                f"Write them behind {context.invoked_subcommand}",
            )
        return
    from pipeline.runs.narrow import print_rows
    from pipeline.runs.read import read_runs
    from pipeline.runs.tables import FIRST, run_table

    place = open_workspace(workspace, config, secrets)
    found = read_runs(place)
    if as_json:
        _print_json([run.summary() for run in found])
    else:
        print_rows(run_table(found, str(place.root)), FIRST, _console())


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="Id of a run, or how it begins.")],
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows all of one run: verdict, gate, scores, components, parameters, where things lie.

    Example: brisc runs show 20260101-120000 --workspace work
    """
    from pipeline.runs import tables
    from pipeline.runs.read import find_run, read_runs

    found = find_run(read_runs(open_workspace(workspace, config, secrets)), run)
    if as_json:
        _print_json(found.details())
        return
    # Paths and reasons are lines, not cells: they stay whole to be copied.
    print(*tables.verdict_lines(found), sep="\n")
    made = [tables.gate_table(found), tables.metric_table(found), tables.node_table(found)]
    _print([table for table in made if table.rows])
    print(*tables.parameter_lines(found), *tables.place_lines(found), sep="\n")


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="Id of a run, or how it begins.")],
    second: Annotated[str, typer.Argument(help="The same of another.")],
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lays two runs side by side: parameters that differ, metrics, and what ran anew.

    Example: brisc runs diff 20260101-120000 20260102-120000 --workspace work
    """
    from pipeline.runs.difference import compare_runs
    from pipeline.runs.read import find_run, read_runs
    from pipeline.runs.tables import difference_tables

    known = read_runs(open_workspace(workspace, config, secrets))
    one, other = find_run(known, first), find_run(known, second)
    difference = compare_runs(one, other)
    if as_json:
        _print_json({"first": one.id, "second": other.id, **difference.as_json()})
        return
    _print(difference_tables(one.id, other.id, difference))


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write; what is there is replaced.")],
    run: Annotated[
        str | None, typer.Argument(help="Id of a run, or how it begins; default: the last.")
    ] = None,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
) -> None:
    """Writes a finished run into a folder: model, reports, flat metrics and training curves.

    Example: brisc runs export --out exported --workspace work
    """
    from pipeline.console import hush_tensorflow
    from pipeline.runs.read import find_run, read_runs

    known = read_runs(open_workspace(workspace, config, secrets))
    found = known[-1] if run is None else find_run(known, run)
    hush_tensorflow()
    from pipeline.experiment.export import METRICS, MODEL, REPORTS, export_run
    from pipeline.experiment.plots import CURVES

    export_run(found, out)
    print(f"run {found.id}, {'blessed' if found.blessed else 'not blessed'}")
    print(f"model: {out / MODEL} (a SavedModel, as `brisc predict --model` takes it)")
    print(f"beside it: {REPORTS} (reports), {METRICS}, {CURVES}")


@app.command()
def gc(
    keep: Annotated[
        int, typer.Option(min=1, help="How many finished runs, the newest, keep what they have.")
    ],
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
    unfinished: Annotated[
        bool, typer.Option(help="Also give up older runs that did not finish.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would go, and remove nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Removes artifacts, leftovers of trainings and inputs that no kept run needs.

    Stay: what the newest runs read and left, so that they come from the cache as before; runs that
    did not finish and can be continued; the latest blessed model; every pushed version; logs
    and reports of all runs.

    Example: brisc runs gc --keep 3 --workspace work --dry-run
    """
    from pipeline.runs.garbage import collect_garbage
    from pipeline.runs.tables import garbage_lines

    place = open_workspace(workspace, config, secrets)
    garbage = collect_garbage(place, keep, unfinished=unfinished, dry_run=dry_run)
    if as_json:
        _print_json(garbage.as_json())
    else:
        print(*garbage_lines(garbage, dry_run=dry_run), sep="\n")


def _print(tables: list[Table]) -> None:
    from pipeline.console import print_table

    console = _console()
    for table in tables:
        if table.rows:
            print_table(table, console)
        else:
            # A header above nothing says nothing.
            print(f"{table.title}: none")


def _console() -> Console:
    from rich.console import Console

    # What reads a pipe wants whole lines. Rich with FORCE_COLOR takes one for a terminal.
    return Console() if sys.stdout.isatty() else Console(width=10_000)


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=2))
