"""``brisc prepare-run``, ``run-node``, ``finish-run``, ``nodes``: a run in steps."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import (
    BeamOption,
    ConfigOption,
    DataOption,
    ParamsOption,
    ProfileOption,
    RunIdOption,
    SecretsOption,
    SetOption,
    SkipOption,
    SpanOption,
    WorkspaceOption,
    open_workspace,
    read_parameters,
    read_paths,
    read_store,
    refuse_tf_config,
    run_request,
)

if TYPE_CHECKING:
    from rich.console import Console


def prepare_run(
    run_id: RunIdOption,
    data: DataOption = None,
    span: SpanOption = None,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    params: ParamsOption = None,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    beam_args: BeamOption = None,
    skip_bad: SkipOption = False,
    secrets: SecretsOption = None,
) -> None:
    """Checks the data and compiles the pipeline; then its nodes are run one by one.

    Preparing a run again is no error where options and data are the same.

    Example: brisc prepare-run --run-id first --data brisc2025 --workspace work
    """
    from pipeline.steps.prepare import prepare

    paths = read_paths(config, data=data, workspace=workspace, beam_args=beam_args or None)
    parameters = read_parameters(params, profile, assignments)
    request = run_request(paths, parameters, read_store(secrets), span=span, skip_bad=skip_bad)
    with _logs_on_stderr("prepare-run") as console:
        folder = prepare(request, run_id)
        console.print(folder.path, soft_wrap=True, highlight=False)


def run_node(
    node: Annotated[str, typer.Argument(help="Id of the node, as `brisc nodes` lists it.")],
    run_id: RunIdOption,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
) -> None:
    """Runs one node of a prepared run; logs go to standard error.

    Exits 0 when it has succeeded, now or before in this run, and when it is skipped because the
    run does not train. Nodes that do not wait for each
    other may run at once.

    Example: brisc run-node LeakAudit --run-id first --workspace work
    """
    refuse_tf_config()
    from pipeline.steps.record import RunFolder

    place = open_workspace(workspace, config, secrets)
    RunFolder(place, run_id).require_prepared()
    with _logs_on_stderr(node, logging.INFO) as console:
        from pipeline.lean_tfx import import_components_lazily

        import_components_lazily()
        from pipeline.steps.node import run_node as run

        console.print(f"{node}: {run(place, run_id, node)}", highlight=False)


def finish_run(
    run_id: RunIdOption,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    secrets: SecretsOption = None,
) -> None:
    """Writes and prints the report of a run whose nodes have all succeeded.

    Exits 0 blessed and pushed, or not trained since the model in service fits; 3 not blessed,
    1 failed, 2 bad usage.

    Example: brisc finish-run --run-id first --workspace work
    """
    from pipeline.console import print_paths
    from pipeline.execute import DONE, NOT_BLESSED
    from pipeline.steps.record import RunFolder

    place = open_workspace(workspace, config, secrets)
    RunFolder(place, run_id).require_prepared()
    with _logs_on_stderr("finish-run") as console:
        from pipeline.steps.finish import finish

        refused, paths = finish(place, run_id, console)
        print_paths(console, paths)
    raise typer.Exit(NOT_BLESSED if refused else DONE)


def nodes(
    config: ConfigOption = None,
    params: ParamsOption = None,
    profile: ProfileOption = None,
    assignments: SetOption = None,
) -> None:
    """Prints the pipeline's nodes and those that each waits for, as JSON; needs no data.

    Example: brisc nodes --set tuning.trials=20
    """
    read_paths(config)
    parameters = read_parameters(params, profile, assignments)
    with _logs_on_stderr("nodes") as console:
        from pipeline.steps.listing import list_nodes

        console.file.write(json.dumps(list_nodes(parameters), indent=2) + "\n")


@contextlib.contextmanager
def _logs_on_stderr(where: str, level: int = logging.WARNING) -> Iterator[Console]:
    """Sends what the body prints to standard error, and explains what it raises.

    Yields:
        A console on standard output.
    """
    import traceback

    from data.errors import BriscError
    from pipeline.console import hush_tensorflow
    from pipeline.failure import explained
    from pipeline.quiet import on_stderr

    hush_tensorflow()
    with on_stderr(level) as console:
        try:
            yield console
        except BriscError:
            raise
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            raise explained(
                error, where, "Read the log above; the same command tries again"
            ) from error
