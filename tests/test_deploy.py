"""What `serving/deploy` starts, as far as it can be told without an engine or a cluster."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.config import ServingConfig
from serving.engine import IMAGE
from serving.server.batching_config import read_batching
from tests.tensorflow_serving import FLAGS, SERIES

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "serving" / "deploy"
GUIDE = ROOT / "docs" / "how-to" / "serve-in-production.md"
MODEL = ServingConfig().model_name
STABLE = f"/v1/models/{MODEL}/labels/stable/metadata"
"""What TF Serving answers by 200 when the version is loaded, by 404 or 400 until then."""


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def services() -> dict[str, Any]:
    return read("compose.yaml")["services"]


def pod() -> dict[str, Any]:
    return read("kubernetes/deployment.yaml")["spec"]["template"]["spec"]


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    return found


def model_config(path: Path = DEPLOY / "config" / "models.config") -> Any:
    config = text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    return model


def expressions() -> dict[str, str]:
    """Every question to Prometheus, by where it is asked."""
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "serving.json").read_text())
    asked = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    }
    for group in read("prometheus/alerts.yml")["groups"]:
        asked |= {rule["alert"]: rule["expr"] for rule in group["rules"]}
    return asked


def test_labels_name_versions_that_are_loaded() -> None:
    model = model_config()
    assert model.name == MODEL and model.model_platform == "tensorflow"
    assert set(model.version_labels) == {"stable", "canary"}
    assert set(model.version_labels.values()) <= set(model.model_version_policy.specific.versions)


def test_the_line_of_the_guide_makes_the_first_config(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "config", tmp_path / "config")
    (line,) = (line for line in GUIDE.read_text().splitlines() if line.startswith("sed -i"))
    subprocess.run(["bash", "-c", f"version=1732526400; {line}"], cwd=tmp_path, check=True)
    model = model_config(tmp_path / "config" / "models.config")
    assert dict(model.version_labels) == {"stable": 1732526400, "canary": 1732526400}
    assert list(model.model_version_policy.specific.versions) == [1732526400]


def test_every_step_of_a_release_is_a_config_and_the_last_one_ends_it() -> None:
    steps = re.findall(r"^ *```textproto\n(.*?)```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    asked = []
    for step in steps:
        model = text_format.Parse(step, model_server_config_pb2.ModelConfig())
        asked.append((model.version_labels["stable"], model.version_labels["canary"]))
        # A label on a version that goes would leave its clients without an answer.
        assert set(asked[-1]) <= set(model.model_version_policy.specific.versions)
    old, new = asked[0][0], asked[-1][0]
    assert asked == [(old, old), (old, new), (new, new), (new, new)] and old < new
    assert list(model.model_version_policy.specific.versions) == [new]


def test_batches_are_those_of_the_cpus_and_wait_in_a_queue_with_a_limit() -> None:
    batching = read_batching(DEPLOY / "config" / "batching.config")
    # A queue without limit is what a server falls over by.
    assert batching.max_enqueued_batches <= 1000
    assert batching.allowed_batch_sizes
    assert batching.num_batch_threads == int(container()["resources"]["limits"]["cpu"])


def test_prometheus_asks_where_the_metrics_are() -> None:
    text = (DEPLOY / "config" / "monitoring.config").read_text()
    form = r'(?:#.*\n)*prometheus_config \{\s*enable: true\s*path: "(.*)"\s*\}\s*'
    config = re.fullmatch(form, text)
    assert config is not None
    (job,) = read("prometheus/prometheus.yml")["scrape_configs"]
    assert config[1] == job["metrics_path"]
    (target,) = job["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    assert f"--rest_api_port={port}" in services()[name]["command"]
    annotations = read("kubernetes/deployment.yaml")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == config[1]


def test_grafana_asks_the_prometheus_that_compose_starts() -> None:
    (source,) = read("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert services()[host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    (provider,) = read("grafana/provisioning/dashboards/serving.yaml")["providers"]
    mounts = dict(mount.split(":")[1::-1] for mount in services()["grafana"]["volumes"])
    shown = DEPLOY / mounts[provider["options"]["path"]]
    assert (shown / "serving.json").is_file()
    home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/serving.json"


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_flags_exist_and_name_files_that_are_mounted(where: str) -> None:
    if where == "compose":
        server = services()["server"]
        flags, started = server["command"], server["entrypoint"]
        mounted = {mount["target"]: mount["source"] for mount in server["volumes"]}
        assert all(mount["read_only"] for mount in server["volumes"])
        assert (DEPLOY / mounted["/etc/serving"]).resolve() == DEPLOY / "config"
        files = {path.name for path in (DEPLOY / mounted["/etc/serving"]).iterdir()}
    else:
        flags, started = container()["args"], container()["command"]
        mounts = {mount["name"]: mount for mount in container()["volumeMounts"]}
        assert mounts["models"]["readOnly"] and mounts["config"]["readOnly"]
        mounted = {mount["mountPath"] for mount in mounts.values()}
        (generated,) = read("kustomization.yaml")["configMapGenerator"]
        volumes = {volume["name"]: volume for volume in pod()["volumes"]}
        assert volumes["config"]["configMap"]["name"] == generated["name"]
        assert all((DEPLOY / file).is_file() for file in generated["files"])
        files = {Path(file).name for file in generated["files"]}
    # The image's script would add a model of its own.
    assert started == ["tensorflow_model_server"]
    given = dict(flag.removeprefix("--").split("=") for flag in flags)
    # It says of an unknown flag that it is one, and goes on.
    assert given.keys() <= FLAGS
    named = {Path(value) for key, value in given.items() if key.endswith("_file")}
    assert {path.name for path in named} == files
    assert {str(path.parent) for path in named} == {"/etc/serving"}
    assert str(Path(model_config().base_path).parent) == "/models" and "/models" in mounted
    # Without it, no start with labels succeeds.
    assert given["allow_version_labels_for_unavailable_models"] == "true"
    assert (given["port"], given["rest_api_port"]) == ("8500", "8501")


def test_one_version_of_tf_serving_runs_everywhere() -> None:
    assert services()["server"]["image"] == container()["image"] == IMAGE
    (base,) = re.findall(r"^FROM (\S+)$", (DEPLOY / "app" / "Dockerfile").read_text(), re.MULTILINE)
    images = [service.get("image", base) for service in services().values()]
    assert all(re.search(r":v?\d+\.\d+\.\d+(-slim)?$", image) for image in images)


def test_compose_opens_nothing_to_the_network_and_gives_no_rights() -> None:
    for service in services().values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["cap_drop"] == ["ALL"]
    server = services()["server"]
    assert server["read_only"] and server["init"]
    assert not server["user"].partition(":-")[2].startswith("0")


def test_the_pod_has_no_rights() -> None:
    context = pod()["securityContext"]
    assert context["runAsNonRoot"] and context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["automountServiceAccountToken"] is False
    assert {"cpu", "memory"} <= container()["resources"]["limits"].keys()


def test_probes_ask_what_only_a_loaded_version_answers() -> None:
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    assert ports == {"grpc": 8500, "http": 8501}
    for probe in ("startupProbe", "readinessProbe"):
        assert container()[probe]["httpGet"] == {"path": STABLE, "port": "http"}
    # Not by the model: a pod whose model does not load yet is no dead pod.
    assert container()["livenessProbe"]["tcpSocket"] == {"port": "grpc"}


def test_a_pod_ends_when_it_is_told_to_and_not_before_it_has_answered() -> None:
    assert pod()["shareProcessNamespace"]
    slept = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    # --rest_api_timeout_in_ms of TF Serving: the longest that REST waits.
    assert 30 <= slept < pod()["terminationGracePeriodSeconds"]


def test_everything_in_the_cluster_is_about_the_same_pods() -> None:
    deployment = read("kubernetes/deployment.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    for name in ("service", "pods"):
        assert read(f"kubernetes/{name}.yaml")["spec"]["selector"] == labels
        ports = {port["targetPort"] for port in read(f"kubernetes/{name}.yaml")["spec"]["ports"]}
        assert ports == {"grpc", "http"}
    assert read("kubernetes/disruption.yaml")["spec"]["selector"]["matchLabels"] == labels
    assert read("kubernetes/network.yaml")["spec"]["podSelector"]["matchLabels"] == labels
    scaled = read("kubernetes/autoscaling.yaml")["spec"]
    assert (
        scaled["scaleTargetRef"]["name"] == read("kubernetes/deployment.yaml")["metadata"]["name"]
    )
    # One pod may always go, and another one is there.
    assert scaled["minReplicas"] > read("kubernetes/disruption.yaml")["spec"]["maxUnavailable"]
    claim = read("kubernetes/models.yaml")["metadata"]["name"]
    assert claim in {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod()["volumes"]
        if "persistentVolumeClaim" in volume
    }


@pytest.mark.parametrize(("where", "asked"), expressions().items())
def test_questions_are_about_metrics_that_tf_serving_has(where: str, asked: str) -> None:
    named = set(re.findall(r"(?<!\w):\w[\w:]*|\bup\b", asked))
    assert named and named <= SERIES.keys(), where
    for name, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", asked):
        labels = set(re.findall(r"(\w+)=", matchers))
        assert labels <= SERIES[name] | {"job", "instance"}, (where, name)
    told = set().union(*(SERIES[name] for name in named)) | {"instance"}
    for labels in re.findall(r"by \(([^)]*)\)", asked):
        assert set(labels.split(", ")) <= told, where


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """The port of an HTTP server that answers so, and the paths it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (404, False), (400, False)])
def test_the_health_check_of_compose_is_one(status: int, healthy: bool) -> None:
    kind, *command = services()["server"]["healthcheck"]["test"]
    assert kind == "CMD"
    with answering(status) as (port, asked):
        # In compose $$ is a $ that is no variable of its own.
        run = [part.replace("$$", "$").replace("8501", str(port)) for part in command]
        assert (subprocess.run(run, timeout=30, check=False).returncode == 0) == healthy
    assert asked == [STABLE]
    closed = subprocess.run(run, timeout=30, check=False, stderr=subprocess.DEVNULL)
    assert closed.returncode != 0
