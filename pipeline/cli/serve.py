"""``brisc serve``: models over gRPC and REST, as TF Serving speaks them."""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import sys
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import ConfigurationError

if TYPE_CHECKING:
    from serving.server.options import BatchingOptions


class Engine(str, Enum):
    """What serves."""

    embedded = "embedded"
    tensorflow_serving = "tensorflow-serving"


class MixedPrecision(str, Enum):
    """What is computed in beside the model's own arithmetic."""

    bfloat16 = "bfloat16"


def serve(
    model_base_path: Annotated[
        Path | None, typer.Option(help="Folder of a model's versions, as `brisc run` pushes it.")
    ] = None,
    model_name: Annotated[str, typer.Option(help="What clients ask for.")] = "brisc",
    model_config_file: Annotated[
        Path | None,
        typer.Option(help="ModelServerConfig as text: several models, policies, labels."),
    ] = None,
    model_config_file_poll_wait_seconds: Annotated[
        int, typer.Option(min=0, help="Between two looks at that file; 0: it is read once.")
    ] = 0,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8500,
    rest_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8501,
    file_system_poll_wait_seconds: Annotated[
        float, typer.Option(min=0.01, help="Between two looks for new versions.")
    ] = 1.0,
    enable_batching: Annotated[
        bool, typer.Option("--enable-batching", help="Join requests that wait into one.")
    ] = False,
    batching_parameters_file: Annotated[
        Path | None, typer.Option(help="BatchingParameters as text; batching is on with it.")
    ] = None,
    mixed_precision: Annotated[
        MixedPrecision | None,
        typer.Option(
            help="Compute in it what loses little by it: faster on processors with AMX, with "
            "answers that differ a little."
        ),
    ] = None,
    monitoring: Annotated[
        bool, typer.Option("--monitoring", help="Metrics at /monitoring/prometheus/metrics.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM; with --private-key both ports speak TLS.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(help="PEM, without a password.")] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="File with the serving_token that must come with every request; "
            "default: secrets.yaml where it exists."
        ),
    ] = None,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="What requests get when the server is told to end.")
    ] = 30.0,
    engine: Annotated[
        Engine, typer.Option(help="TF Serving itself, where its binary or Docker image is.")
    ] = Engine.embedded,
) -> None:
    """Serves models over gRPC and REST until it is interrupted; new versions are taken up.

    The embedded server speaks TF Serving's protocol, for development and small deployments.

    Example: brisc serve --model-base-path work/serving/brisc
    """
    if (model_base_path is None) == (model_config_file is None):
        raise ConfigurationError(
            "--model-base-path, --model-config-file",
            "exactly one of them says what is served",
            "Give one",
        )
    if model_config_file_poll_wait_seconds and model_config_file is None:
        raise ConfigurationError(
            "--model-config-file-poll-wait-seconds",
            "there is no file to look at",
            "Give --model-config-file",
        )
    if (certificate is None) != (private_key is None):
        raise ConfigurationError(
            "--certificate, --private-key", "one of them is missing", "Give both or neither"
        )
    from pipeline.configuration import load_secrets
    from pipeline.console import hush_tensorflow
    from serving.base_path import require_versions
    from serving.listening import require_free
    from serving.server.options import ServerOptions
    from trainer.processor import read_processor

    token = load_secrets(secrets).serving_token
    precision = mixed_precision.value if mixed_precision else None
    if engine is Engine.tensorflow_serving:
        from serving.engine import TensorflowServingOptions, serve_by_tensorflow_serving

        if certificate is not None or token is not None:
            raise ConfigurationError(
                "--engine tensorflow-serving",
                "TF Serving knows neither --certificate nor a token",
                "Leave them out, and put a proxy before it that does "
                "(docs/how-to/serve-in-production.md)",
            )
        if 0 in (grpc_port, rest_port):
            raise ConfigurationError(
                "--grpc-port, --rest-port", "TF Serving does not look for a free port", "Name both"
            )
        serve_by_tensorflow_serving(
            TensorflowServingOptions(
                model_base_path=model_base_path,
                model_name=model_name,
                model_config_file=model_config_file,
                model_config_file_poll_wait_seconds=model_config_file_poll_wait_seconds,
                # Whole seconds, and 0 would be never again.
                file_system_poll_wait_seconds=math.ceil(file_system_poll_wait_seconds),
                host=host,
                grpc_port=grpc_port,
                rest_port=rest_port,
                batching=enable_batching,
                batching_parameters_file=batching_parameters_file,
                mixed_precision=precision,
                monitoring=monitoring,
            )
        )
    # Before TensorFlow is imported, which takes most of the time that a start does.
    require_free(host, {"--grpc-port": grpc_port, "--rest-port": rest_port})
    if model_base_path is not None:
        require_versions(model_base_path)
    options = ServerOptions(
        model_base_path=model_base_path,
        model_name=model_name,
        model_config_file=model_config_file,
        config_poll_seconds=model_config_file_poll_wait_seconds,
        poll_seconds=file_system_poll_wait_seconds,
        host=host,
        grpc_port=grpc_port,
        rest_port=rest_port,
        batching=_batching(enable_batching, batching_parameters_file),
        mixed_precision=precision,
        monitoring=monitoring,
        certificate=certificate,
        private_key=private_key,
        token=token.get_secret_value() if token else None,
        drain_seconds=drain_seconds,
    )
    hush_tensorflow()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    log = logging.getLogger("serving")
    log.setLevel(logging.INFO)
    log.info("loading TensorFlow and the models of %s", model_base_path or model_config_file)
    if precision is not None and not read_processor().gains_by_bfloat16:
        log.warning("this processor is not known to be faster in %s", precision)
    # That loading into a session is the older way is no news to who serves.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from serving.server.constant_weights import assume_constant_weights
    from serving.server.model_config import read_models
    from serving.server.run import RunningServer

    # An orderly end also for whoever is told to end by `kill`, as in containers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        # This process does nothing but serve, so nothing in it changes weights.
        constant = assume_constant_weights(read_models(options))
        server = RunningServer(options.model_copy(update={"constant_weights": constant}))
        at = f"[{host}]" if ":" in host else host
        scheme = "http" if certificate is None else "https"
        print(
            f"{', '.join(server.models)}: gRPC at {at}:{server.grpc_port}, "
            f"REST at {scheme}://{at}:{server.rest_port}/v1/models, until Ctrl-C",
            flush=True,
        )
        try:
            while True:
                time.sleep(3600)
        finally:
            server.stop()


def _batching(enabled: bool, file: Path | None) -> BatchingOptions | None:
    from serving.server.batching_config import read_batching
    from serving.server.options import BatchingOptions

    if file is not None:
        return read_batching(file)
    return BatchingOptions() if enabled else None
