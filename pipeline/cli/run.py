"""``brisc run``: the whole pipeline on a folder."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from pipeline.cli.options import (
    BeamOption,
    ConfigOption,
    DataOption,
    ParamsOption,
    ProfileOption,
    SecretsOption,
    SetOption,
    SkipOption,
    SpanOption,
    WorkspaceOption,
    read_parameters,
    read_paths,
    read_store,
    refuse_tf_config,
    run_request,
)


class Runner(str, Enum):
    """What orchestrates the components."""

    local = "local"
    beam = "beam"


def run(
    data: DataOption = None,
    span: SpanOption = None,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    params: ParamsOption = None,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    runner: Annotated[Runner | None, typer.Option(help="What orchestrates.")] = None,
    beam_args: BeamOption = None,
    skip_bad: SkipOption = False,
    secrets: SecretsOption = None,
) -> None:
    """Runs the pipeline: a BRISC folder in, a blessed and pushed model out.

    Exits 0 blessed and pushed, 3 finished but not blessed, 1 failed, 2 bad usage; also 0 when
    drift.within=stop and the model in service fits the data. An interrupted run is continued by
    the same command.

    Example: brisc run --data brisc2025 --workspace work --set training.epochs=20
    """
    refuse_tf_config()
    from pipeline.execute import execute

    paths = read_paths(
        config,
        data=data,
        workspace=workspace,
        runner=runner.value if runner else None,
        beam_args=beam_args or None,
    )
    parameters = read_parameters(params, profile, assignments)
    store = read_store(secrets)
    raise typer.Exit(execute(run_request(paths, parameters, store, span=span, skip_bad=skip_bad)))
