"""TF Serving itself as the engine of `brisc serve`: what is started, and what is refused.

No registry has its binary or image, so executables that write down how they were called take
their place, and nothing else is replaced.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import ConfigurationError, InputError
from serving.engine import MONITORING, TensorflowServingOptions, serve_by_tensorflow_serving
from tests.tensorflow_serving import FLAGS

ROOT = Path(__file__).parents[1]

RECORD = '#!/bin/sh\n{ echo $$; printf "%s\\n" "$@"; } > "${0%/*}/called"\n'
HAS_NO_IMAGE = 'echo "Error: No such image: $3" >&2; exit 1'

START = """
import sys
from serving.engine import TensorflowServingOptions, serve_by_tensorflow_serving
serve_by_tensorflow_serving(TensorflowServingOptions.model_validate_json(sys.argv[1]))
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder of a model with one version."""
    folder = tmp_path / "serving" / "brisc"
    (folder / "1700000000").mkdir(parents=True)
    return folder


def install(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
    return folder


def install_docker(folder: Path, inspect: str = "exit 0") -> Path:
    """A docker whose `image inspect` does as it is told."""
    script = f'#!/bin/sh\nif [ "$1" = image ]; then {inspect}; fi\n{RECORD}'
    return install(folder, "docker", script)


def start(binaries: Path, options: TensorflowServingOptions) -> list[str]:
    """Starts the engine in a process of its own and returns the arguments it began."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, options.model_dump_json()],
        cwd=ROOT,
        env={**os.environ, "PATH": str(binaries)},
    )
    assert process.wait(60) == 0
    pid, *arguments = (binaries / "called").read_text().splitlines()
    # The same process: what a supervisor stops is the server.
    assert int(pid) == process.pid
    return arguments


def names(arguments: list[str]) -> set[str]:
    return {argument.partition("=")[0].removeprefix("--") for argument in arguments}


def test_the_binary_serves_a_model_with_the_same_ports(tmp_path: Path, base: Path) -> None:
    binaries = install(tmp_path / "bin", "tensorflow_model_server", RECORD)
    options = TensorflowServingOptions(
        model_base_path=base, host="0.0.0.0", grpc_port=9500, rest_port=9501
    )
    assert start(binaries, options) == [
        "--port=9500",
        "--rest_api_port=9501",
        "--model_name=brisc",
        f"--model_base_path={base}",
        "--file_system_poll_wait_seconds=1",
    ]


def brisc_serve(binaries: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from pipeline.cli.main import main; main()", "serve", *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": str(binaries)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_brisc_serve_hands_its_own_options_over(tmp_path: Path, base: Path) -> None:
    binaries = install_docker(tmp_path / "bin")
    asked = ("--engine", "tensorflow-serving", "--model-base-path", str(base))
    given = ("--rest-port", "9501", "--file-system-poll-wait-seconds", "0.5", "--monitoring")
    precise = ("--mixed-precision", "bfloat16")
    assert brisc_serve(binaries, *asked, *given, *precise).returncode == 0
    called = (binaries / "called").read_text().splitlines()
    assert {
        "--port=8500",
        "--rest_api_port=9501",
        f"--model_base_path={base}",
        "--file_system_poll_wait_seconds=1",
        "--mixed_precision=bfloat16",
        f"--monitoring_config_file={MONITORING}",
    } <= set(called)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--certificate", "a.pem", "--private-key", "a.key"), "a proxy before it"),
        (("--grpc-port", "0"), "a free port"),
    ],
)
def test_what_tf_serving_cannot_do_is_refused(
    tmp_path: Path, base: Path, given: tuple[str, ...], said: str
) -> None:
    binaries = install_docker(tmp_path / "bin")
    asked = ("--engine", "tensorflow-serving", "--model-base-path", str(base))
    ended = brisc_serve(binaries, *asked, *given)
    assert ended.returncode == 2 and said in " ".join(ended.stderr.split())
    assert not (binaries / "called").exists()


def test_every_option_is_a_flag_that_there_is(tmp_path: Path) -> None:
    binaries = install(tmp_path / "bin", "tensorflow_model_server", RECORD)
    models, batching = tmp_path / "models.config", tmp_path / "batching.config"
    models.touch()
    batching.touch()
    options = TensorflowServingOptions(
        model_config_file=models,
        model_config_file_poll_wait_seconds=5,
        host="0.0.0.0",
        batching_parameters_file=batching,
        mixed_precision="bfloat16",
        monitoring=True,
    )
    arguments = start(binaries, options)
    # It ignores a flag that it does not know.
    assert names(arguments) <= FLAGS
    assert f"--model_config_file={models}" in arguments
    # Else the first start with labels fails.
    assert "--allow_version_labels_for_unavailable_models=true" in arguments
    # It refuses parameters of batching alone.
    assert "--enable_batching=true" in arguments
    assert f"--monitoring_config_file={MONITORING}" in arguments and MONITORING.is_file()


def test_the_binary_is_not_opened_to_the_network_unasked(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = install(tmp_path / "bin", "tensorflow_model_server", RECORD)
    monkeypatch.setenv("PATH", str(binaries))
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1: .* every address .*0\.0\.0\.0"):
        serve_by_tensorflow_serving(TensorflowServingOptions(model_base_path=base))


def test_the_image_serves_where_there_is_no_binary(tmp_path: Path, base: Path) -> None:
    binaries = install_docker(tmp_path / "bin")
    arguments = start(binaries, TensorflowServingOptions(model_base_path=base, monitoring=True))
    at = arguments.index("tensorflow/serving:2.21.0")
    run, flags = arguments[:at], arguments[at + 1 :]
    assert run[0] == "run" and "--entrypoint=tensorflow_model_server" in run
    # The address that was asked for, or this machine alone.
    assert {"--publish=127.0.0.1:8500:8500", "--publish=127.0.0.1:8501:8501"} <= set(run)
    for path in (base, MONITORING):
        assert f"--mount=type=bind,source={path},target={path},readonly" in run
    assert names(flags) <= FLAGS and f"--model_base_path={base}" in flags
    # Signals reach the server, and it has no rights.
    assert {"--init", "--read-only", "--cap-drop=ALL"} <= set(run)


def test_the_container_sees_what_a_model_config_names(tmp_path: Path, base: Path) -> None:
    binaries = install_docker(tmp_path / "bin")
    config = tmp_path / "config" / "models.config"
    config.parent.mkdir()
    model = f'config {{ name: "%s" base_path: "{base}" model_platform: "tensorflow" }}'
    config.write_text(f"model_config_list {{ {model % 'a'} {model % 'b'} }}")
    arguments = start(binaries, TensorflowServingOptions(model_config_file=config))
    mounts = [argument for argument in arguments if argument.startswith("--mount")]
    assert mounts == [
        f"--mount=type=bind,source={path},target={path},readonly" for path in (config.parent, base)
    ]


def test_a_model_config_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(install_docker(tmp_path / "bin")))
    config = tmp_path / "models.config"
    config.write_text("model_config_list { confg {} }")
    with pytest.raises(InputError, match=r"models\.config: .*confg"):
        serve_by_tensorflow_serving(TensorflowServingOptions(model_config_file=config))


def test_without_binary_and_docker_the_remedy_is_named(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"neither .* nor docker .*embedded server"):
        serve_by_tensorflow_serving(TensorflowServingOptions(model_base_path=base))


def test_without_the_image_docker_is_quoted_and_the_remedy_named(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(install_docker(tmp_path / "bin", HAS_NO_IMAGE)))
    with pytest.raises(ConfigurationError, match=r"No such image.*docker pull tensorflow/serving"):
        serve_by_tensorflow_serving(TensorflowServingOptions(model_base_path=base))


@pytest.mark.parametrize("given", [{}, {"model_base_path": "/m", "model_config_file": "/c"}])
def test_one_thing_says_what_is_served(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="--model-config-file"):
        serve_by_tensorflow_serving(TensorflowServingOptions.model_validate(given))


def test_a_folder_without_versions_is_refused_before_it_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no version of a model"):
        serve_by_tensorflow_serving(TensorflowServingOptions(model_base_path=tmp_path))


@pytest.mark.parametrize("name", ["model_config_file", "batching_parameters_file"])
def test_a_file_that_is_missing_is_named(base: Path, tmp_path: Path, name: str) -> None:
    given = {name: tmp_path / "none.config"}
    if name != "model_config_file":
        given["model_base_path"] = base
    with pytest.raises(InputError, match=r"none\.config: no such file"):
        serve_by_tensorflow_serving(TensorflowServingOptions(**given))
