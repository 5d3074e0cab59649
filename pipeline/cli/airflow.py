"""``brisc airflow``: the pipeline under Airflow 3, in one that is there or in one for a try."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import ConfigurationError
from pipeline.cli.options import (
    BeamOption,
    ConfigOption,
    DataOption,
    ParamsOption,
    ProfileOption,
    SecretsOption,
    SetOption,
    WorkspaceOption,
    read_parameters,
    read_paths,
)

if TYPE_CHECKING:
    from pipeline.airflow.home import Home

app = typer.Typer(
    help="Run the pipeline under Airflow 3.\n\nExample: brisc airflow up --workspace work",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="A folder of DAGs that Airflow reads.")],
    data: DataOption = None,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    params: ParamsOption = None,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    beam_args: BeamOption = None,
    secrets: SecretsOption = None,
    metadata_connection: Annotated[
        str | None,
        typer.Option(help="Airflow connection that has the metadata store's address instead."),
    ] = None,
    dag_id: Annotated[str, typer.Option(help="What Airflow calls the DAG.")] = "brisc",
    schedule: Annotated[
        str | None, typer.Option(help="When it runs by itself, as '@weekly' or '0 3 * * 1'.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Components that run at once.")] = 2,
    retries: Annotated[
        int, typer.Option(min=0, help="How often a failed component is tried again.")
    ] = 1,
    retry_delay: Annotated[float, typer.Option(min=0, help="Seconds before that.")] = 60.0,
) -> None:
    """Writes the DAG for an Airflow 3: three files, to be written anew when parameters change.

    Airflow's workers need this folder, this environment, the data and the workspace under the
    same paths. What is given here holds for every run and is the default of a run's form.

    Example: brisc airflow export ~/airflow/dags --workspace work --data brisc2025
    """
    from pipeline.airflow.choices import choices
    from pipeline.airflow.settings import Settings, write
    from pipeline.console import hush_tensorflow

    paths = read_paths(config, data=data, workspace=workspace)
    if schedule is not None and paths.data is None:
        raise ConfigurationError(
            "--schedule", "nobody names the data of a run that starts by itself", "Give --data"
        )
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", dag_id):
        raise ConfigurationError(
            f"--dag-id {dag_id}", "not a name for Airflow", "Use letters, digits, ., _ and -"
        )
    parameters = read_parameters(params, profile, assignments)
    files = [f"--config={config.absolute()}"] if config else []
    files += [f"--secrets={secrets.absolute()}"] if secrets else []
    options = [f"--params={params.absolute()}"] if params else []
    options += [f"--profile={profile}"] if profile else []
    options += [f"--set={assignment}" for assignment in assignments or []]
    options += [f"--beam-arg={argument}" for argument in beam_args or []]
    settings = Settings(
        dag_id=dag_id,
        schedule=schedule,
        retries=retries,
        retry_delay=retry_delay,
        parallel=parallel,
        folder=Path.cwd(),
        workspace=paths.workspace.absolute(),
        data=paths.data.absolute() if paths.data else None,
        options=tuple(options),
        files=tuple(files),
        metadata_connection=metadata_connection,
        choices=choices(parameters),
    )
    hush_tensorflow()
    # Half a minute of imports.
    from pipeline.steps.listing import list_nodes

    for path in write(settings, list_nodes(parameters), directory):
        print(path)


@app.command()
def up(
    workspace: WorkspaceOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    params: ParamsOption = None,
    profile: ProfileOption = None,
    assignments: SetOption = None,
    dags: Annotated[
        Path | None,
        typer.Option(
            help="Folder that `brisc airflow export` has written, instead of all these; default: "
            "exports first."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8080,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="BRISC_AIRFLOW_DATABASE",
            help="Airflow's own, as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; default: SQLite "
            "in the workspace. The variable hides the password from other users.",
        ),
    ] = None,
) -> None:
    """Starts an Airflow of its own on 127.0.0.1, for a try; it runs until `brisc airflow down`.

    Needs `requirements/airflow.sh` once. It keeps everything in WORKSPACE/airflow.

    Example: brisc airflow up --data brisc2025 --workspace work --port 0
    """
    from data.lock import locked
    from pipeline.airflow.services import require_down, start
    from pipeline.airflow.settings import read
    from serving.listening import listen

    if dags is None:
        place = read_paths(config, workspace=workspace).workspace
    elif workspace or data or config or params or profile or assignments:
        raise ConfigurationError(
            "--dags", "it says where things are by itself", "Leave out the other options"
        )
    else:
        place = read(dags).workspace
    home = _home(place)
    home.require_installed()
    with locked(home.root, "Airflow", "--workspace"):
        require_down(home)
        with listen("127.0.0.1", port, "--port") as probe:
            chosen = probe.getsockname()[1]
        if dags is None:
            dags = home.root / "dags"
            export(dags, data, workspace, config, params, profile, assignments)
        settings = read(dags)
        environment = home.environment(dags, chosen, database, settings.parallel)
        password = start(home, environment, chosen, settings.dag_id, _say)
    print(f"http://127.0.0.1:{chosen}/dags/{settings.dag_id}: user admin, password {password}")
    print(f"logs of tasks: {home.logs}; of Airflow itself: {home.root}/*.log")
    print(f"runs until `brisc airflow down --workspace {place}`")


@app.command()
def down(workspace: WorkspaceOption = None, config: ConfigOption = None) -> None:
    """Ends what `brisc airflow up` has started, and nothing else.

    Components that run end, too, and count as failed: the next `up` tries them again.

    Example: brisc airflow down --workspace work
    """
    from data.lock import locked
    from pipeline.airflow.services import stop

    home = _home(read_paths(config, workspace=workspace).workspace)
    record = home.record()
    if record is None or not record.running:
        print(f"{home.root}: Airflow is not up")
        return
    with locked(home.root, "Airflow", "--workspace"):
        ended = stop(home, record)
    print(f"{home.root}: ended {', '.join(ended)}")


def _home(workspace: Path) -> Home:
    from pipeline.airflow.home import Home

    environment = os.environ.get("BRISC_AIRFLOW_VENV")
    default = Path(__file__).parents[2] / ".venv-airflow"
    return Home.at(workspace / "airflow", Path(environment) if environment else default)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
