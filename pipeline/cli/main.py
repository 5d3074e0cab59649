"""The ``brisc`` command: gathers the verbs and turns errors into exit codes."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from data.errors import BriscError, ConfigurationError, InputError
from pipeline.cli import (
    airflow,
    data,
    evaluate,
    export,
    predict,
    predict_batch,
    report,
    run,
    runs,
    serve,
    steps,
    tensorboard,
    train_worker,
)
from pipeline.cli import (
    app as web_app,
)

_DISTRIBUTION = "brisc-pipeline"
"""As setup.py names what is installed."""

FAILED = 1
USAGE = 2

app = typer.Typer(
    name="brisc",
    help="Brain-tumour MRI slices: what the tumour is and where, as a production pipeline.\n\n"
    "Example: brisc data sample DIR && brisc run --data DIR --workspace W --profile demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data.app, name="data")
app.add_typer(runs.app, name="runs")
app.add_typer(airflow.app, name="airflow")
app.command("run")(run.run)
app.command("prepare-run")(steps.prepare_run)
app.command("run-node")(steps.run_node)
app.command("finish-run")(steps.finish_run)
app.command("nodes")(steps.nodes)
app.command("train-worker")(train_worker.train_worker)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("predict-batch")(predict_batch.predict_batch)
app.command("export")(export.export)
app.command("report")(report.report)
app.command("serve")(serve.serve)
app.command("app")(web_app.app)
app.command("tensorboard")(tensorboard.tensorboard)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        version = metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise InputError(
            _DISTRIBUTION,
            "it is not installed, and only what is installed has a version",
            "Run `make setup` in the repository",
        ) from error
    print(f"brisc {version}")
    raise typer.Exit()


@app.callback()
def brisc(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """What stands before every verb."""


def main(arguments: list[str] | None = None) -> None:
    """Runs ``brisc``; exits 1 for unusable inputs and 2 for bad usage or configuration."""
    try:
        app(arguments)
    except BriscError as error:
        print(f"brisc: {error}", file=sys.stderr)
        sys.exit(USAGE if isinstance(error, ConfigurationError) else FAILED)
    except OSError as error:
        # A disk that fills, a folder that goes away: whatever no module could say better.
        print(f"brisc: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(FAILED)
