"""`serving/deploy` before the tools that will read it, each with the schemas that it brings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tools import debian_tool, go_tool, npm_modules, python_tool

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parent
DEPLOY = TESTS.parent / "serving" / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "serving.json"

TYPES = "@grafana/schema/dist/types/raw"
# Enumerations are strings in JSON.
JSON = """
type Json<T> = T extends string ? `${T}` : T extends Array<infer U> ? Array<Json<U>>
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
"""


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    print(ended.stdout, ended.stderr)
    return ended


def test_kustomize_builds_objects_that_kubernetes_knows(tmp_path: Path) -> None:
    kustomize = go_tool("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.0")
    validate = python_tool("kubernetes-validate==1.37.0", "kubernetes-validate")
    built = run(kustomize, "build", DEPLOY)
    assert built.returncode == 0
    objects = tmp_path / "objects.yaml"
    objects.write_text(built.stdout)
    # 1.30 has the sleep of preStop first.
    for version in ("1.30", "1.37"):
        checked = run(*validate, "--strict", "--kubernetes-version", version, objects)
        assert checked.returncode == 0
        # Those of the folder and the generated ConfigMap.
        assert checked.stdout.count("passed for resource") == 9
    objects.write_text(built.stdout.replace("minReplicas", "minReplica"))
    assert "minReplica" in run(*validate, "--strict", objects).stdout


def test_compose_reads_the_services(tmp_path: Path) -> None:
    compose = go_tool("github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")
    # It does not see variables of the environment.
    command = [compose, "-no-interpolation", "-format", "json"]
    read = run(*command, DEPLOY / "compose.yaml")
    assert read.returncode == 0
    assert set(json.loads(read.stdout)["services"]) == {"server", "app", "prometheus", "grafana"}
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("cap_drop", "drop_cap"))
    assert "drop_cap" in run(*command, wrong).stderr


def test_prometheus_reads_its_config_and_raises_the_alerts() -> None:
    promtool = debian_tool("prometheus", "promtool")
    config = DEPLOY / "prometheus" / "prometheus.yml"
    assert run(promtool, "check", "config", config).returncode == 0
    assert run(promtool, "test", "rules", TESTS / "deploy_alerts.yml").returncode == 0


def test_the_dashboard_is_of_grafanas_own_types(tmp_path: Path) -> None:
    modules = npm_modules("@grafana/schema@13.2.3", "typescript@5.9.3")
    (tmp_path / "node_modules").symlink_to(modules / "node_modules")
    dashboard = json.loads(DASHBOARD.read_text())

    def check() -> subprocess.CompletedProcess[str]:
        (tmp_path / "check.ts").write_text(typed(dashboard))
        compiler = tmp_path / "node_modules" / ".bin" / "tsc"
        options = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "node"]
        return run(compiler, *options, "check.ts", cwd=tmp_path)

    assert check().returncode == 0
    dashboard["panels"][0]["options"]["colorMod"] = "value"
    assert "colorMod" in check().stdout


def typed(dashboard: dict[str, Any]) -> str:
    """TypeScript that compiles if the dashboard and its panels' options are of Grafana's types."""
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    lines = [f"import type {{ Dashboard }} from '{TYPES}/dashboard/x/types.gen';", JSON]
    lines += [
        f"import type * as {kind} from '{TYPES}/composable/{kind}/panelcfg/x/types.gen';"
        for kind in sorted({panel["type"] for panel in panels})
    ]
    lines.append(f"const dashboard: Json<Dashboard> = {json.dumps(dashboard)};")
    for panel in panels:
        name, kind = panel["id"], panel["type"]
        lines.append(f"const o{name}: Json<{kind}.Options> = {json.dumps(panel['options'])};")
        if custom := panel["fieldConfig"]["defaults"].get("custom"):
            lines.append(f"const c{name}: Json<{kind}.FieldConfig> = {json.dumps(custom)};")
    return "\n".join(lines)


def test_nginx_reads_the_proxy(tmp_path: Path) -> None:
    nginx = debian_tool("nginx", "nginx")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    shutil.copy(DEPLOY / "proxy" / "nginx.conf", tmp_path)
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    assert run(*key, "-keyout", "server.key", "-out", "server.pem", cwd=tmp_path).returncode == 0
    shutil.copy(tmp_path / "server.pem", tmp_path / "clients.pem")
    command = [nginx, "-t", "-p", tmp_path, "-c", "nginx.conf", "-e", os.devnull]
    assert run(*command).returncode == 0
    (tmp_path / "clients.pem").unlink()
    assert "clients.pem" in run(*command).stderr
