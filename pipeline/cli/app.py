"""``brisc app``: the web page for one slice or many."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from data.errors import ConfigurationError


def app(
    server: Annotated[
        str | None,
        typer.Option(help="Who answers: http://HOST:PORT (REST) or grpc://HOST:PORT."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Instead: a saved model, or the folder of its versions, served here."),
    ] = None,
    model_name: Annotated[str, typer.Option(help="What the server calls the model.")] = "brisc",
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 7860,
    trusted_host: Annotated[
        list[str] | None,
        typer.Option(help="Name by which browsers may call it, and no other; may be repeated."),
    ] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="File with the server's serving_token; default: secrets.yaml where it exists."
        ),
    ] = None,
) -> None:
    """Shows class and mask of slices on a web page until it is interrupted.

    Files that are dropped on it stay in memory and are never written. Whoever reaches the port may
    use it: give --host only behind a proxy that asks who it is.

    Example: brisc app --model work/serving/brisc

    Example: brisc app --server http://127.0.0.1:8501
    """
    if (model is None) == (server is None):
        raise ConfigurationError("--model, --server", "exactly one of them answers", "Give one")
    from pipeline.configuration import load_secrets
    from pipeline.console import hush_tensorflow
    from serving.app.options import AppOptions
    from serving.app.run import run_app
    from serving.app.security import is_host_name

    for name in trusted_host or ():
        if not is_host_name(name):
            raise ConfigurationError(
                "--trusted-host",
                f"{name!r} is no name of a host",
                "Give the name or address alone, without scheme and port",
            )
    # Of a server of its own the token is nobody's business.
    token = load_secrets(secrets).serving_token if server is not None else None
    hush_tensorflow()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # An orderly end also for whoever is told to end by `kill`, as in containers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), _answering(server, model, model_name) as address:
        options = AppOptions(
            server=address,
            model_name=model_name,
            model=model,
            token=token,
            host=host,
            port=port,
            trusted_hosts=tuple(trusted_host or ()),
        )
        run_app(options, lambda url: print(f"The page is at {url}, until Ctrl-C", flush=True))


@contextlib.contextmanager
def _answering(server: str | None, model: Path | None, model_name: str) -> Iterator[str]:
    if model is None:
        assert server is not None
        yield server
        return
    from serving.app.run import embedded_server

    with embedded_server(model, model_name) as address:
        yield address
