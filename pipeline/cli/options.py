"""Options that several commands share, and what they come to."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import ConfigurationError

if TYPE_CHECKING:
    from pipeline.config import PathsConfig
    from pipeline.configuration import Parameters
    from pipeline.request import RunRequest
    from pipeline.store_address import StoreAddress
    from pipeline.workspace import Workspace

CONFIG = Path("config.yaml")
PARAMS = Path("params.yaml")

DataOption = Annotated[Path | None, typer.Option("--data", help="Folder in BRISC layout.")]
SpanOption = Annotated[
    int | None,
    typer.Option(
        "--span", min=0, help="Which folder, where the data's path has {SPAN}; default: the newest."
    ),
]
WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", help="Folder for everything that the run makes.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Where things are; default: config.yaml where it exists."),
]
ParamsOption = Annotated[
    Path | None,
    typer.Option("--params", help="Parameters, layered on params.yaml where it exists."),
]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="Named parameters layered on those: demo.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.key=value, layered last; may be repeated."),
]
BeamOption = Annotated[
    list[str] | None,
    typer.Option("--beam-arg", help="Option of the components' Beam; may be repeated."),
]
SkipOption = Annotated[bool, typer.Option("--skip-bad", help="Go on without unusable slices.")]
SecretsOption = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        help="File with metadata_store, where metadata is not kept in the workspace; default: "
        "secrets.yaml where it exists. BRISC_METADATA_STORE in the environment wins.",
    ),
]
RunIdOption = Annotated[
    str, typer.Option("--run-id", help="Name of the run: letters, digits, . _ and -.")
]


def read_paths(config: Path | None, **overrides: object) -> PathsConfig:
    """``config.yaml``, and the command line over it."""
    from pipeline.configuration import load_paths

    return load_paths(config or (CONFIG if CONFIG.exists() else None), overrides)


def read_parameters(
    params: Path | None, profile: str | None, assignments: list[str] | None
) -> Parameters:
    """``params.yaml``, and the layers over it."""
    from pipeline.configuration import load_parameters

    files = [file for file in (PARAMS if PARAMS.exists() else None, params) if file]
    return load_parameters(files, profile, assignments or [])


def read_store(secrets: Path | None) -> StoreAddress | None:
    """Where metadata is kept, if not in the workspace."""
    from pipeline.configuration import METADATA_STORE, load_secrets

    return load_secrets(secrets, os.environ.get(METADATA_STORE)).store


def open_workspace(workspace: Path | None, config: Path | None, secrets: Path | None) -> Workspace:
    """The workspace that a command is about."""
    from pipeline.workspace import Workspace

    paths = read_paths(config, workspace=workspace)
    return Workspace.at(paths.workspace, paths.serving, read_store(secrets))


def run_request(
    paths: PathsConfig,
    parameters: Parameters,
    store: StoreAddress | None,
    *,
    span: int | None,
    skip_bad: bool,
) -> RunRequest:
    """What is to be run on what; says on standard error which span that is.

    Raises:
        ConfigurationError: No data is given, or it has no spans and one is wanted.
        InputError: There is no such span.
    """
    from pipeline.request import RunRequest
    from pipeline.spans import resolve_data
    from pipeline.workspace import Workspace

    if paths.data is None:
        raise ConfigurationError(
            "--data", "no data folder is given", "Pass --data DIR or set data in config.yaml"
        )
    data, found = resolve_data(paths.data, span)
    if found:
        print(f"span {found.number}: {data}", file=sys.stderr)
    return RunRequest(
        data_dir=data,
        workspace=Workspace.at(paths.workspace, paths.serving, store),
        parameters=parameters,
        runner=paths.runner,
        beam_args=paths.beam_args,
        cluster=paths.cluster,
        skip_bad=skip_bad,
    )


def refuse_tf_config() -> None:
    """Refuses a ``TF_CONFIG`` of several machines.

    Whoever sets it expects its machines to train, and would not notice that one does it alone.

    Raises:
        ConfigurationError: There is one.
    """
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
        machines = sum(len(addresses) for addresses in cluster.values())
    except (ValueError, AttributeError, TypeError):
        machines = 0
    if machines > 1:
        raise ConfigurationError(
            "TF_CONFIG",
            "machines are not taken from it",
            "Unset it, and list them in config.yaml as cluster.workers",
        )
