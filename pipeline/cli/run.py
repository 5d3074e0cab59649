"""``brisc run``: the whole pipeline on a folder."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from data.errors import ConfigurationError

CONFIG = Path("config.yaml")
PARAMS = Path("params.yaml")


class Runner(str, Enum):
    """What orchestrates the components."""

    local = "local"
    beam = "beam"


def run(
    data: Annotated[Path | None, typer.Option(help="Folder in BRISC layout.")] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder for everything that the run makes.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Where things are; default: config.yaml where it exists.")
    ] = None,
    params: Annotated[
        Path | None, typer.Option(help="Parameters, layered on params.yaml where it exists.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Named parameters layered on those: demo.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="section.key=value, layered last; may be repeated."),
    ] = None,
    runner: Annotated[Runner | None, typer.Option(help="What orchestrates.")] = None,
    beam_args: Annotated[
        list[str] | None,
        typer.Option("--beam-arg", help="Option of the components' Beam; may be repeated."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on without unusable slices.")] = False,
) -> None:
    """Runs the pipeline: a BRISC folder in, a blessed and pushed model out.

    Exits 0 blessed and pushed, 3 finished but not blessed, 1 failed, 2 bad usage. An
    interrupted run is continued by the same command.

    Example: brisc run --data brisc2025 --workspace work --set training.epochs=20
    """
    _refuse_tf_config(os.environ.get("TF_CONFIG", ""))
    from pipeline.configuration import load_parameters, load_paths
    from pipeline.execute import execute
    from pipeline.request import RunRequest
    from pipeline.workspace import Workspace

    paths = load_paths(
        config or (CONFIG if CONFIG.exists() else None),
        {
            "data": data,
            "workspace": workspace,
            "runner": runner.value if runner else None,
            "beam_args": beam_args or None,
        },
    )
    if paths.data is None:
        raise ConfigurationError(
            "--data", "no data folder is given", "Pass --data DIR or set data in config.yaml"
        )
    files = [file for file in (PARAMS if PARAMS.exists() else None, params) if file]
    request = RunRequest(
        data_dir=paths.data,
        workspace=Workspace.at(paths.workspace, paths.serving),
        parameters=load_parameters(files, profile, assignments or []),
        runner=paths.runner,
        beam_args=paths.beam_args,
        cluster=paths.cluster,
        skip_bad=skip_bad,
    )
    raise typer.Exit(execute(request))


def _refuse_tf_config(text: str) -> None:
    # Whoever sets it expects its machines to train, and would not notice that one does it alone.
    try:
        cluster = json.loads(text or "{}").get("cluster", {})
        machines = sum(len(addresses) for addresses in cluster.values())
    except (ValueError, AttributeError, TypeError):
        machines = 0
    if machines > 1:
        raise ConfigurationError(
            "TF_CONFIG",
            "machines are not taken from it",
            "Unset it, and list them in config.yaml as cluster.workers",
        )
