"""Hands this process over to TF Serving itself: its binary, else its Docker image.

The options become the flags that tensorflow_serving/model_servers/main.cc reads. Files and models
are where they are in the container too, so that one command line, and one model config, serve both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from data.errors import ConfigurationError, InputError
from serving.base_path import require_versions

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.21.0"
"""The version that ``deploy/`` runs as well."""

MONITORING = Path(__file__).with_name("deploy") / "config" / "monitoring.config"

_ENGINE = "--engine tensorflow-serving"
_EVERY_ADDRESS = ("0.0.0.0", "::")
_INSTEAD = "or leave --engine out: the embedded server speaks the same protocol"


class TensorflowServingOptions(BaseModel):
    """What TF Serving is started with; fields are named after its flags where it has one."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_base_path: Path | None = None
    model_name: str = "brisc"
    model_config_file: Path | None = None
    model_config_file_poll_wait_seconds: int = Field(0, ge=0)
    file_system_poll_wait_seconds: int = Field(1, ge=0)
    allow_version_labels_for_unavailable_models: bool = True
    """On a start no version is loaded, and without this every label is refused."""
    host: str = "127.0.0.1"
    grpc_port: int = Field(8500, ge=1, le=65535)
    rest_port: int = Field(8501, ge=0, le=65535)
    """0: no REST."""
    batching: bool = False
    batching_parameters_file: Path | None = None
    mixed_precision: Literal["bfloat16"] | None = None
    monitoring: bool = False
    image: str = IMAGE


def serve_by_tensorflow_serving(options: TensorflowServingOptions) -> NoReturn:
    """Becomes TF Serving: what ends, signals or watches this process does so to it.

    Raises:
        ConfigurationError: There is neither its binary nor its image, or it cannot do what the
            options ask for.
        InputError: A model or file that they name is not there.
    """
    _require_models(options)
    arguments = server_arguments(options)
    binary = shutil.which(BINARY)
    if binary is not None:
        _require_every_address(options.host)
        command = [binary, *arguments]
    else:
        command = [_docker_with(options.image), *docker_arguments(options), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def server_arguments(options: TensorflowServingOptions) -> list[str]:
    """The flags of ``tensorflow_model_server``; it takes only absolute paths of models."""
    flags: dict[str, object] = {"port": options.grpc_port, "rest_api_port": options.rest_port}
    if options.model_config_file is not None:
        flags["model_config_file"] = options.model_config_file.resolve()
        flags["model_config_file_poll_wait_seconds"] = options.model_config_file_poll_wait_seconds
        if options.allow_version_labels_for_unavailable_models:
            flags["allow_version_labels_for_unavailable_models"] = "true"
    elif options.model_base_path is not None:
        flags["model_name"] = options.model_name
        flags["model_base_path"] = options.model_base_path.resolve()
    flags["file_system_poll_wait_seconds"] = options.file_system_poll_wait_seconds
    if options.batching or options.batching_parameters_file is not None:
        flags["enable_batching"] = "true"
    if options.batching_parameters_file is not None:
        flags["batching_parameters_file"] = options.batching_parameters_file.resolve()
    if options.mixed_precision is not None:
        flags["mixed_precision"] = options.mixed_precision
    if options.monitoring:
        flags["monitoring_config_file"] = MONITORING
    return [f"--{name}={value}" for name, value in flags.items()]


def docker_arguments(options: TensorflowServingOptions) -> list[str]:
    """``docker run`` up to the image, without any right that serving does not need."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    ports = [port for port in (options.grpc_port, options.rest_port) if port]
    # TF Serving does not handle SIGTERM, which process 1 of a container would then ignore.
    arguments = ["run", "--rm", "--init", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"]
    arguments += ["--security-opt=no-new-privileges", f"--user={os.getuid()}:{os.getgid()}"]
    arguments += [f"--publish={host}:{port}:{port}" for port in ports]
    arguments += [
        f"--mount=type=bind,source={path},target={path},readonly" for path in _mounted(options)
    ]
    # The image's own script would add a second model, by name.
    return [*arguments, f"--entrypoint={BINARY}", options.image]


def _mounted(options: TensorflowServingOptions) -> list[Path]:
    paths = []
    if options.model_config_file is not None:
        # Its folder: of a file mounted alone, the container keeps the one that an editor replaced.
        from serving.server.model_config import read_model_config

        paths.append(options.model_config_file.resolve().parent)
        paths += [model.base_path for model in read_model_config(options.model_config_file)]
    elif options.model_base_path is not None:
        paths.append(options.model_base_path.resolve())
    if options.batching_parameters_file is not None:
        paths.append(options.batching_parameters_file.resolve())
    if options.monitoring:
        paths.append(MONITORING)
    # Docker refuses to mount at one place twice.
    return list(dict.fromkeys(paths))


def _require_models(options: TensorflowServingOptions) -> None:
    """TF Serving waits for a model that is not there, and keeps its ports closed meanwhile."""
    if (options.model_base_path is None) == (options.model_config_file is None):
        raise ConfigurationError(
            "--model-base-path, --model-config-file",
            "exactly one of them says what is served",
            "Give one",
        )
    for file in (options.model_config_file, options.batching_parameters_file):
        if file is not None and not file.is_file():
            raise InputError(file, "no such file", "Give a text file that is there")
    if options.model_base_path is not None:
        require_versions(options.model_base_path)


def _require_every_address(host: str) -> None:
    if host not in _EVERY_ADDRESS:
        raise ConfigurationError(
            f"--host {host}",
            f"{BINARY} listens at every address of this machine, and asks nobody who he is",
            f"Give --host 0.0.0.0 if the network around it is trusted, {_INSTEAD}",
        )


def _docker_with(image: str) -> str:
    """The path of Docker, which has ``image``."""
    docker = shutil.which("docker")
    if docker is None:
        raise ConfigurationError(
            _ENGINE,
            f"neither {BINARY} nor docker is on PATH",
            f"Install one of them, {_INSTEAD}",
        )
    found = subprocess.run(
        [docker, "image", "inspect", image], capture_output=True, text=True, check=False
    )
    if found.returncode:
        said = found.stderr.strip().splitlines() or [f"exit code {found.returncode}"]
        raise ConfigurationError(
            _ENGINE,
            f"{BINARY} is not on PATH, and docker has no {image} to show ({said[-1]})",
            f"Start Docker and run `docker pull {image}`, {_INSTEAD}",
        )
    return docker
