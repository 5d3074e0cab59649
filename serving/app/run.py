"""Runs the web page, with a model server of its own where it has no other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from serving.app.options import AppOptions
from serving.app.web import create_app
from serving.client import Client
from serving.listening import listen
from serving.model_files import find_saved_model, versions


def run_app(options: AppOptions, ready: Callable[[str], None]) -> None:
    """Serves the page until it is interrupted.

    Args:
        options: What it asks and where it listens.
        ready: Called with its address, once the port is open.

    Raises:
        ConfigurationError: The port is taken, or the server's address is none.
    """
    # What is no address is said here: in the event loop it would end a running page.
    Client(options.server).close()
    app = create_app(options)
    listening = listen(options.host, options.port, "--port")
    config = uvicorn.Config(
        app,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    at = f"[{options.host}]" if ":" in options.host else options.host
    ready(f"http://{at}:{listening.getsockname()[1]}")
    uvicorn.Server(config).run([listening])


@contextmanager
def embedded_server(model: Path, model_name: str) -> Iterator[str]:
    """A model server on free ports of this machine; yields its REST address.

    The two newest versions are served, so that they can be compared.

    Args:
        model: A SavedModel, or the folder of its versions.
        model_name: What it is called.

    Raises:
        InputError: There is no model, or none that loads.
    """
    saved = find_saved_model(model)
    from serving.server.options import ServerOptions
    from serving.server.run import RunningServer

    with tempfile.TemporaryDirectory(prefix="brisc-app-") as folder:
        base = model.resolve()
        if saved == model:
            base = Path(folder) / model_name
            base.mkdir()
            number = saved.resolve().name
            known = versions(saved.resolve().parent)
            version = number if number.isdecimal() and int(number) in known else "1"
            (base / version).symlink_to(saved.resolve(), target_is_directory=True)
        config = Path(folder) / "models.config"
        config.write_text(_two_newest(model_name, base), encoding="utf-8")
        server = RunningServer(
            ServerOptions(model_config_file=config, grpc_port=0, rest_port=0, drain_seconds=5)
        )
        try:
            yield f"http://127.0.0.1:{server.rest_port}"
        finally:
            server.stop()


def _two_newest(name: str, base: Path) -> str:
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    model = config.model_config_list.config.add(
        name=name, base_path=str(base), model_platform="tensorflow"
    )
    model.model_version_policy.latest.num_versions = 2
    written: str = text_format.MessageToString(config)
    return written
