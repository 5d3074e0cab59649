"""``brisc tensorboard``: the trainings of a workspace on TensorBoard's own page."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

from data.errors import ConfigurationError, InputError
from pipeline.cli.options import ConfigOption, SecretsOption, open_workspace

_REFRESH = 5
"""Seconds until what has changed is seen."""

_KEPT = 200
"""Epochs of which pictures and curves can be looked at; TensorBoard's own is 10."""


def tensorboard(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Ids of runs, as in WORKSPACE/runs; default: all.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder that runs were given as their workspace.")
    ] = None,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="0: any free one; default: 6006 or one above."),
    ] = None,
    secrets: SecretsOption = None,
) -> None:
    """Shows trainings in TensorBoard, by the ids of their runs, until it is interrupted.

    Trainings that begin, go on or end meanwhile are followed. The pictures show slices: whoever
    reaches the address sees them.

    Example: brisc tensorboard --workspace work --port 6006
    """
    from pipeline.console import hush_tensorflow
    from pipeline.trainings import find_trainings, named_by_run

    place = open_workspace(workspace, config, secrets)
    folders = named_by_run(find_trainings(place), runs or [])
    if not folders:
        raise InputError(
            place.root,
            "no training has begun in this workspace",
            "Start one with `brisc run --workspace`, or give another --workspace",
        )
    # An orderly end also for whoever is told to end by `kill`.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hush_tensorflow()
    with tempfile.TemporaryDirectory(prefix="brisc-tensorboard-") as shown:
        _link(folders, Path(shown))
        count = f"{len(folders)} training{'' if len(folders) == 1 else 's'}"
        print(f"{count} at {_serve(shown, host, port)} until Ctrl-C", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(_REFRESH)
                _link(named_by_run(find_trainings(place), runs or []), Path(shown))
    sys.stdout.flush()
    # Its threads read event files in TensorFlow, and Python waits for ever for one that holds a
    # lock there while the interpreter ends.
    os._exit(0)


def _serve(folder: str, host: str, port: int | None) -> str:
    """Starts TensorBoard on threads of this process and returns its address."""
    # Of the setuptools that TensorBoard 2.16 needs, and of its own answers to browsers.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    from tensorboard import program

    arguments = ["tensorboard", f"--logdir={folder}", f"--host={host}"]
    arguments += [f"--port={port}"] if port is not None else []
    arguments += [f"--reload_interval={_REFRESH}"]
    arguments += [f"--samples_per_plugin=images={_KEPT},pr_curves={_KEPT}"]
    try:
        if _has_data_server():
            # Left to choose by itself, it prints a note that this way of reading is new; and where
            # it cannot read so, it prints advice on options that are not here, and exits.
            with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                return _launch([*arguments, "--load_fast=true"])
        return _launch([*arguments, "--load_fast=false"])
    except program.TensorBoardServerException as error:
        raise ConfigurationError(
            f"--host {host}" + ("" if port is None else f" --port {port}"),
            f"TensorBoard cannot listen there ({error})",
            "Give another --port",
        ) from error


def _has_data_server() -> bool:
    """Whether TensorBoard has its fast reader of event files for this platform."""
    from tensorboard.data import server_ingester

    try:
        server_ingester.get_server_binary()
    except server_ingester.NoDataServerError:
        return False
    return True


def _launch(arguments: list[str]) -> str:
    from tensorboard import program

    board = program.TensorBoard()
    board.configure(arguments)
    address: str = board.launch()
    return address


def _link(folders: dict[str, Path], shown: Path) -> None:
    """Makes ``shown`` a folder of links: a training that ends moves, and keeps its name."""
    for name, folder in folders.items():
        link, new = shown / name, shown / f".{name}"
        if not link.is_symlink() or link.readlink() != folder:
            new.symlink_to(folder, target_is_directory=True)
            new.replace(link)
