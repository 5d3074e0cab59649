"""A standalone Flink cluster on loopback and Beam's job server for it, from Maven Central."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_ports
from tests.tools import CACHE, install

FOLDER = Path(__file__).parent

# What Flink's own scripts open to it of Java 17.
_OPENED = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.net", "java.nio", "sun.nio.ch", "java.util")
]
_ENTRY = "org.apache.flink.runtime"


@dataclass(frozen=True)
class Flink:
    """A running cluster."""

    address: str
    job_server: Path

    @property
    def beam_args(self) -> list[str]:
        """What sends a Beam pipeline of Python there, its Python running in the sender."""
        return [
            "--runner=FlinkRunner",
            f"--flink_master={self.address}",
            "--flink_version=1.19",
            f"--flink_job_server_jar={self.job_server}",
            "--environment_type=LOOPBACK",
            "--parallelism=2",
        ]

    def jobs(self) -> dict[str, str]:
        """The state of each job that the cluster has seen, by its id."""
        answer = httpx.get(f"http://{self.address}/jobs/overview").json()
        return {job["jid"]: job["state"] for job in answer["jobs"]}


@contextlib.contextmanager
def flink_cluster(folder: Path) -> Iterator[Flink]:
    """A job manager and a task manager with two slots, ready for jobs; ``folder`` gets the logs."""
    if shutil.which("java") is None:
        pytest.skip("Java is not on this machine")
    jars = _jars()
    configuration = folder / "configuration"
    configuration.mkdir()
    shutil.copy(FOLDER / "config.yaml", configuration)
    rest, rpc = free_ports(2)
    options = [f"-Drest.port={rest}", f"-Djobmanager.rpc.port={rpc}"]
    roles = {
        "entrypoint.StandaloneSessionClusterEntrypoint": ["-Xmx512m"],
        "taskexecutor.TaskManagerRunner": ["-Xmx896m", "-XX:MaxDirectMemorySize=1g"],
    }
    with contextlib.ExitStack() as stack:
        for role, memory in roles.items():
            log = stack.enter_context((folder / f"{role.rpartition('.')[2]}.log").open("w"))
            java = ["java", *_OPENED, *memory, "-cp", f"{jars}/*", f"{_ENTRY}.{role}"]
            process = subprocess.Popen(
                [*java, "--configDir", configuration, *options], stdout=log, stderr=log
            )
            stack.callback(_end, process)
        cluster = Flink(f"127.0.0.1:{rest}", _job_server(jars, folder))
        _await_slots(cluster, folder)
        yield cluster


def _jars() -> Path:
    folder = CACHE / "maven" / "flink"
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    install(folder, ["mvn", "-q", "-B", "-f", str(FOLDER), copy, "-DoutputDirectory=${user.dir}"])
    return folder


def _job_server(jars: Path, folder: Path) -> Path:
    """One jar for FlinkRunner to start, that names the others."""
    path = folder / "job-server.jar"
    entries = " ".join(jar.as_uri() for jar in sorted(jars.glob("*.jar")))
    text = f"Class-Path: {entries}"
    # A line of a manifest has 72 bytes at most; a blank continues it.
    lines = [text[:70], *(f" {text[i : i + 69]}" for i in range(70, len(text), 69))]
    main = "Main-Class: org.apache.beam.runners.flink.FlinkJobServerDriver"
    with zipfile.ZipFile(path, "w") as jar:
        manifest = "\r\n".join(["Manifest-Version: 1.0", main, *lines, "", ""])
        jar.writestr("META-INF/MANIFEST.MF", manifest)
    return path


def _await_slots(cluster: Flink, folder: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://{cluster.address}/overview").json()["slots-available"] == 2:
                return
        time.sleep(0.5)
    logs = {log.name: log.read_text()[-2000:] for log in folder.glob("*.log")}
    pytest.fail(f"Flink does not start: {logs}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
